DROP TABLE product_unit_text;
DELETE FROM category_localized_value WHERE slot <> 'slugPrototypes';
ALTER TABLE category_localized_value
    DROP CONSTRAINT category_localized_value_slot_check,
    ADD CONSTRAINT category_localized_value_slot_check CHECK (slot IN ('slugPrototypes'));
ALTER TABLE category
    DROP COLUMN large_image_id,
    DROP COLUMN small_image_id;
