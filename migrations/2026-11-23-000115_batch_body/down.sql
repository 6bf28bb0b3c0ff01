DROP TABLE batch_body_piece;
DROP TABLE batch_body;
