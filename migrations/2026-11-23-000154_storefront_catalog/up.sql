-- Pictures of categories, their texts for search engines, and what units are called in other languages.

ALTER TABLE category
    ADD COLUMN small_image_id bigint,
    ADD COLUMN large_image_id bigint,
    ADD CONSTRAINT category_small_image_id_fkey
        FOREIGN KEY (organization_id, small_image_id) REFERENCES file (organization_id, id),
    ADD CONSTRAINT category_large_image_id_fkey
        FOREIGN KEY (organization_id, large_image_id) REFERENCES file (organization_id, id);
CREATE INDEX category_small_image_id_idx
    ON category (organization_id, small_image_id, id) WHERE small_image_id IS NOT NULL;
CREATE INDEX category_large_image_id_idx
    ON category (organization_id, large_image_id, id) WHERE large_image_id IS NOT NULL;

ALTER TABLE category_localized_value
    DROP CONSTRAINT category_localized_value_slot_check,
    ADD CONSTRAINT category_localized_value_slot_check
        CHECK (slot IN ('slugPrototypes', 'metaTitles', 'metaDescriptions', 'metaKeywords'));

-- The unit's own columns are its default texts. These are no records of their own: they go with their unit.
CREATE TABLE product_unit_text (
    unit_code text NOT NULL CONSTRAINT product_unit_text_unit_code_fkey
        REFERENCES product_unit (code) ON DELETE CASCADE,
    localization_id bigint NOT NULL
        CONSTRAINT product_unit_text_localization_id_fkey REFERENCES localization (id),
    label text NOT NULL,
    short_label text NOT NULL,
    plural_label text NOT NULL,
    short_plural_label text NOT NULL,
    PRIMARY KEY (unit_code, localization_id)
);
