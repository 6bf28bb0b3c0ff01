CREATE OR REPLACE VIEW sales_order_subtotal AS
SELECT o.id || '-subtotal' AS id, o.organization_id, o.id AS order_id, 'subtotal' AS type, 'Subtotal' AS label,
    o.subtotal_value AS amount, o.subtotal_value AS signed_amount, o.currency, true AS visible,
    '[]'::jsonb AS data, NULL::bigint AS price_list_id
FROM sales_order o
UNION ALL
SELECT o.id || '-discount-' || d.id, o.organization_id, o.id, 'discount', coalesce(d.description, 'Discount'),
    coalesce(d.amount, 0), -coalesce(d.amount, 0), o.currency, true, '[]'::jsonb, NULL::bigint
FROM sales_order o
JOIN sales_order_discount d ON d.organization_id = o.organization_id AND d.order_id = o.id
UNION ALL
SELECT o.id || '-shipping_cost', o.organization_id, o.id, 'shipping_cost', 'Shipping',
    coalesce(o.overridden_shipping_cost, o.estimated_shipping_cost),
    coalesce(o.overridden_shipping_cost, o.estimated_shipping_cost), o.currency, true, '[]'::jsonb, NULL::bigint
FROM sales_order o
WHERE coalesce(o.overridden_shipping_cost, o.estimated_shipping_cost) IS NOT NULL;

ALTER TABLE sales_order_line_item
    DROP COLUMN row_total_after_discount_including_tax,
    DROP COLUMN row_total_after_discount_excluding_tax;
ALTER TABLE sales_order_line_item
    DROP COLUMN row_tax_included,
    ADD COLUMN row_total_after_discount_including_tax numeric(24, 4)
        GENERATED ALWAYS AS (round(value * quantity, 4) - row_total_discount_amount + row_tax_amount) STORED;
ALTER TABLE sales_order DROP COLUMN tax_added, DROP COLUMN tax_amount;
DROP TABLE tax_settings;
