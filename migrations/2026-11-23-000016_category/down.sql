DROP TABLE category_localized_value;
DROP TABLE category_long_description;
DROP TABLE category_short_description;
DROP TABLE category_title;
DROP TABLE category;
