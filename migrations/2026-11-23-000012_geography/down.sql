DROP TABLE address_type;
DROP TABLE region;
DROP TABLE country;
