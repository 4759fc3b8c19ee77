//! The endpoints: from pairs of runs to verdicts.
//!
//! A [`sample`] holds the pairs of one comparison, [`looks`] says which of them count at which interim
//! analysis, [`missing`] collects what prevents a verdict, [`verdict`] decides it, and [`sentence`] puts it
//! into words. [`comparison`] combines these into a [`draft`] for one arm, and [`mod@endpoints`] does so for
//! all arms, which [`mod@groups`] finds. [`secondary`], [`images`], [`mod@replication`] and [`aa`] hold the
//! secondary analyses, and [`mod@standing`] says how much of all this was fixed before the data were seen.
//!
//! *Invariant:* only [`verdict`] decides, and nothing here reads a file.

pub mod aa;
pub mod comparison;
pub mod draft;
pub mod endpoints;
pub mod groups;
pub mod images;
pub mod looks;
pub mod missing;
pub mod pair;
pub mod replication;
pub mod sample;
pub mod secondary;
pub mod sentence;
pub mod standing;
pub mod verdict;
