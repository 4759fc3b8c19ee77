//! A training engine for the low-rank ResNet-9 on the CPU, without a tensor library: forward, backward and
//! update, fused.
//!
//! Activations are float32, NHWC. Each block of the network is a depthwise 3x3 convolution and a 1x1
//! convolution down to a code of a few channels (together: encoding), then a 1x1 convolution up, batch norm
//! and ReLU, perhaps a max pool or a residual (together: decoding). Only codes and block inputs are in
//! memory; the rest lives in the cache.
//!
//! - [`engine`]: the public face; `error`: why an engine cannot be made;
//! - `step`: the passes over a batch, in the order of a training step, and logits by the running statistics;
//! - `block`: one block's shape, weights and batch norm, and a group of images through it, forward and
//!   backward;
//! - `parameters`: names, momentum, update; `workers`: threads; `buffer`: aligned memory;
//! - `simd`: the kernels, with instructions chosen at run time.
//!
//! Imports run one way: `engine` -> `step` -> `block` -> `simd`; `parameters`, `workers` and `buffer` serve
//! the first three, and name nothing above `error`.
//!
//! ```
//! use kernels::Engine;
//! use network::schedule::LearningRates;
//! use network::{Architecture, Role, WeightDecay};
//! use rand::{RngExt, SeedableRng};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let network = Architecture::new(2, [4, 8, 8, 16], 10)?;
//! let mut generator = rand_chacha::ChaCha8Rng::seed_from_u64(0);
//! let tensors = network.parameters().into_iter().chain(network.buffers());
//! let state = tensors
//!     .map(|tensor| {
//!         let numbers = (0..tensor.len()).map(|_| match tensor.role {
//!             Role::Scale | Role::Variance => 1.0,
//!             Role::Shift | Role::Mean => 0.0,
//!             _ => generator.random_range(-0.3..0.3),
//!         });
//!         let numbers = numbers.collect();
//!         Ok((tensor.name, ndarray::ArrayD::from_shape_vec(tensor.shape, numbers)?))
//!     })
//!     .collect::<Result<_, ndarray::ShapeError>>()?;
//! let mut engine = Engine::new(network, &state, 1)?;
//!
//! let images: Vec<f32> = (0..20 * 32 * 32 * 3).map(|_| generator.random_range(-1.0..1.0)).collect();
//! let labels: Vec<u8> = (0..20).map(|image| image % 10).collect();
//! let rates = LearningRates { factors: 0.1, rest: 0.1 };
//! let decay = WeightDecay { factors: 0.0, rest: 0.0, product: 0.0 };
//! let losses: Vec<f64> = (0..5).map(|_| engine.step(&images, &labels, rates, decay).loss).collect();
//! assert!(losses[4] < losses[0], "{losses:?}");
//! # Ok(())
//! # }
//! ```
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
pub use simd::peak::multiply_add_flops;
pub use step::state::Phase;
