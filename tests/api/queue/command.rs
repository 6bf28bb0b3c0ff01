use entrepot::jobs::probe::ProbeAlone;
use entrepot::queue::{self, Once, Options};
use serde_json::Value;

use super::world::{Note, World, until};
use crate::support::working::{Working, run};

/// "dead letters that can be listed, inspected and replayed", "`entrepot queue stats|dead|retry|purge`".
#[test]
fn an_operator_lists_replays_and_purges_dead_letters() {
    let world = World::new(1);
    let entrepot = |arguments: &[&str]| run(&world.url, arguments);
    assert_eq!(entrepot(&["queue", "dead"]).unwrap(), "There are no dead letters.\n");
    let ids: Vec<i64> = ["bad a", "bad b", "bad c"].map(|text| world.note(text, &Options::default()).id).to_vec();
    world.await_rest();

    let stats = entrepot(&["queue", "stats"]).unwrap();
    let line: Vec<&str> = stats.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(line, ["default", "note", "0", "0", "0", "3", "-"]);
    assert!(stats.lines().last().unwrap().contains(&std::process::id().to_string()), "{stats}");
    let stats: Value = serde_json::from_str(&entrepot(&["queue", "stats", "--json"]).unwrap()).unwrap();
    assert_eq!((&stats["jobs"][0]["dead"], &stats["processes"][0]["running"]), (&3.into(), &0.into()));

    let dead = entrepot(&["queue", "dead"]).unwrap();
    assert_eq!(dead.lines().count(), 3);
    let newest: Vec<&str> = dead.lines().next().unwrap().split('\t').collect();
    assert_eq!(newest[0], ids[2].to_string());
    assert_eq!(newest[2..], ["default/note", "system", "failed, attempt 1 of 10", "bad c is bad."]);
    let one = entrepot(&["queue", "dead", "--error", "bad b", "--json"]).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&one).unwrap()["payload"]["text"], "bad b");
    for none in [["--queue", "slow"], ["--job", "notes"], ["--organization", "1"], ["--older", "1"]] {
        assert_eq!(entrepot(&["queue", "dead", none[0], none[1]]).unwrap(), "There are no dead letters.\n");
    }
    let shown: Value = serde_json::from_str(&entrepot(&["queue", "show", &ids[0].to_string()]).unwrap()).unwrap();
    assert_eq!((&shown["status"], &shown["error"]), (&"failed".into(), &"bad a is bad.".into()));

    let which = "Say which dead letters: by their ids, --queue, --job, … or --all.";
    assert!(entrepot(&["queue", "retry"]).unwrap_err().contains(which));
    assert!(entrepot(&["queue", "purge"]).unwrap_err().contains(which));
    // Mended, it is done the next time.
    world.sql("UPDATE job SET payload = '{\"text\": \"mended\"}' WHERE last_error = 'bad a is bad.'");
    assert_eq!(entrepot(&["queue", "retry", &ids[0].to_string()]).unwrap(), "1 dead letter starts again.\n");
    until("it is done", || world.noted() == ["mended"]);
    assert_eq!(world.status(ids[0]), "gone");
    assert_eq!(entrepot(&["queue", "retry", "--job", "note"]).unwrap(), "2 dead letters start again.\n");
    world.await_rest();
    assert_eq!(world.count("status = 'failed' AND attempts = 1"), 2);
    assert_eq!(entrepot(&["queue", "purge", "--all"]).unwrap(), "2 dead letters are removed.\n");
    assert_eq!(world.count("true"), 0);

    let late = world.note("late", &Options { delay: std::time::Duration::from_secs(60), ..Options::default() }).id;
    let cancelled = entrepot(&["queue", "cancel", &late.to_string()]).unwrap();
    assert_eq!(cancelled, format!("The job {late} is cancelled.\n"));
    let gone = format!("There is no job {late} any more: it is done, or never was.");
    assert!(entrepot(&["queue", "cancel", &late.to_string()]).unwrap_err().contains(&gone));
}

/// A child that is replayed has its root run again; one whose key is taken by now is left as it is.
#[test]
fn what_is_replayed_keeps_its_place() {
    let world = World::new(1);
    let (root, unique) = world.write(|conn| {
        let root = queue::enqueue(conn, None, &Note { text: "root".to_owned() }, &Options::default())?.id;
        let below = Options { root: Some(root), ..Options::default() };
        queue::enqueue(conn, None, &Note { text: "bad child".to_owned() }, &below)?;
        let only = Options { once: Once::WhileActive("only"), ..Options::default() };
        Ok((root, queue::enqueue(conn, None, &Note { text: "bad".to_owned() }, &only)?.id))
    });
    world.await_status(root, "failed");
    world.await_status(unique, "failed");
    let later =
        Options { delay: std::time::Duration::from_secs(60), once: Once::WhileActive("only"), ..Options::default() };
    assert!(world.note("another", &later).new);
    world.sql("UPDATE job SET payload = '{\"text\": \"good\"}' WHERE status = 'failed'");
    assert_eq!(run(&world.url, &["queue", "retry", "--all"]).unwrap(), "1 dead letter starts again.\n");
    world.await_status(root, "success");
    assert_eq!(
        (world.status(unique), world.noted().as_slice()),
        ("failed", &["root".to_owned(), "good".to_owned()][..])
    );
}

/// "`entrepot worker --queues … --concurrency …`": it leaves other queues alone, and finishes what runs when it is stopped.
#[test]
fn a_worker_serves_the_queues_that_it_is_told() {
    let world = World::new(0);
    let unknown = run(&world.url, &["worker", "--queues", "prob"]).unwrap_err();
    assert!(unknown.contains("There is no queue \"prob\": default, ") && unknown.contains(" probe."), "{unknown}");
    world.sql("INSERT INTO job (queue, name, payload, max_attempts) VALUES ('default', 'queue.clean', '{}', 1)");
    let worker = Working::on(&world.url, &["--queues", "probe", "--concurrency", "2"], &[]);
    let id = world.enqueue(&ProbeAlone { batch: 1, number: 1, pause: 1_000 }, &Options::default()).id;
    world.await_status(id, "running");
    worker.terminate();
    assert!(worker.wait().success());
    assert_eq!(world.status(id), "gone");
    assert_eq!(world.count("status = 'new' AND name = 'queue.clean' AND active_key IS NULL"), 1);
}

#[test]
fn the_probe_tells_how_quick_the_queue_is() {
    let world = World::new(0);
    let nobody = run(&world.url, &["queue", "probe", "--jobs", "5", "--patience", "0"]).unwrap_err();
    assert!(nobody.contains("Of 5 jobs, 0 were done in 0 s"), "{nobody}");
    let _worker = Working::on(&world.url, &["--concurrency", "2"], &[]);
    for kind in [&["--jobs", "300", "--single", "5"][..], &["--jobs", "30", "--single", "5", "--alone"][..]] {
        let told = run(&world.url, &[&["queue", "probe"], kind].concat()).unwrap();
        assert!(told.lines().count() == 2 && told.contains("a second") && told.contains("p95"), "{told}");
    }
    world.await_rest();
}
