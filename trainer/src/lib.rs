//! Trains low-rank ResNet-9s: one configuration, or a whole experiment, into a folder of parquet per run.
//!
//! The way of a run: [`session`] reads the images, makes a start ([`initialise`]) or takes one up
//! ([`checkpoint`]), and repeats: draw and apply the augmentation ([`augment`]), update ([`engine`],
//! [`update`]), evaluate, measure the layers ([`layers`]), save.
//!
//! *Invariant:* every random draw comes from the run's seed by way of [`seeds`]; a resumed run draws what an
//! uninterrupted one would have drawn.

pub mod arrays;
pub mod augment;
pub mod checkpoint;
pub mod device;
pub mod engine;
pub mod estimate;
pub mod images;
pub mod initialise;
pub mod layers;
pub mod memory;
pub mod progress;
pub mod provenance;
pub mod resnet;
pub mod seeds;
pub mod session;
pub mod stop;
pub mod sweep;
pub mod update;
