-- Bodies of batches lie sealed under the server's key, each for its operation and its place in it. A body has the id of the
-- operation that it is for, drawn with its first piece. What takes room is known of each, for the limits of clients and
-- organizations. `batch_body_piece.content` and `async_operation_chunk.body` are compressed, then sealed; the latter has the
-- records until they are written, and then those that failed, if any did.

-- What was stored unsealed cannot be sealed here, and is not to stay: operations under way end, and say so.
INSERT INTO async_operation_error (organization_id, operation_id, chunk, number, status, title, detail)
SELECT operation.organization_id, operation.id, 0,
       coalesce((SELECT max(error.number) FROM async_operation_error AS error
                 WHERE error.organization_id = operation.organization_id AND error.operation_id = operation.id
                   AND error.chunk = 0), 0) + 1,
       400, 'async operation exception',
       'The server was upgraded while the operation ran, and what was left of its body was not kept. Send it again.'
FROM async_operation AS operation WHERE operation.status IN ('new', 'running');
UPDATE async_operation SET status = 'failed', error_count = error_count + 1, updated_at = now(), ended_at = now()
WHERE status IN ('new', 'running');
UPDATE async_operation_chunk SET body = NULL WHERE body IS NOT NULL;
DELETE FROM batch_body_piece;
DELETE FROM batch_body;

ALTER TABLE async_operation DROP COLUMN body_id;
-- bytes that its body and its chunks take
ALTER TABLE async_operation ADD COLUMN stored_bytes bigint NOT NULL DEFAULT 0;
CREATE INDEX async_operation_stored_idx ON async_operation (organization_id, client)
    WHERE ended_at IS NULL OR stored_bytes > 0;

-- from the sequence of operations
ALTER TABLE batch_body ALTER COLUMN id DROP IDENTITY;
ALTER TABLE batch_body ALTER COLUMN id SET DEFAULT nextval('async_operation_id_seq');
ALTER TABLE batch_body ADD COLUMN client text NOT NULL;
ALTER TABLE batch_body ADD COLUMN stored_bytes bigint NOT NULL DEFAULT 0;
