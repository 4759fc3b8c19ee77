//! What rows share that can stand on one axis.

use crate::exact::Exact;

/// A recipe at one strength of decay. Runs of different recipes cannot be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key<'a> {
    /// The recipe's hash.
    pub recipe: &'a str,
    /// Base strength of weight decay.
    pub lambda: Exact,
}

impl<'a> Key<'a> {
    /// The key of a row's recipe and strength.
    #[must_use]
    pub fn of(recipe: &'a str, lambda: f64) -> Self {
        Self { recipe, lambda: Exact::of(lambda) }
    }
}
