//! Trains low-rank ResNet-9s: one configuration, or a whole experiment, into one folder of parquet files per
//! run.
//!
//! - [`mod@sweep`]: the runs of an experiment, in parallel as memory and time allow;
//! - [`run`]: one run, from its configuration to its files;
//! - [`engine`]: an epoch of training on our own kernels or on libtorch;
//! - [`data`]: images, augmentation, seeds and weights; [`machine`]: devices, memory, signals and progress;
//! - [`mod@bench`]: the speed of an engine on this machine, beside the processor's limit.
//!
//! Imports run one way: [`mod@sweep`] -> [`run`] -> [`engine`] -> [`data`] and [`machine`].
//!
//! *Invariant:* every random draw comes from the run's seed by way of [`data::seeds`]; a resumed run draws
//! what an uninterrupted one would have drawn.

pub mod bench;
pub mod data;
pub mod engine;
pub mod machine;
pub mod run;
pub mod sweep;
