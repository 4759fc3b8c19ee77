//! Joins runs with the plan, with each other and with themselves over time: the tables of a study, each a
//! pure function from runs to rows.
//!
//! [`mod@finished`] says which runs count and [`pairs`] which two are compared; [`recipes`], [`cells`] and
//! [`pairs`] group them; [`runs`], [`epochs`] and [`ledger`] list what exists, and [`spent`] sums the times
//! of a run's epochs.
//!
//! *Invariant:* everything here is a pure function, and every table has a total order, so the same runs give
//! the same rows, bit for bit. Floating-point sums take the runs by name, in the order in which they are
//! collected.

pub mod cells;
pub mod classes;
pub mod entries;
pub mod epochs;
pub mod finished;
pub mod layers;
pub mod ledger;
#[cfg(test)]
pub(crate) mod made_up;
pub mod pairs;
pub mod recipes;
pub mod runs;
pub mod spent;
