//! The reasons why an engine cannot be made.
//!
//! The message names the tensor, the block or the instructions that are at fault.

use crate::simd::isa::Isa;

/// The reason why an engine could not be made.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A network that this engine does not know: rankscale 0, or a block behind the first with three input
    /// channels, which the description makes dense as well.
    #[error("`{0}` is a dense convolution; the fused engine has dense convolutions of the image only")]
    Dense(&'static str),
    /// A tensor is not there.
    #[error("`{0}` is missing from the state")]
    Missing(String),
    /// A tensor of another network.
    #[error("`{name}` has shape {found:?}, but this network's is {expected:?}")]
    Shape {
        /// The tensor.
        name: String,
        /// The shape that the architecture gives it.
        expected: Vec<usize>,
        /// The shape that it has in the state.
        found: Vec<usize>,
    },
    /// The processor lacks instructions that were asked for.
    #[error("this processor has no {} instructions", .0.name())]
    Isa(Isa),
    /// The system gave no threads.
    #[error("cannot start threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}
