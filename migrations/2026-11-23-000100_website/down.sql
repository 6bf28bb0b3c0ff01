DROP TABLE website;
