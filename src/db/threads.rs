//! The threads where requests use connections.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};

/// Threads for work that blocks, as many as there are connections for requests. Work begins in the order of asking, or
/// some of many requests would wait a hundred times longer than the rest; and a thread that has finished goes on with
/// the next work itself, since waking another one costs more than many a statement.
pub(super) struct Threads {
    handle: Handle,
    /// `None` when it ends.
    runtime: Option<Runtime>,
}

/// Why work has no result.
pub(super) enum Undone {
    /// It has waited too long, and was not begun.
    Late,
    /// It panicked, or the server ended.
    Lost,
}

impl Threads {
    pub fn new(count: u32) -> std::io::Result<Threads> {
        let runtime = Builder::new_current_thread()
            .thread_name("database")
            .max_blocking_threads(count as usize)
            .thread_keep_alive(Duration::from_secs(60))
            .build()?;
        Ok(Threads { handle: runtime.handle().clone(), runtime: Some(runtime) })
    }

    /// Does that work if it can begin in time. Work whose caller has gone is not begun.
    pub async fn run<T: Send + 'static>(
        &self,
        patience: Duration,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Undone> {
        let span = tracing::Span::current();
        let caller = Caller(Arc::new(Mutex::new(Some(move || span.in_scope(work)))));
        let offered = caller.0.clone();
        let mut asked = self.handle.spawn_blocking(move || take(&offered).map(|work| work()));
        let done = match tokio::time::timeout(patience, &mut asked).await {
            Ok(done) => done,
            Err(_) if take(&caller.0).is_some() => return Err(Undone::Late),
            Err(_) => asked.await,
        };
        match done {
            Ok(Some(value)) => Ok(value),
            Ok(None) => Err(Undone::Late),
            Err(_) => Err(Undone::Lost),
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // Whoever drops it may be a thread that must not wait.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Work that is taken once: by the thread that does it, or by the caller who wants it no more.
type Offered<W> = Mutex<Option<W>>;

fn take<W>(offered: &Offered<W>) -> Option<W> {
    offered.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Who asked for work. Nothing of it is kept when the caller goes, however long its turn is away.
struct Caller<W>(Arc<Offered<W>>);

impl<W> Drop for Caller<W> {
    fn drop(&mut self) {
        take(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::mpsc;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    /// One thread, which is at work until something is sent.
    fn taken() -> (Arc<Threads>, mpsc::Sender<()>) {
        let threads = Threads::new(1).unwrap();
        let (end, ended) = mpsc::channel();
        threads.handle.spawn_blocking(move || ended.recv());
        (Arc::new(threads), end)
    }

    #[tokio::test]
    async fn work_that_waits_too_long_is_not_begun() {
        let (threads, end) = taken();
        let begun = Arc::new(AtomicU32::new(0));
        let count = begun.clone();
        let late = threads.run(Duration::from_millis(20), move || count.fetch_add(1, Ordering::Relaxed)).await;
        assert!(matches!(late, Err(Undone::Late)));
        end.send(()).unwrap();
        assert!(matches!(threads.run(LONG, || 5).await, Ok(5)));
        assert_eq!(begun.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn work_whose_caller_has_gone_is_not_begun() {
        let (threads, end) = taken();
        let begun = Arc::new(AtomicU32::new(0));
        let count = begun.clone();
        let asked = threads.run(LONG, move || count.fetch_add(1, Ordering::Relaxed));
        assert!(tokio::time::timeout(Duration::from_millis(20), asked).await.is_err());
        end.send(()).unwrap();
        assert!(matches!(threads.run(LONG, || 5).await, Ok(5)));
        assert_eq!(begun.load(Ordering::Relaxed), 0);
    }

    /// Patience is for the beginning: what has begun is waited for.
    #[tokio::test]
    async fn work_that_has_begun_may_take_its_time() {
        let threads = Threads::new(1).unwrap();
        let done = threads.run(Duration::from_millis(5), || std::thread::sleep(Duration::from_millis(100))).await;
        assert!(done.is_ok());
    }

    #[tokio::test]
    async fn work_begins_in_the_order_of_asking() {
        let (threads, end) = taken();
        let order = Arc::new(std::sync::Mutex::new(Vec::new()));
        let asked = (0..20).map(|n| {
            let (threads, order) = (threads.clone(), order.clone());
            tokio::spawn(async move { threads.run(LONG, move || order.lock().unwrap().push(n)).await.is_ok() })
        });
        let asked: Vec<_> = asked.collect();
        tokio::time::sleep(Duration::from_millis(20)).await;
        end.send(()).unwrap();
        for one in asked {
            assert!(one.await.unwrap());
        }
        assert_eq!(*order.lock().unwrap(), (0..20).collect::<Vec<i32>>());
    }

    #[tokio::test]
    async fn a_panic_costs_no_thread() {
        let threads = Threads::new(1).unwrap();
        assert!(matches!(threads.run(LONG, || panic!("as a test does")).await, Err(Undone::Lost)));
        assert!(matches!(threads.run(LONG, || 5).await, Ok(5)));
    }
}
