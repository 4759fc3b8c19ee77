//! The machine that runs are made on.
//!
//! - [`device`]: where a run computes; `gpu`: what its driver says; `command`: what other programs answer;
//! - [`memory`]: what may still be taken; [`allocator`]: how the process keeps what it has;
//! - [`mod@contained`]: work that may break off; [`stop`]: the user's wish to stop; [`slurm`]: what then becomes of a job of
//!   Slurm's; [`progress`]: what the user sees meanwhile.
//!
//! This room imports no other.

pub mod allocator;
pub(crate) mod command;
pub mod contained;
pub mod device;
pub(crate) mod gpu;
pub mod memory;
pub mod progress;
pub mod slurm;
pub mod stop;
