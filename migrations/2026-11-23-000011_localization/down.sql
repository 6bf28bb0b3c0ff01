DROP TABLE entity_field_fallback_value;
DROP TABLE localization_localized_value;
DROP TABLE localized_fallback_value;
DROP TABLE localization;
