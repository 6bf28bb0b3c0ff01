//! Clients that write and read while something happens to the server.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{scope, yield_now};
use std::time::{Duration, Instant};

use serde_json::json;

use super::client::{Answer, Client};

const GROUPS: &str = "/admin/api/customergroups";
const WORKERS: usize = 4;

/// How far the clients are.
pub struct Progress {
    stop: AtomicBool,
    done: AtomicUsize,
    end: Instant,
}

impl Progress {
    /// Waits until so many more writes are acknowledged.
    pub fn more(&self, count: usize) {
        let (before, end) = (self.done.load(Ordering::Relaxed), Instant::now() + Duration::from_secs(60));
        while self.done.load(Ordering::Relaxed) < before + count {
            assert!(Instant::now() < end, "no service any more");
            yield_now();
        }
    }
}

/// Lets clients, each with connections of its own, create customer groups and list them until `during` is over. `served`
/// says whether an answer is what was asked for, with the status that it then has. The answer: what was acknowledged.
pub fn run(
    client: impl Fn() -> Client + Sync,
    served: impl Fn(reqwest::Result<Answer>, u16) -> bool + Sync,
    during: impl FnOnce(&Progress),
) -> Vec<String> {
    let end = Instant::now() + Duration::from_secs(300);
    let progress = Progress { stop: AtomicBool::new(false), done: AtomicUsize::new(0), end };
    let work = |worker: usize| {
        let (client, mut names) = (client(), Vec::new());
        for number in 0.. {
            if progress.stop.load(Ordering::Relaxed) || Instant::now() > progress.end {
                break;
            }
            let name = format!("{worker}-{number}");
            let body = json!({"data": {"type": "customergroups", "attributes": {"name": name}}}).to_string();
            let create = client.try_send(reqwest::Method::POST, GROUPS, |request| {
                request.header("Content-Type", super::client::JSON_API).body(body)
            });
            if served(create, 201) {
                names.push(name);
                progress.done.fetch_add(1, Ordering::Relaxed);
            }
            let list = client.try_send(reqwest::Method::GET, &format!("{GROUPS}?page[size]=1"), |request| request);
            served(list, 200);
        }
        names
    };
    /// Lets the clients stop however the work ends.
    struct Stop<'a>(&'a AtomicBool);
    impl Drop for Stop<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    scope(|scope| {
        let work = &work;
        let workers: Vec<_> = (0..WORKERS).map(|worker| scope.spawn(move || work(worker))).collect();
        let stop = Stop(&progress.stop);
        during(&progress);
        drop(stop);
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    })
}

/// Fails unless every one of them is stored.
#[track_caller]
pub fn all_stored(client: &Client, acknowledged: &[String]) {
    let list = client.get(&format!("{GROUPS}?page[size]=-1&fields[customergroups]=name")).expect(200).json();
    let stored: BTreeSet<&str> =
        list["data"].as_array().unwrap().iter().filter_map(|group| group["attributes"]["name"].as_str()).collect();
    let lost: Vec<&String> = acknowledged.iter().filter(|name| !stored.contains(name.as_str())).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
}

/// Whether the request was served; else it has to be the 503 that says when to come back.
pub fn served_or_later(answer: reqwest::Result<Answer>, status: u16) -> bool {
    let answer = answer.unwrap();
    if answer.status == status {
        return true;
    }
    assert_eq!(answer.status, 503, "{}", answer.text);
    assert!(answer.header("Retry-After").parse::<u32>().is_ok());
    false
}
