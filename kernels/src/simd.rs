//! The kernels: what is computed with vector instructions, chosen at run time.

pub(crate) mod depthwise;
pub(crate) mod elementwise;
pub(crate) mod head;
pub(crate) mod isa;
pub(crate) mod matmul;
pub(crate) mod panels;
pub(crate) mod patches;
pub(crate) mod pool;
pub(crate) mod rank_update;
pub(crate) mod vectors;
