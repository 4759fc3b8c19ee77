//! Trains low-rank ResNet-9s: one configuration, or a whole experiment, into a folder of parquet per run.
//!
//! The way of a run: [`session`] reads the images, makes a start ([`initialise`]) or takes one up
//! ([`checkpoint`]), and repeats: draw the augmentation ([`augment`]), train an epoch and evaluate on one of two engines
//! ([`engine`]: [`fused`] on our own kernels, `torch` on libtorch), measure the layers ([`layers`]), save.
//!
//! [`mod@retrain`] holds a kept run against its first epochs trained again.
//!
//! *Invariant:* every random draw comes from the run's seed by way of [`seeds`]; a resumed run draws what an
//! uninterrupted one would have drawn.

pub mod arrays;
pub mod augment;
pub mod bench;
pub mod checkpoint;
pub mod device;
pub mod engine;
pub mod estimate;
pub mod fused;
pub mod images;
pub mod initialise;
pub mod layers;
pub mod limit;
pub mod lock;
pub mod memory;
pub mod progress;
pub mod provenance;
pub mod retrain;
pub mod seeds;
pub mod session;
pub mod stop;
pub mod sweep;
#[cfg(feature = "tch")]
pub mod torch;
pub mod workplace;
