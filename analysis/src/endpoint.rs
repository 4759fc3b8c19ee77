//! From pairs to answers.
//!
//! A [`sample`] is the pairs of one comparison, [`looks`] say which of them count when, [`missing`] says what stands in the way of a
//! verdict, [`verdict`] gives it, and [`sentence`] says it; [`comparison`] makes a [`draft`] of them for an arm and
//! [`mod@endpoints`] for all arms, which [`mod@groups`] finds. [`secondary`], [`images`],
//! [`mod@replication`] and [`aa`] say the rest, and [`mod@standing`] how far all of it was fixed before the data.
//!
//! *Invariant:* only [`verdict`] decides; nothing here reads a file.

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
