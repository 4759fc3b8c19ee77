//! Estimators: pure functions from numbers to numbers that know nothing of runs, arms and files.
//!
//! *Invariant:* imports nothing of this crate but itself; each formula names its source and is tested against
//! scipy or statsmodels (`tests/reference/make.py`).

#[cfg(test)]
pub(crate) mod expected;
pub mod heterogeneity;
pub mod holm;
pub mod intraclass;
pub mod mcnemar;
pub mod permutation;
pub mod power;
pub mod strata;
pub mod stratified;
pub mod student;
pub mod two_way;
pub mod wilson;

/// Nominal coverage of every confidence interval that is not part of a verdict.
pub const LEVEL: f64 = 0.95;

/// The seed of the bootstrap and of random sign patterns. It is arbitrary, and fixed so that the same runs
/// give the same answer.
pub const RANDOM_SEED: u64 = 201_812;
