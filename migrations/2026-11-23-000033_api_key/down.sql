DROP TABLE api_key_nonce;
DROP TABLE api_key;
DROP SEQUENCE api_key_id_seq;
