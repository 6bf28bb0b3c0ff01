//! Which statement texts are worth a prepared statement. A connection keeps every one it is given, and so does its
//! backend: texts that clients can vary without end must not all be kept.

use std::collections::{HashMap, HashSet};
use std::sync::{LazyLock, Mutex, PoisonError};

/// The texts of INSERTs and UPDATEs, which follow the members a client sends.
pub static WRITES: Budget = Budget::new(512, 1);
/// The texts of lists, which follow the filters, order and fields a client chooses.
pub static READS: Budget = Budget::new(64, 3);

/// How many texts are counted that are not kept.
const MOST_COUNTED: usize = 4096;

/// So many texts are kept, each after so many uses, in the whole process.
pub struct Budget {
    most: usize,
    uses: u8,
    texts: LazyLock<Mutex<Texts>>,
}

/// Texts by their hash.
#[derive(Default)]
struct Texts {
    kept: HashSet<u64>,
    counted: HashMap<u64, u8>,
}

impl Budget {
    const fn new(most: usize, uses: u8) -> Budget {
        Budget { most, uses, texts: LazyLock::new(Mutex::default) }
    }

    /// Counts a use of the text with this hash, and tells whether it is kept.
    pub fn keeps(&self, text: u64) -> bool {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        if texts.kept.contains(&text) {
            return true;
        }
        if texts.kept.len() >= self.most {
            return false;
        }
        if texts.counted.len() >= MOST_COUNTED {
            texts.counted.clear();
        }
        let uses = texts.counted.entry(text).or_default();
        *uses += 1;
        if *uses < self.uses {
            return false;
        }
        texts.counted.remove(&text);
        texts.kept.insert(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_after_its_uses_and_while_there_is_room() {
        let budget = Budget::new(2, 3);
        assert!([1, 1].iter().all(|text| !budget.keeps(*text)));
        assert!(budget.keeps(1) && budget.keeps(1));
        assert!(!budget.keeps(2) && !budget.keeps(2) && budget.keeps(2));
        assert!((0..9).all(|_| !budget.keeps(3)));
    }

    #[test]
    fn what_is_counted_is_bounded() {
        let budget = Budget::new(2, 2);
        (0..100_000).for_each(|text| assert!(!budget.keeps(text)));
        assert!(budget.texts.lock().expect("not poisoned").counted.len() <= MOST_COUNTED);
    }
}
