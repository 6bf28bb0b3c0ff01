ALTER TABLE app_user DROP CONSTRAINT app_user_avatar_id_fkey;
DROP TABLE file;
