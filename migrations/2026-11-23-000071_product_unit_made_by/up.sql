-- Units are shared by all organizations; one that an organization has made is changed by that organization alone.
ALTER TABLE product_unit
    ADD COLUMN made_by bigint CONSTRAINT product_unit_made_by_fkey REFERENCES organization (id);
