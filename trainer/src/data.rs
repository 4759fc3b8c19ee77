//! What a run trains on: images, draws and weights, as plain arrays.

pub mod augment;
pub mod images;
pub mod seeds;
pub mod state_dict;
