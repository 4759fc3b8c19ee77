//! The experiment on paper: what is trained, without a tensor in sight.
//!
//! - [`architecture`]: the ResNet-9 as a list of blocks;
//! - [`entry`]: the tensors of those blocks, by name and by role;
//! - [`counts`]: parameters, multiply-accumulates and compression ratios;
//! - [`decay`]: the arms, which say how strongly each parameter decays;
//! - [`schedule`]: the learning rate of every update.
//!
//! *Invariant:* pure values; no files, no tensors, no randomness. Every engine and every stage reads
//! the same description.

pub mod architecture;
pub mod counts;
pub mod decay;
pub mod entry;
pub mod schedule;

pub use architecture::{Architecture, Block, FULL_CHANNELS, Filter, InvalidArchitecture, Place};
pub use counts::Counts;
pub use decay::{Arm, UnknownArm, WeightDecay};
pub use entry::{Entry, Role};
