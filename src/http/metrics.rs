//! `/metrics`: what the process counts and times, in the text form that Prometheus reads.
//!
//! | metric | labels |
//! |---|---|
//! | `entrepot_requests_total` | `api`, `resource`, `action`, `status` |
//! | `entrepot_request_seconds` | `api`, `action` |
//! | `entrepot_stage_seconds` | `stage` |
//! | `entrepot_idempotent_requests_total` | `outcome` |
//! | `entrepot_webhook_attempts_total` | `outcome` |
//! | `entrepot_webhook_attempt_seconds`, `entrepot_webhook_wait_seconds` (until the first attempt) | |
//! | `entrepot_webhook_pending`, `entrepot_webhook_given_up_total`, `entrepot_webhook_withheld_total` | |
//! | `entrepot_changes_waiting` (requests and streams) | |
//! | `entrepot_database_connections` | `state` |
//! | `entrepot_database_statements_total` | |
//!
//! Those of jobs are listed in [`crate::queue::metrics`].

use std::sync::OnceLock;
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use super::trace::Labels;
use crate::app::App;

const BUCKETS: &[f64] = &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// The recorder of the process; one, however many servers run in it.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

impl Metrics {
    pub fn install() -> Metrics {
        static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
        let handle = RECORDER.get_or_init(|| {
            let builder = PrometheusBuilder::new();
            // Refused only for an empty list of buckets.
            let recorder = builder.set_buckets(BUCKETS).unwrap_or_default().build_recorder();
            let handle = recorder.handle();
            if ::metrics::set_global_recorder(recorder).is_err() {
                tracing::warn!("another recorder of metrics is installed; /metrics stays empty");
            }
            handle
        });
        Metrics(handle.clone())
    }
}

/// Counts one answered request.
pub fn request(labels: Labels, status: u16, duration: Duration) {
    let status = itoa::Buffer::new().format(status).to_owned();
    ::metrics::counter!("entrepot_requests_total", "api" => labels.api, "resource" => labels.resource, "action" => labels.action, "status" => status)
        .increment(1);
    ::metrics::histogram!("entrepot_request_seconds", "api" => labels.api, "action" => labels.action).record(duration);
}

/// Times one stage of the pipeline, such as `parse` or `load`.
pub fn stage(stage: &'static str, duration: Duration) {
    ::metrics::histogram!("entrepot_stage_seconds", "stage" => stage).record(duration);
}

/// Counts a request with an idempotency key: `first`, `replayed`, `in-use`, `reused` or `failed`.
pub fn idempotent(outcome: &'static str) {
    ::metrics::counter!("entrepot_idempotent_requests_total", "outcome" => outcome).increment(1);
}

pub async fn show(_: HttpRequest, app: web::Data<App>) -> HttpResponse {
    let (open, idle) = app.db.connections();
    ::metrics::gauge!("entrepot_database_connections", "state" => "idle").set(idle);
    ::metrics::gauge!("entrepot_database_connections", "state" => "busy").set(open.saturating_sub(idle));
    ::metrics::gauge!("entrepot_changes_waiting").set(app.heads.count() as f64);
    ::metrics::counter!("entrepot_database_statements_total").absolute(app.db.statements());
    if app.gauges.are_old() {
        let shared = app.clone();
        // Without the database the rest is shown all the same.
        let read = app.db.run::<_, crate::error::Error>(move |conn| Ok(shared.gauges.refresh(conn)?)).await;
        if let Err(error) = read {
            tracing::debug!(%error, "the queue's gauges are as they were");
        }
    }
    app.metrics.0.run_upkeep();
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(app.metrics.0.render())
}
