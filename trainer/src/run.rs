//! One run: from its configuration and the images to the files of its folder.
//!
//! - [`session`]: the way of a run from its folder to its end; [`context`]: what it is given;
//! - `epochs`: one epoch after the other, each saved while the next is trained;
//! - [`initialise`], [`checkpoint`]: where its weights come from; [`layers`]: what is measured of them;
//! - `work`: what an epoch is made of; `rows`: what is said of it; `tables`: what is saved after it;
//! - [`lock`]: who trains it; [`provenance`]: where and with what it was made;
//! - [`repair`]: runs checked one by one, sealed and mended;
//! - [`mod@retrain`]: a kept run beside its first epochs trained again.
//!
//! This room imports `engine`, `data` and `machine`.

pub mod checkpoint;
pub mod context;
mod epochs;
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
