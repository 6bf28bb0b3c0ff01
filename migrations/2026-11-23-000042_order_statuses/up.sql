-- The three lists of statuses of an order. They are shared by all organizations.

CREATE TABLE order_status (
    id text NOT NULL PRIMARY KEY,
    name text NOT NULL,
    priority integer NOT NULL,
    is_default boolean NOT NULL DEFAULT false
);
INSERT INTO order_status (id, name, priority, is_default) VALUES
    ('open', 'Open', 1, true),
    ('processing', 'Processing', 2, false),
    ('shipped', 'Shipped', 3, false),
    ('closed', 'Closed', 4, false),
    ('cancelled', 'Cancelled', 5, false);

CREATE TABLE order_internal_status (
    id text NOT NULL PRIMARY KEY,
    name text NOT NULL,
    priority integer NOT NULL,
    is_default boolean NOT NULL DEFAULT false
);
INSERT INTO order_internal_status (id, name, priority, is_default) VALUES
    ('open', 'Open', 1, true),
    ('pending', 'Pending', 2, false),
    ('shipped', 'Shipped', 3, false),
    ('closed', 'Closed', 4, false),
    ('cancelled', 'Cancelled', 5, false),
    ('archived', 'Archived', 6, false);

CREATE TABLE order_shipping_status (
    id text NOT NULL PRIMARY KEY,
    name text NOT NULL,
    priority integer NOT NULL,
    is_default boolean NOT NULL DEFAULT false
);
INSERT INTO order_shipping_status (id, name, priority, is_default) VALUES
    ('not_shipped', 'Not Shipped', 1, true),
    ('partially_shipped', 'Partially Shipped', 2, false),
    ('shipped', 'Shipped', 3, false);
