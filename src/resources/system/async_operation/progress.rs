//! How far an operation is: `progress`, `elapsedTime` and `summary`, from its counts.

use diesel::pg::PgConnection;

use crate::engine::computed::{Ask, Computed, Values};
use crate::engine::sql::Sql;
use crate::engine::value::Value;
use crate::error::Error;

pub struct OperationProgress;

impl Computed for OperationProgress {
    fn load(&self, conn: &mut PgConnection, ask: Ask<'_>, values: &mut Values) -> Result<(), Error> {
        let mut sql = Sql::new();
        sql.raw(
            "SELECT id, \
             to_jsonb(CASE WHEN status = 'success' THEN 1 \
                 WHEN chunks > 0 THEN trim_scale(trunc(chunks_done::numeric / chunks, 4)) END), \
             to_jsonb(greatest(0, floor(extract(epoch FROM coalesce(ended_at, now()) - created_at)))::integer), \
             CASE WHEN ended_at IS NOT NULL THEN jsonb_build_object(\
                 'aggregateTime', aggregate_time, 'readCount', read_count, \
                 'writeCount', create_count + update_count, 'errorCount', error_count, \
                 'createCount', create_count, 'updateCount', update_count) END \
             FROM async_operation WHERE organization_id = ",
        );
        sql.bind(Value::Integer(ask.caller.organization)).raw(" AND id = ANY(").bind(Value::Integers(ask.ids()));
        sql.raw(")");
        values.read(conn, sql, &["progress", "elapsedTime", "summary"])
    }
}
