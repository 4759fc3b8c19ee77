//! The kernels, which know arrays, and of the network its constants only.
//!
//! - `isa`: the instructions, chosen at run time; `vectors`: loads, stores and pitches; `rows`: matrices in
//!   memory; `panels`: packed matrices;
//! - `matmul`, `rank_update`: products of matrices; `depthwise`, `pool`, `window_gradients`, `columns`,
//!   `elementwise`: what else a block computes; `codes`: its codes in memory;
//! - `patches`: an image as the first block reads it; `head`: pool, logits and loss behind the last block;
//! - `peak`: the rate of multiply-adds that never leave the registers, for benchmarks.
//!
//! Each kernel is tested beside its code, on matrices of `guarded`. This room imports no other.

pub(crate) mod codes;
pub(crate) mod columns;
pub(crate) mod depthwise;
pub(crate) mod elementwise;
#[cfg(test)]
mod guarded;
pub(crate) mod head;
pub(crate) mod isa;
pub(crate) mod matmul;
pub(crate) mod panels;
pub(crate) mod patches;
pub mod peak;
pub(crate) mod pool;
pub(crate) mod rank_update;
pub(crate) mod rows;
pub(crate) mod vectors;
pub(crate) mod window_gradients;
