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

pub mod bench;
pub mod data;
pub mod engine;
pub mod machine;
pub mod run;
pub mod sweep;
