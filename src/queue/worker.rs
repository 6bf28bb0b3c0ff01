//! A thread that runs jobs: claim, run, complete, again.

use std::any::Any;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::claim::{Claim, Claimed, Token, Which, claim, give_back, hold};
use super::failure::{self, Outcome};
use super::limits::Quota;
use super::transport::{Next, Transport};
use super::{Entry, Failed, Run, Stop, backoff, family, metrics};
use crate::app::App;
use crate::db::Complaint;
use crate::error::{Error, Errors};

/// Jobs of kinds that are run in groups: how many at most share a commit, and how long a group should take.
const LARGEST_GROUP: usize = 128;
const GROUP_TIME: Duration = Duration::from_millis(100);

/// How many jobs of a group may fail before all of the rest are run one by one.
const FAILURES_APART: usize = 3;

/// After an error of the database.
const ERROR_PAUSE: Duration = Duration::from_secs(1);

/// What the threads of a process share that run jobs.
pub struct Workers {
    pub(super) app: Arc<App>,
    transport: Arc<dyn Transport>,
    /// The queues that they serve.
    queues: Vec<String>,
    /// The wish that they end.
    pub stop: Stop,
    /// The process in the table `job_worker`; 0: not there yet.
    registration: AtomicI64,
    /// The claims of the process: whatever the table says it has, unless a commit's outcome was unknown.
    held: Mutex<BTreeSet<(i64, i32)>>,
    turn: AtomicUsize,
    quota: Quota,
    /// That no jobs can be claimed.
    complaint: Complaint,
}

impl Workers {
    /// `most`: the jobs after which they end by themselves.
    pub fn new(app: Arc<App>, transport: Arc<dyn Transport>, queues: Vec<String>, most: Option<u64>) -> Workers {
        Workers {
            app,
            transport,
            queues,
            stop: Stop::default(),
            registration: AtomicI64::new(0),
            held: Mutex::default(),
            turn: AtomicUsize::new(0),
            quota: Quota::new(most),
            complaint: Complaint::default(),
        }
    }

    /// Has the threads end when they have finished what they run.
    pub fn stop(&self) {
        self.stop.stop();
        self.transport.signal().give();
    }

    pub(super) fn registration(&self) -> i64 {
        self.registration.load(Ordering::Acquire)
    }

    pub(super) fn register(&self, id: i64) {
        self.registration.store(id, Ordering::Release);
        self.transport.signal().give();
    }

    fn held(&self) -> MutexGuard<'_, BTreeSet<(i64, i32)>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn holds(&self, token: Token) -> bool {
        self.held().contains(&(token.id, token.attempt))
    }

    fn release(&self, tokens: impl IntoIterator<Item = Token>) {
        let mut held = self.held();
        for token in tokens {
            held.remove(&(token.id, token.attempt));
        }
    }
}

/// Runs jobs until the end is wished.
pub fn work(workers: &Workers) {
    let mut limit = 1;
    while !workers.stop.is_wished() {
        let seen = workers.transport.signal().count();
        match turn(workers, &mut limit) {
            Ok(true) => {}
            Ok(false) => {
                workers.transport.signal().wait(seen, workers.transport.patience());
            }
            Err(error) => {
                if workers.complaint.is_due() {
                    tracing::warn!(%error, "no jobs can be claimed");
                }
                workers.stop.sleep(ERROR_PAUSE);
            }
        }
    }
}

/// Claims jobs where the transport says, and runs them. The answer: whether there were any.
fn turn(workers: &Workers, limit: &mut usize) -> Result<bool, Errors> {
    let worker = workers.registration();
    let most = if worker == 0 { 0 } else { workers.quota.take(*limit) };
    if most == 0 {
        return Ok(false);
    }
    let claimed = claim_next(workers, worker, most).inspect_err(|_| workers.quota.put_back(most))?;
    let count = claimed.as_ref().map_or(0, Vec::len);
    workers.quota.put_back(most - count);
    let Some(jobs) = claimed else { return Ok(false) };
    run_claimed(workers, worker, jobs, limit);
    if workers.quota.ran(count) {
        workers.stop();
    }
    Ok(true)
}

