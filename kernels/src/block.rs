//! One block of the network, for a group of images that fits into the cache.
//!
//! - `shape`: its sizes; `weights`: its weights as the kernels read them; `state`: both, with batch norm;
//! - `forward`, `backward`: images through it; `scratch`: a thread's memory meanwhile; `sums`: what becomes
//!   its gradients;
//! - `normalisation`, `moments`: batch norm through the bottleneck.
//!
//! This room imports `simd`, `parameters`, `workers` and `buffer`, and nothing of `step`.

pub(crate) mod backward;
pub(crate) mod forward;
pub(crate) mod moments;
pub(crate) mod normalisation;
pub(crate) mod scratch;
pub(crate) mod shape;
pub(crate) mod state;
pub(crate) mod sums;
pub(crate) mod weights;
