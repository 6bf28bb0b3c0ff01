use entrepot::queue::Options;

use super::world::{SucceedAt, World, until};
use crate::support::client::Client;
use crate::support::working::Working;

/// The value of a line of `/metrics`.
fn metric(client: &Client, name: &str) -> Option<f64> {
    let text = client.get("/metrics").expect(200).text;
    let line = text.lines().find_map(|line| line.strip_prefix(name).map(str::to_owned));
    line.map(|value| value.trim().parse().unwrap())
}

/// "metrics for depth, age, duration, failures".
#[test]
fn metrics_tell_how_many_jobs_there_are_and_how_they_end() {
    let world = World::new(1);
    let client = world.server.client();
    let labels = "queue=\"default\",job=\"succeed-at\"";
    world.sql(
        "INSERT INTO job (queue, name, payload, max_attempts, created_at)
         SELECT 'later', 'of-tomorrow', '{}', 1, now() - interval '1 hour' FROM generate_series(1, 3)",
    );
    let id = world.enqueue(&SucceedAt { attempt: 4 }, &Options::default()).id;
    world.await_status(id, "failed");
    let jobs = |state: &str| format!("entrepot_queue_jobs{{queue=\"later\",job=\"of-tomorrow\",state=\"{state}\"}}");
    until("the depth is shown", || metric(&client, &jobs("ready")) == Some(3.0));
    let oldest = metric(&client, "entrepot_queue_oldest_seconds{queue=\"later\",job=\"of-tomorrow\"}").unwrap();
    assert!((3600.0..3700.0).contains(&oldest), "{oldest}");
    let dead = format!("entrepot_queue_jobs{{{labels},state=\"dead\"}}");
    until("the dead letter is shown", || metric(&client, &dead) == Some(1.0));
    // The recorder is the process's: other tests run such jobs, too.
    assert!(metric(&client, &format!("entrepot_jobs_total{{{labels},outcome=\"again\"}}")) >= Some(2.0));
    assert!(metric(&client, &format!("entrepot_jobs_total{{{labels},outcome=\"dead\"}}")) >= Some(1.0));
    assert!(metric(&client, &format!("entrepot_job_seconds_count{{{labels}}}")) >= Some(3.0));
    world.sql("DELETE FROM job WHERE queue = 'later'");
    until("an empty queue is shown as such", || metric(&client, &jobs("ready")) == Some(0.0));
}

/// A worker answers at an address of its own.
#[test]
fn a_worker_answers_for_its_health_and_metrics() {
    let world = World::new(0);
    let worker = Working::on(&world.url, &["--concurrency", "1"], &[("ENTREPOT_QUEUE_LISTEN", "127.0.0.1:0")]);
    let client = Client::new(format!("http://{}", worker.address.unwrap()));
    client.get("/health/live").expect(200);
    client.get("/health/ready").expect(200);
    assert!(client.get("/metrics").expect(200).text.contains("entrepot_database_connections"));
    client.get("/admin/api/products").expect(404);
    worker.terminate();
    assert!(worker.wait().success());
}