/// `None`: nothing is to be done at the moment.
fn claim_next(workers: &Workers, worker: i64, most: usize) -> Result<Option<Vec<Claimed>>, Errors> {
    match workers.transport.next(most) {
        Next::These(ids) if ids.is_empty() => Ok(None),
        Next::These(ids) => {
            let claim = claim_of(workers, worker, Which::These(&ids), most).inspect_err(|_| {
                workers.transport.settle(&[], &ids);
            })?;
            let seen_to: Vec<i64> = ids.into_iter().filter(|id| !claim.left.contains(id)).collect();
            workers.transport.settle(&seen_to, &claim.left);
            Ok(Some(claim.jobs))
        }
        Next::Queues => {
            let first = workers.turn.fetch_add(1, Ordering::Relaxed);
            for place in 0..workers.queues.len() {
                let queue = &workers.queues[(first + place) % workers.queues.len()];
                let claim = claim_of(workers, worker, Which::Of(queue), most)?;
                if !claim.jobs.is_empty() {
                    return Ok(Some(claim.jobs));
                }
            }
            Ok(None)
        }
    }
}

/// Runs jobs, and learns from the time that it takes how many to claim the next time.
fn run_claimed(workers: &Workers, worker: i64, jobs: Vec<Claimed>, limit: &mut usize) {
    let (full, start) = (jobs.len() == *limit, Instant::now());
    run_all(workers, worker, jobs);
    *limit = match start.elapsed() {
        took if took > 2 * GROUP_TIME => (*limit / 2).max(1),
        took if full && took < GROUP_TIME => (*limit * 2).min(LARGEST_GROUP),
        _ => *limit,
    };
}

fn claim_of(workers: &Workers, worker: i64, which: Which<'_>, limit: usize) -> Result<Claim, Errors> {
    let told = Mutex::new(Vec::new());
    let claimed = workers.app.db.transaction_now::<_, Errors>(|conn| {
        let held = |jobs: &[Claimed]| {
            let tokens = jobs.iter().map(Claimed::token);
            workers.held().extend(tokens.clone().map(|token| (token.id, token.attempt)));
            told.lock().unwrap_or_else(PoisonError::into_inner).extend(tokens);
        };
        Ok(claim(conn, worker, &workers.app.jobs, which, limit, held)?)
    });
    // A claim whose commit is unknown is not held: the keeper finds it and gives it back.
    let kept: &[Claimed] = claimed.as_ref().map_or(&[], |claim| &claim.jobs);
    let told = told.into_inner().unwrap_or_else(PoisonError::into_inner);
    workers.release(told.into_iter().filter(|token| !kept.iter().any(|job| job.token() == *token)));
    claimed
}

fn run_all(workers: &Workers, worker: i64, mut jobs: Vec<Claimed>) {
    let mut alone = Vec::new();
    while jobs.len() > 1 && alone.len() < FAILURES_APART {
        match run_together(workers, worker, &jobs) {
            Ok(()) => {
                count(workers, &jobs);
                workers.release(jobs.drain(..).map(|job| job.token()));
            }
            Err(Some(place)) => alone.push(jobs.remove(place)),
            Err(None) => break,
        }
    }
    alone.append(&mut jobs);
    for job in alone {
        if workers.stop.is_wished() {
            let back = workers.app.db.transaction_now::<_, Errors>(|conn| Ok(give_back(conn, worker, &[job.token()])?));
            if let Err(error) = back {
                tracing::warn!(%error, job = job.id, "a job could not be given back");
            }
        } else {
            run_alone(workers, worker, &job);
        }
        workers.release([job.token()]);
    }
}

