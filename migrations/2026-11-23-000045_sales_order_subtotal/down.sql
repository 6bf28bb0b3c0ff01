DROP VIEW sales_order_subtotal;
