//! One run: from its configuration and the images to the files of its folder.
//!
//! - [`session`]: the way of a run, epoch by epoch; [`context`]: what it is given;
//! - [`initialise`], [`checkpoint`]: where its weights come from; [`layers`]: what is measured of them;
//! - `work`: what an epoch is made of; `tables`: what is saved after it;
//! - [`lock`]: who trains it; [`provenance`]: where and with what it was made;
//! - [`repair`]: runs checked one by one, sealed and mended;
//! - [`mod@retrain`]: a kept run beside its first epochs trained again.
//!
//! This room imports `engine`, `data` and `machine`.

pub mod checkpoint;
pub mod context;
pub mod initialise;
pub mod layers;
pub mod lock;
pub mod provenance;
pub mod repair;
pub mod retrain;
pub mod session;
mod tables;
mod work;
