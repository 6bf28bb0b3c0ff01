-- Countries, regions and address types: global, seeded by the server.

CREATE TABLE country (
    iso2_code text PRIMARY KEY,
    iso3_code text NOT NULL,
    name text NOT NULL,
    deleted boolean NOT NULL DEFAULT false,
    CONSTRAINT country_iso3_code_key UNIQUE (iso3_code),
    CONSTRAINT country_iso2_code_check CHECK (iso2_code ~ '^[A-Z]{2}$'),
    CONSTRAINT country_iso3_code_check CHECK (iso3_code ~ '^[A-Z]{3}$')
);

CREATE INDEX country_name_idx ON country (name, iso2_code);

CREATE TABLE region (
    combined_code text PRIMARY KEY,
    country_code text NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    deleted boolean NOT NULL DEFAULT false,
    CONSTRAINT region_country_code_code_key UNIQUE (country_code, code),
    CONSTRAINT region_country_code_fkey FOREIGN KEY (country_code) REFERENCES country (iso2_code)
);

CREATE INDEX region_name_idx ON region (name, combined_code);

CREATE TABLE address_type (
    name text PRIMARY KEY,
    label text NOT NULL,
    CONSTRAINT address_type_label_key UNIQUE (label)
);
