-- What customers see of their orders: the taxes of each line, how it is paid, and its status whoever gave it.

ALTER TABLE sales_order
    ADD COLUMN payment_method text,
    ADD COLUMN payment_status text NOT NULL DEFAULT 'pending'
        CONSTRAINT sales_order_payment_status_check CHECK (
            payment_status IN ('full', 'partially', 'invoiced', 'authorized', 'declined', 'pending')),
    ADD COLUMN shown_status_id text NOT NULL GENERATED ALWAYS AS (coalesce(status_id, internal_status_id)) STORED;

-- The statuses of both lists. Of those that are in both, the one of external systems counts.
CREATE VIEW shown_order_status AS
SELECT id, name, priority, false AS internal FROM order_status
UNION ALL
SELECT i.id, i.name, 100 + i.priority, true FROM order_internal_status i
WHERE NOT EXISTS (SELECT FROM order_status s WHERE s.id = i.id);

ALTER TABLE sales_order_line_item
    -- The rates of the line's taxes together, and each of them with its part of the amount.
    ADD COLUMN tax_rate numeric NOT NULL DEFAULT 0,
    ADD COLUMN taxes jsonb NOT NULL DEFAULT '[]';

-- Of lines that were taxed before, which taxes these were is told when their order is totalled again.
UPDATE sales_order_line_item
SET tax_rate = round(
    row_tax_amount / (row_total - CASE WHEN row_tax_included THEN row_tax_amount ELSE 0 END), 4)
WHERE row_tax_amount <> 0 AND row_total <> CASE WHEN row_tax_included THEN row_tax_amount ELSE 0 END;

ALTER TABLE sales_order_line_item
    ADD COLUMN row_total_including_tax numeric(24, 4) GENERATED ALWAYS AS (
        round(value * quantity, 4) + CASE WHEN row_tax_included THEN 0 ELSE row_tax_amount END) STORED,
    ADD COLUMN row_total_excluding_tax numeric(24, 4) GENERATED ALWAYS AS (
        round(value * quantity, 4) - CASE WHEN row_tax_included THEN row_tax_amount ELSE 0 END) STORED,
    -- In cents, each rounded by itself; the price as it is where there is no tax.
    ADD COLUMN unit_price_including_tax numeric(24, 4) GENERATED ALWAYS AS (
        CASE WHEN tax_rate = 0 THEN value
            WHEN row_tax_included THEN round(value, 2) ELSE round(value * (1 + tax_rate), 2) END) STORED,
    ADD COLUMN unit_price_excluding_tax numeric(24, 4) GENERATED ALWAYS AS (
        CASE WHEN tax_rate = 0 THEN value
            WHEN row_tax_included THEN round(value / (1 + tax_rate), 2) ELSE round(value, 2) END) STORED,
    ADD COLUMN unit_price_tax_amount numeric(24, 4) GENERATED ALWAYS AS (
        round(value * tax_rate / CASE WHEN row_tax_included THEN 1 + tax_rate ELSE 1 END, 2)) STORED;
