DROP TABLE app_user_role;
DROP TABLE user_role;
DROP TABLE app_user_business_unit;
DROP TABLE app_user;
DROP TABLE business_unit;
DROP TABLE organization;
