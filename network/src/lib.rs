//! The experiment on paper: what is trained, without a tensor in sight.
//!
//! - [`architecture`]: the ResNet-9 as a list of blocks;
//! - [`entry`]: the tensors of those blocks, by name and by role;
//! - [`counts`]: parameters, multiply-accumulates and compression ratios;
//! - [`decay`]: strengths of weight decay;
//! - [`schedule`]: the learning rate of every update;
//! - [`arm`]: the arms, each of which says how strongly every parameter decays, and at which rate it learns.
//!
//! ```
//! use network::{Architecture, Counts, FULL_CHANNELS};
//!
//! # fn main() -> Result<(), network::InvalidArchitecture> {
//! let network = Architecture::new(8, FULL_CHANNELS, 10)?;
//! for block in network.blocks() {
//!     println!("{}: {} to {} channels, {:?}", block.name, block.c_in, block.c_out, block.filter);
//! }
//! let counts = Counts::of(&network);
//! let tensors = network.parameters();
//! assert_eq!(counts.parameters, tensors.iter().map(|tensor| tensor.len() as u64).sum::<u64>());
//! assert!(counts.ratio_full < 0.06, "a rank of an eighth leaves less than 6 % of the parameters");
//! # Ok(())
//! # }
//! ```
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
pub use entry::{Entry, Role, VELOCITY};
