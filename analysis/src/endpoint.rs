//! From pairs to answers.
//!
//! [`mod@endpoints`] estimates the primary endpoint of every arm; [`missing`] says what stands in the way of a verdict and
//! [`verdict`] gives it. [`secondary`], [`images`], [`mod@replication`] and [`aa`] say the rest.
//!
//! *Invariant:* only [`verdict`] decides; nothing here reads a file.

pub mod aa;
pub mod endpoints;
pub mod images;
pub mod missing;
pub mod replication;
pub mod secondary;
pub mod verdict;
