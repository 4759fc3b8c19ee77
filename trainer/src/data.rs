//! The training data of a run, as plain values that no engine owns.
//!
//! - [`images`]: the images of a run; [`augment`]: their augmentation; [`seeds`]: the source of every random
//!   draw;
//! - [`state_dict`]: weights by name, and the files that hold them.
//!
//! This module imports no other.

pub mod augment;
pub mod images;
pub mod seeds;
pub mod state_dict;
