DROP VIEW async_operation_result;
DROP TABLE async_operation_included;
DROP TABLE async_operation_error;
DROP TABLE async_operation_chunk;
DROP TABLE async_operation;
