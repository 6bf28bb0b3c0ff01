//! What runs beside requests, or in a process of its own: workers, the queue's keeper and bell, and services.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use crate::app::App;
use crate::error::Errors;
use crate::feed;
use crate::queue::transport::rabbitmq::RabbitMq;
use crate::queue::transport::{Table, Transport};
use crate::queue::{self, Stop, Workers};
use crate::webhooks;

/// A loop that goes on as long as the process: it does its part, sleeps by [`Stop::sleep`], and returns when the end is
/// wished. One that fails is started again. It may run in several processes at once: where one is to do the work, they
/// elect it by a lease in a row.
pub struct Service {
    pub name: &'static str,
    pub run: fn(&Arc<App>, &Stop) -> Result<(), Errors>,
}

/// Every service, one line each.
const SERVICES: &[Service] = &[
    Service { name: "change-retention", run: feed::retention::run },
    Service { name: "change-sequencer", run: feed::service::sequence },
    Service { name: "webhook-dispatcher", run: webhooks::dispatcher::run },
];

/// Before a service that failed is started again.
const PAUSE: Duration = Duration::from_secs(1);

/// For the keeper to give back what others shall run.
const FAREWELL: Duration = Duration::from_secs(5);

/// Threads under way.
pub struct Background {
    workers: Arc<Workers>,
    /// Workers and services.
    threads: usize,
    /// One message of each that has ended.
    ended: Receiver<()>,
    keeper: Option<(JoinHandle<()>, Stop)>,
}

impl Background {
    /// Starts `threads` workers for those queues, and whatever they need; with none of them, only what tells the workers
    /// of other processes about new jobs. `most`: the jobs after which the threads end by themselves.
    pub fn start(app: Arc<App>, queues: Vec<String>, threads: usize, most: Option<u64>) -> io::Result<Background> {
        let settings = &app.config.queue;
        let rabbit = match &settings.rabbitmq_url {
            Some(url) if threads > 0 => {
                let rabbit = RabbitMq::new(url, settings.rabbitmq_ca.as_deref(), settings.poll_interval);
                Some(Arc::new(rabbit.map_err(io::Error::other)?))
            }
            _ => None,
        };
        let transport: Arc<dyn Transport> = match &rabbit {
            Some(rabbit) => rabbit.clone(),
            None => Arc::new(Table { db: app.db.clone(), poll_interval: settings.poll_interval }),
        };
        let workers = Arc::new(Workers::new(app.clone(), transport, queues.clone(), most));
        let (send, ended) = channel();
        let mut background = Background { workers: workers.clone(), threads: 0, ended, keeper: None };
        let stop = workers.stop.clone();
        let bell = app.clone();
        background.thread("queue-bell", &send, move || queue::ring(&bell.db, threads > 0, &stop))?;
        let (lookout, stop) = (app.clone(), workers.stop.clone());
        background.thread("change-lookout", &send, move || feed::service::look_out(&lookout, &stop))?;
        if threads == 0 {
            return Ok(background);
        }
        if let Some(rabbit) = rabbit {
            let (app, stop) = (app.clone(), workers.stop.clone());
            background.thread("queue-rabbitmq", &send, move || rabbit.talk(&app.db, &queues, threads, &stop))?;
        }
        for number in 0..threads {
            let workers = workers.clone();
            background.thread(&format!("worker-{number}"), &send, move || queue::work(&workers))?;
        }
        for service in SERVICES {
            let (app, stop) = (app.clone(), workers.stop.clone());
            background.thread(service.name, &send, move || go_on(service, &app, &stop))?;
        }
        // The keeper goes on while running jobs are finished.
        let stop = Stop::default();
        let keeper = stop.clone();
        let keep = move || unbroken("queue-keeper", &keeper, || queue::keep(&workers, &keeper));
        let thread = Builder::new().name("queue-keeper".to_owned()).spawn(keep)?;
        background.keeper = Some((thread, stop));
        Ok(background)
    }

    fn thread(&mut self, name: &str, ended: &Sender<()>, run: impl Fn() + Send + 'static) -> io::Result<()> {
        let (ended, stop, own) = (ended.clone(), self.stop(), name.to_owned());
        Builder::new().name(name.to_owned()).spawn(move || {
            unbroken(&own, &stop, run);
            // Nobody waits any more, if the process did not.
            let _ = ended.send(());
        })?;
        self.threads += 1;
        Ok(())
    }

    /// Is wished when the threads are to end, or do so by themselves.
    pub fn stop(&self) -> Stop {
        self.workers.stop.clone()
    }

    /// What ends the threads: running jobs are finished, others not begun.
    pub fn stopper(&self) -> impl Fn() + Send + Sync + 'static {
        let workers = self.workers.clone();
        move || workers.stop()
    }

    /// Ends the threads, and waits that long for jobs that run. What is not finished then is given back: other workers
    /// take it, and what it did to the database here is rolled back. `hurry` cuts the waiting short.
    pub fn finish(self, patience: Duration, hurry: &Stop) {
        self.workers.stop();
        let end = Instant::now() + patience;
        let mut left = self.threads;
        while left > 0 && Instant::now() < end && !hurry.is_wished() {
            let wait = end.saturating_duration_since(Instant::now()).min(Duration::from_millis(100));
            if self.ended.recv_timeout(wait).is_ok() {
                left -= 1;
            }
        }
        if left > 0 {
            tracing::warn!(threads = left, "jobs are still running; they are given back");
        }
        if let Some((thread, stop)) = self.keeper {
            stop.stop();
            let end = Instant::now() + FAREWELL;
            while !thread.is_finished() && Instant::now() < end {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    }
}

/// A thread's work, begun anew should it panic: a process never goes on without a part of what it needs.
fn unbroken(name: &str, stop: &Stop, work: impl Fn()) {
    while catch_unwind(AssertUnwindSafe(&work)).is_err() && !stop.sleep(PAUSE) {
        tracing::error!(thread = name, "a thread panicked, and goes on");
    }
}

fn go_on(service: &Service, app: &Arc<App>, stop: &Stop) {
    while !stop.is_wished() {
        match catch_unwind(AssertUnwindSafe(|| (service.run)(app, stop))) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(service = service.name, %error, "a service failed, and is started again"),
            Err(_) => tracing::error!(service = service.name, "a service panicked, and is started again"),
        }
        stop.sleep(PAUSE);
    }
}
