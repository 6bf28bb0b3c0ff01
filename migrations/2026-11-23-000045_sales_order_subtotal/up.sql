-- The rows of an order's price: what `ordersubtotals` and `orders.orderSubtotals` show. A view, so that it can be
-- read in the transaction that writes or merely validates the order.

CREATE VIEW sales_order_subtotal AS
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
