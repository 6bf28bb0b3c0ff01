-- The contents of files have an address that changes with them. They are read in slices, and are seldom text.

ALTER TABLE file
    ADD COLUMN content_digest text GENERATED ALWAYS AS (encode(sha256(content), 'hex')) STORED,
    ALTER COLUMN content SET STORAGE EXTERNAL;