/// Counts the jobs of a group that is done.
fn count(workers: &Workers, jobs: &[Claimed]) {
    for jobs in jobs.chunk_by(|a, b| a.name == b.name) {
        if let Some(entry) = workers.app.jobs.get(&jobs[0].name) {
            metrics::ended(entry, "success", jobs.len() as u64);
        }
    }
}

/// Runs the jobs of a group in one transaction. An error leaves none of them done, and tells which one it came from.
fn run_together(workers: &Workers, worker: i64, jobs: &[Claimed]) -> Result<(), Option<usize>> {
    let at = Cell::new(None);
    let tokens: Vec<Token> = jobs.iter().map(Claimed::token).collect();
    let done = workers.app.db.transaction_now::<_, Failed>(|conn| {
        at.set(None);
        let held = hold(conn, worker, &tokens)?;
        for (place, job) in jobs.iter().enumerate().filter(|(_, job)| held.contains(&job.token())) {
            at.set(Some(place));
            caught(workers, job, &Run::together(job, worker, &workers.stop, conn))?;
        }
        at.set(None);
        let ids: Vec<i64> = held.iter().map(|token| token.id).collect();
        Ok(family::succeed(conn, &ids)?)
    });
    done.map_err(|error| {
        tracing::debug!(%error, "a group of jobs is taken apart");
        at.get()
    })
}

fn run_alone(workers: &Workers, worker: i64, job: &Claimed) {
    let start = Instant::now();
    let outcome = run_to_end(workers, worker, job);
    if let Some(entry) = workers.app.jobs.get(&job.name) {
        metrics::ran(entry, outcome, start.elapsed());
    }
}

/// The answer: what became of the job, as metrics have it.
fn run_to_end(workers: &Workers, worker: i64, job: &Claimed) -> &'static str {
    let run = Run::alone(job, worker, &workers.stop, &workers.app.db);
    let result = match caught(workers, job, &run) {
        Ok(()) if !run.is_completed() => run.complete(|_| Ok(())),
        result => result,
    };
    let Err(failed) = result else { return "success" };
    if run.is_completed() {
        tracing::error!(job = job.id, name = job.name, error = %failed, "a job failed after it was completed");
        return "success";
    }
    let left = !run.is_last_attempt();
    let recorded = workers
        .app
        .db
        .transaction_now::<_, Errors>(|conn| Ok(failure::record(conn, worker, run.token(), left, &failed)?));
    let Claimed { id, name, attempts, .. } = job;
    match recorded {
        Ok(Outcome::Again(pause)) => {
            let pause = pause.as_millis();
            tracing::warn!(job = id, name, attempt = attempts, error = %failed, pause, "a job failed, and will be started again");
            "again"
        }
        Ok(Outcome::Dead) => {
            tracing::error!(job = id, name, attempt = attempts, error = %failed, "a job failed for good");
            "dead"
        }
        Ok(Outcome::Lost) => {
            tracing::info!(job = id, name, "a job was taken over by another worker, or cancelled");
            "lost"
        }
        Err(error) => {
            tracing::warn!(%error, job = id, name, "a job's failure could not be recorded");
            "lost"
        }
    }
}

/// Runs a job; a panic is a failure.
fn caught(workers: &Workers, job: &Claimed, run: &Run<'_>) -> Result<(), Failed> {
    let Some(entry) = workers.app.jobs.get(&job.name) else {
        return Err(Error::internal(format!("{} was claimed and is no known job", job.name)).into());
    };
    let span = tracing::info_span!("job", id = job.id, name = job.name, attempt = job.attempts);
    let ran = catch_unwind(AssertUnwindSafe(|| span.in_scope(|| Entry::run(entry, &workers.app, &job.payload, run))));
    ran.unwrap_or_else(|panic| {
        let text = format!("The job panicked: {}", panic_text(panic.as_ref()));
        Err(Failed::After(backoff::pause(run.attempt()), text))
    })
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it says nothing")
}
