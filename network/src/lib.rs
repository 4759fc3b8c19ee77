//! The experiment on paper: what is trained, without a tensor in sight.
//!
//! - [`architecture`]: the ResNet-9 as a list of blocks, and the names of its parameters;
//! - [`counts`]: parameters, multiply-accumulates and compression ratios;
//! - [`decay`]: the arms, which say how strongly each parameter decays;
//! - [`schedule`]: the learning rate of every update.
//!
//! *Invariant:* pure values; no files, no tensors, no randomness. Every engine and every stage reads
//! the same description.

pub mod architecture;
pub mod counts;
pub mod decay;
pub mod schedule;

pub use architecture::{Architecture, Block, FULL_CHANNELS, Filter, InvalidArchitecture, Place};
pub use counts::Counts;
pub use decay::{Arm, UnknownArm, WeightDecay};
