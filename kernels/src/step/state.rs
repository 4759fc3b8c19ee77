//! A training step: the things it works on, and the time its phases take.

use crate::block::scratch::Scratch;
use crate::block::state::BlockState;
use crate::parameters::Parameters;
use crate::simd::isa::Processor;
use crate::step::batch::Batch;
use crate::workers::Workers;

/// The time that one phase of the last step took.
#[derive(Debug, Clone, Copy)]
pub struct Phase {
    /// The pass: `forward` or `backward`.
    pub pass: &'static str,
    /// The block whose codes the phase ends with; `head` for the last of the forward pass.
    pub block: &'static str,
    /// The wall-clock time.
    pub seconds: f64,
}

/// Everything a step touches.
pub(crate) struct Step<'a> {
    pub(crate) processor: Processor,
    pub(crate) workers: &'a Workers<Scratch>,
    pub(crate) blocks: &'a mut [BlockState],
    pub(crate) parameters: &'a mut Parameters,
    pub(crate) batch: &'a mut Batch,
    pub(crate) images: &'a [f32],
    pub(crate) labels: &'a [u8],
    pub(crate) phases: &'a mut Vec<Phase>,
}
