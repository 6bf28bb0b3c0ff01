DROP TABLE sales_order_tracked;
DROP TABLE sales_order_shipping_tracking;
DROP TABLE sales_order_discount;
DROP TABLE sales_order_kit_item_line_item;
DROP TABLE sales_order_line_item;
