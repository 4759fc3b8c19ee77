//! The working memory of a thread: its instructions, strips of pixels and a group's gradients.
//!
//! *Invariant:* nothing in here outlives a group of images; sizes are those of the largest block.

use crate::block::shape::{BlockShape, GROUP};
use crate::buffer::Buffer;
use crate::simd::isa::Processor;
use crate::simd::vectors::{STRIP, scratch_pitch};

/// A thread's working memory. Strips have [`STRIP`] rows with a pitch of [`scratch_pitch`].
#[derive(Debug)]
pub(crate) struct Scratch {
    pub(crate) processor: Processor,
    /// A strip after the depthwise convolution.
    pub(crate) convolved: Buffer,
    /// A strip of codes less their mean.
    pub(crate) codes: Buffer,
    /// A strip of gradients of codes.
    pub(crate) code_gradients: Buffer,
    /// A strip of outputs before a residual is added, or of their gradients.
    pub(crate) outputs: Buffer,
    /// A group's gradients behind the depthwise convolution.
    pub(crate) convolved_gradients: Buffer,
    /// A group's gradients of a block's input.
    pub(crate) input_gradients: Buffer,
    /// A group's activations, for passes that do not keep them: before and after a block, and a residual.
    pub(crate) activations: [Buffer; 3],
    /// An image's codes, for the pass that does not keep them.
    pub(crate) code_rows: Buffer,
    /// A group's argmax behind a pool and its masks before a residual, for passes that do not keep them.
    pub(crate) argmax: Vec<u32>,
    pub(crate) relu_mask: Vec<u8>,
    /// Sums over a strip.
    pub(crate) sums: Vec<f32>,
    /// The row above the first and below the last.
    pub(crate) zeros: Buffer,
}

/// Returns how many images a pass over these blocks takes together.
pub(crate) fn group(shapes: &[&BlockShape]) -> usize {
    if shapes.iter().any(|shape| shape.side * shape.side < STRIP) { GROUP } else { 1 }
}

struct Sizes {
    strip: [usize; 3],
    input: usize,
    convolved: usize,
    code: usize,
    row: usize,
    sums: usize,
}

fn sizes(shapes: &[BlockShape]) -> Sizes {
    let largest = |of: &dyn Fn(&BlockShape) -> usize| shapes.iter().map(of).max().unwrap_or(0);
    let images = |shape: &BlockShape| group(&[shape]);
    Sizes {
        strip: [
            STRIP * largest(&|shape| scratch_pitch(shape.c_in)),
            STRIP * largest(&|shape| scratch_pitch(shape.rank)),
            STRIP * largest(&|shape| scratch_pitch(shape.c_out)),
        ],
        input: largest(&|shape| images(shape) * shape.in_size().max(shape.out_size())),
        convolved: largest(&|shape| images(shape) * shape.pixels() * scratch_pitch(shape.c_in)),
        code: largest(&|shape| shape.code_size()),
        row: largest(&|shape| shape.side * scratch_pitch(shape.c_in)),
        sums: largest(&|shape| scratch_pitch(shape.c_out).max(scratch_pitch(shape.rank))),
    }
}

impl Scratch {
    pub(crate) fn new(processor: Processor, shapes: &[BlockShape]) -> Self {
        let sizes = sizes(shapes);
        let [c_in, rank, c_out] = sizes.strip;
        Self {
            processor,
            convolved: Buffer::zeroed(c_in),
            codes: Buffer::zeroed(rank),
            code_gradients: Buffer::zeroed(rank),
            outputs: Buffer::zeroed(c_out),
            convolved_gradients: Buffer::zeroed(sizes.convolved),
            input_gradients: Buffer::zeroed(sizes.input),
            activations: std::array::from_fn(|_| Buffer::zeroed(sizes.input)),
            code_rows: Buffer::zeroed(sizes.code),
            argmax: vec![0; sizes.input / 4],
            relu_mask: vec![0; sizes.input],
            sums: vec![0.0; sizes.sums],
            zeros: Buffer::zeroed(sizes.row),
        }
    }

    /// Returns the bytes of one thread's working memory.
    pub(crate) fn bytes(shapes: &[BlockShape]) -> usize {
        let sizes = sizes(shapes);
        let [c_in, rank, c_out] = sizes.strip;
        let floats = c_in + 2 * rank + c_out + sizes.convolved + 4 * sizes.input + sizes.code + sizes.row;
        4 * (floats + sizes.sums) + 2 * sizes.input
    }
}
