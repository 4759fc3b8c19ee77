//! Estimators: pure functions from numbers to numbers, which know no run, no arm and no file.
//!
//! *Invariant:* imports nothing of this crate but itself; each formula names its source and is held to scipy's or statsmodels'
//! numbers (`tests/reference/make.py`).

#[cfg(test)]
pub(crate) mod expected;
pub mod heterogeneity;
pub mod holm;
pub mod intraclass;
pub mod mcnemar;
pub mod normal;
pub mod permutation;
pub mod power;
pub mod strata;
pub mod stratified;
pub mod student;
pub mod two_way;
pub mod wilson;

/// Nominal coverage of every interval that is not part of a verdict.
pub const LEVEL: f64 = 0.95;

/// Seeds the bootstrap and the random sign patterns. Any number would do; it is fixed so that the same runs give the same
/// answer.
pub const RANDOM_SEED: u64 = 201_812;
