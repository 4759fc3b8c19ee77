//! A training engine for the low-rank ResNet-9 on the CPU, without a tensor library: forward, backward and update, fused.
//!
//! Activations are float32, NHWC. Each block of the network is a depthwise 3x3 convolution and a 1x1 convolution down to a
//! code of a few channels (together: encoding), then a 1x1 convolution up, batch norm and rectifier, perhaps a max pool or a
//! residual (together: decoding). Only codes and block inputs are in memory; the rest lives in the cache.
//!
//! - [`engine`]: the public face;
//! - `training`, `turn`, `evaluation`: the order of the passes over a batch; `crew`, `batch`, `scratch`: threads and memory;
//! - `forward`, `backward`: a group of images through one block; `stage`, `weights`, `layer`: one block's weights and sizes;
//! - `normalisation`, `moments`: batch norm through the bottleneck; `parameters`: names, momentum, update;
//! - `product`, `outer`, `depthwise`, `pool`, `patches`, `head`, `elementwise`: the kernels, on `panels` and `vectors`, with
//!   `instructions` chosen at run time.
//!
//! *Invariant:* free of files, randomness and libtorch; the same numbers for any number of threads.

#![allow(clippy::inline_always, reason = "only what is inlined into a kernel gets the kernel's instructions")]
#![allow(clippy::needless_range_loop, reason = "register tiles are indexed in step with addresses")]

mod block;
mod buffer;
pub mod engine;
mod parameters;
mod simd;
mod step;
mod workers;

pub use engine::{BatchSums, Engine, EngineError, Predictions, memory_bytes, thread_bytes};
pub use simd::isa::Instructions;
pub use step::phases::Phase;
