//! One run: from its configuration and the images to the files of its folder.
//!
//! - [`session`]: a run from its folder to its end; [`context`]: the inputs of a run;
//! - `epochs`: the loop over epochs, in which each is saved while the next is trained;
//! - [`initialise`], [`checkpoint`]: the sources of the weights; [`layers`]: the measurements of them;
//! - `work`: the inputs of an epoch; `rows`: the results of an epoch; `tables`: what is saved after it;
//! - [`lock`]: which process trains the run; [`provenance`]: where and with what it was made;
//! - [`repair`]: checks, seals and repairs runs one by one; `hindrance`: what keeps it from that and is no
//!   damage;
//! - [`mod@retrain`]: compares a kept run with its first epochs trained again.
//!
//! This module imports `engine`, `data` and `machine`.

pub mod checkpoint;
pub mod context;
mod epochs;
mod hindrance;
pub mod initialise;
pub mod layers;
pub mod lock;
pub mod provenance;
pub mod repair;
pub mod retrain;
mod rows;
pub mod session;
mod tables;
mod work;
