//! A training engine for the low-rank ResNet-9 on the CPU, without a tensor library: forward, backward and update, fused.
//!
//! Activations are float32, NHWC. Each block of the network is a depthwise 3x3 convolution and a 1x1 convolution down to a
//! code of a few channels (together: encoding), then a 1x1 convolution up, batch norm and rectifier, perhaps a max pool or a
//! residual (together: decoding). Only codes and block inputs are in memory; the rest lives in the cache.
//!
//! - [`engine`]: the public face; `error`: why an engine cannot be made;
//! - `step`: the passes over a batch, in the order of a training step, and logits by the running statistics;
//! - `block`: one block's shape, weights and batch norm, and a group of images through it, forward and backward;
//! - `parameters`: names, momentum, update; `workers`: threads; `buffer`: aligned memory;
//! - `simd`: the kernels, with instructions chosen at run time.
//!
//! Imports run one way: `engine` -> `step` -> `block` -> `simd`; `parameters`, `workers` and `buffer` serve the first three, and name
//! nothing above `error`.
//!
//! *Invariant:* free of files, randomness and libtorch; the same numbers for any number of threads.

#![allow(clippy::inline_always, reason = "only what is inlined into a kernel gets the kernel's instructions")]
#![allow(clippy::needless_range_loop, reason = "register tiles are indexed in step with addresses")]

mod block;
mod buffer;
pub mod engine;
mod error;
mod parameters;
mod simd;
mod step;
mod workers;

pub use engine::{BatchSums, Engine, Predictions, memory_bytes, thread_bytes};
pub use error::EngineError;
pub use simd::isa::Isa;
pub use step::state::Phase;
