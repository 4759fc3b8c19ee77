//! The passes over a batch: a training step phase by phase, and logits by the running statistics.

pub(crate) mod batch;
pub(crate) mod evaluation;
pub(crate) mod last_block;
pub(crate) mod phases;
