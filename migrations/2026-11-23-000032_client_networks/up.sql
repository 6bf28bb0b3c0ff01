-- From where a client may call, as texts (`192.0.2.0/24`); empty: from anywhere.
ALTER TABLE oauth_client ADD COLUMN networks text[] NOT NULL DEFAULT '{}';
