//! The experiment on paper: what is trained, without a tensor in sight.
//!
//! - [`architecture`]: the ResNet-9 as a list of blocks;
//! - [`entry`]: the tensors of those blocks, by name and by role;
//! - [`counts`]: parameters, multiply-accumulates and compression ratios;
//! - [`decay`]: strengths of weight decay;
//! - [`schedule`]: the learning rate of every update;
//! - [`arm`]: the arms, each of which says how strongly every parameter decays, and at which rate it learns.
//!
//! *Invariant:* pure values; no files, no tensors, no randomness. Every engine and every stage reads
//! the same description.

pub mod architecture;
pub mod arm;
pub mod counts;
pub mod decay;
pub mod entry;
pub mod schedule;

pub use architecture::{Architecture, Block, FULL_CHANNELS, Filter, InvalidArchitecture, Place};
pub use arm::{Arm, UnknownArm};
pub use counts::Counts;
pub use decay::WeightDecay;
pub use entry::{Entry, Role};
