DROP TABLE inventory_level;
