//! What a run trains on, as plain values that no engine owns.
//!
//! - [`images`]: the images of a run; [`augment`]: what happens to each of them; [`seeds`]: the source of every random draw;
//! - [`state_dict`]: weights by name, and the files that hold them.
//!
//! This room imports no other.

pub mod augment;
pub mod images;
pub mod seeds;
pub mod state_dict;
