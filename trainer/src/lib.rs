//! Trains low-rank ResNet-9s: one configuration, or a whole experiment, into a folder of parquet per run.
//!
//! - [`mod@sweep`]: an experiment as runs, side by side, each as memory and time allow;
//! - [`run`]: one run, from its configuration to its files;
//! - [`engine`]: an epoch of training on our own kernels or on libtorch;
//! - [`data`]: images, augmentation, seeds and weights; [`machine`]: devices, memory, signals and the screen;
//! - [`mod@bench`]: how fast an engine is here, beside the processor's limit.
//!
//! Imports run one way: [`mod@sweep`] -> [`run`] -> [`engine`] -> [`data`] and [`machine`].
//!
//! *Invariant:* every random draw comes from the run's seed by way of [`data::seeds`]; a resumed run draws what an
//! uninterrupted one would have drawn.

pub mod bench;
pub mod data;
pub mod engine;
pub mod machine;
pub mod run;
pub mod sweep;
