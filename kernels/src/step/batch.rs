//! The arrays that a training step keeps for its backward pass, for a whole batch.
//!
//! Each block keeps its input, its codes, and one byte for each output behind a pool or before a residual,
//! and nothing else; the second keeps no input, because the first needs little to compute it again.
//!
//! *Invariant:* allocated once for the largest batch; smaller ones use the front.

use crate::block::moments::{self, MomentSums};
use crate::block::shape::BlockShape;
use crate::block::sums::{InputSums, OutputSums};
use crate::buffer::Buffer;
use crate::simd::vectors::pitch;
use crate::step::chunk::{chunks, most_chunks};
use network::Place;

/// Sums of one chunk of images.
#[derive(Debug, Default)]
pub(crate) struct Part {
    pub(crate) moments: MomentSums,
    pub(crate) output: OutputSums,
    pub(crate) input: InputSums,
    /// The gradient of the last layer's weight, `[classes, channels]`.
    pub(crate) linear: Vec<f64>,
}

/// A batch in flight.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) capacity: usize,
    /// The inputs of each block behind the second: the first's are the images, which the caller keeps, and
    /// the second's, the largest of all, are computed again from them.
    pub(crate) inputs: Vec<Buffer>,
    /// The codes of each block but the first.
    pub(crate) codes: Vec<Buffer>,
    /// The gradients of codes, of blocks with an even and with an odd number.
    pub(crate) code_gradients: [Buffer; 2],
    /// The argmax behind each pool, packed, and the mask of the ReLU before each residual.
    pub(crate) argmax: Vec<Vec<u32>>,
    pub(crate) relu_mask: Vec<Vec<u8>>,
    /// The gradient that a residual hands on to its beginning.
    pub(crate) residual: Buffer,
    /// The gradients of the last activations, their argmax (in the rows of each group's first image), and
    /// their ReLU's mask.
    pub(crate) feature_gradients: Buffer,
    pub(crate) feature_argmax: Vec<u32>,
    pub(crate) feature_mask: Vec<u8>,
    pub(crate) losses: Vec<f64>,
    pub(crate) classes: Vec<u8>,
    pub(crate) parts: Vec<Part>,
}

/// Numbers and bytes that an image takes.
struct Sizes {
    inputs: Vec<usize>,
    codes: Vec<usize>,
    code_gradients: [usize; 2],
    argmax: Vec<usize>,
    relu_mask: Vec<usize>,
    residual: usize,
    features: usize,
}

fn sizes(shapes: &[BlockShape]) -> Sizes {
    let last = shapes.len() - 1;
    let codes: Vec<_> =
        shapes.iter().map(|shape| if shape.sees_image { 0 } else { shape.code_size() }).collect();
    let largest = |parity: usize| codes.iter().skip(parity).step_by(2).copied().max().unwrap_or(0);
    let argmax = |shape: &BlockShape| if shape.place == Place::Pooled { shape.out_size() / 4 } else { 0 };
    let relu_mask = |(at, shape): (usize, &BlockShape)| {
        if shape.place == Place::ResidualSecond && at < last { shape.out_size() } else { 0 }
    };
    let residual =
        |shape: &BlockShape| if shape.place == Place::ResidualSecond { shape.out_size() } else { 0 };
    Sizes {
        inputs: shapes
            .iter()
            .enumerate()
            .map(|(at, shape)| if at < 2 { 0 } else { shape.in_size() })
            .collect(),
        code_gradients: [largest(0), largest(1)],
        codes,
        argmax: shapes.iter().map(argmax).collect(),
        relu_mask: shapes.iter().enumerate().map(relu_mask).collect(),
        residual: shapes[..last].iter().map(residual).max().unwrap_or(0),
        features: shapes[last].out_pitch(),
    }
}

impl Batch {
    pub(crate) fn new(shapes: &[BlockShape], images: usize) -> Self {
        let sizes = sizes(shapes);
        let zeroed = |size: &usize| Buffer::zeroed(images * size);
        Self {
            capacity: images,
            inputs: sizes.inputs.iter().map(zeroed).collect(),
            codes: sizes.codes.iter().map(zeroed).collect(),
            code_gradients: sizes.code_gradients.each_ref().map(zeroed),
            argmax: sizes.argmax.iter().map(|size| vec![0; images * size]).collect(),
            relu_mask: sizes.relu_mask.iter().map(|size| vec![0; images * size]).collect(),
            residual: zeroed(&sizes.residual),
            feature_gradients: zeroed(&sizes.features),
            feature_argmax: vec![0; images * sizes.features],
            feature_mask: vec![0; images * sizes.features],
            losses: vec![0.0; images],
            classes: vec![0; images],
            parts: (0..most_chunks(images)).map(|_| Part::default()).collect(),
        }
    }

    /// Returns the bytes that a batch takes; `linear` numbers are in the last layer's weight.
    pub(crate) fn bytes(shapes: &[BlockShape], linear: usize, images: usize) -> usize {
        let sizes = sizes(shapes);
        let sum = |list: &[usize]| list.iter().sum::<usize>();
        let floats = sum(&sizes.inputs) + sum(&sizes.codes) + sum(&sizes.code_gradients) + sizes.residual;
        let of_image = 4 * (floats + sum(&sizes.argmax)) + sum(&sizes.relu_mask) + 9 * sizes.features + 9;
        let largest = |of: &dyn Fn(&BlockShape) -> usize| shapes.iter().map(of).max().unwrap_or(0);
        let products = |shape: &BlockShape| 4 * pitch(shape.c_out) * pitch(shape.rank) + 8 * shape.c_out;
        let inputs = |shape: &BlockShape| 4 * shape.in_pitch() * (9 + shape.rank);
        let part = largest(&|shape| moments::bytes(shape.rank)) + largest(&products) + largest(&inputs);
        images * of_image + chunks(images).len() * (part + 8 * linear)
    }
}
