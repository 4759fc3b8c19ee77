//! The passes over a batch.
//!
//! - `phases`: the order of a training step; `state`: what it works on;
//! - `passes`: between two blocks, forward and backward; `last_block`: the loss, where forward becomes
//!   backward;
//! - `evaluation`: logits by the running statistics;
//! - `batch`: what a step keeps for its backward pass; `chunk`: how a batch is cut for threads.
//!
//! This room imports `block`, `simd`, `parameters`, `workers` and `buffer`.

pub(crate) mod batch;
pub(crate) mod chunk;
pub(crate) mod evaluation;
pub(crate) mod last_block;
pub(crate) mod passes;
pub(crate) mod phases;
pub(crate) mod state;
