//! What is done when a test ends, whatever its end.

use std::cell::RefCell;

thread_local! {
    /// A test has a thread of its own.
    static ENDINGS: RefCell<Endings> = const { RefCell::new(Endings(Vec::new())) };
}

struct Endings(Vec<Box<dyn FnOnce()>>);

impl Drop for Endings {
    fn drop(&mut self) {
        while let Some(ending) = self.0.pop() {
            ending();
        }
    }
}

/// Has the test's thread do that at its end, the last such thing first. It must not panic: that would end the process.
pub fn at_end(ending: impl FnOnce() + 'static) {
    ENDINGS.with_borrow_mut(|endings| endings.0.push(Box::new(ending)));
}
