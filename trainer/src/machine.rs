//! The machine on which runs are trained.
//!
//! - [`device`]: where a run computes; `gpu`: queries to the GPU's driver; `command`: the output of other
//!   programs;
//! - [`memory`]: the available memory; [`allocator`]: the allocator's settings;
//! - [`mod@contained`]: work that may panic; [`stop`]: signals that ask to stop; [`progress`]:
//!   progress bars and lines.
//!
//! This module imports no other.

pub mod allocator;
pub(crate) mod command;
pub mod contained;
pub mod device;
pub(crate) mod gpu;
pub mod memory;
pub mod progress;
pub mod stop;
