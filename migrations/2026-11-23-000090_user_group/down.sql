ALTER TABLE app_user DROP COLUMN active, DROP COLUMN auth_status_id;
DROP TABLE user_auth_status;
DROP VIEW app_user_held_role;
DROP TABLE app_user_user_group;
DROP TABLE user_group_role;
DROP TABLE user_group;
