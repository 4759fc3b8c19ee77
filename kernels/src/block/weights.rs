//! A block's weights as the kernels read them, made anew for each update.
//!
//! *Invariant:* rows are whole vectors long; what is beyond the channels is zero.

use crate::block::normalisation::{Gradients, Normalisation};
use crate::block::shape::BlockShape;
use crate::simd::panels::Panels;
use crate::simd::patches::patch_index;
use crate::simd::vectors::pitch;
use ndarray::{Array2, ArrayView2};
use network::architecture::IMAGE_CHANNELS;

/// The weights between a block's input and its codes, for both ways.
#[derive(Debug, Default)]
pub(crate) struct Encoder {
    /// The depthwise weights, `[9, c_in]`.
    pub(crate) taps: Vec<f32>,
    /// The depthwise weights turned by 180 degrees.
    pub(crate) turned: Vec<f32>,
    /// `contract` transposed: `[c_in, rank]`.
    pub(crate) contract: Panels,
    /// `contract`: `[rank, c_in]`.
    pub(crate) contract_back: Panels,
}

impl Encoder {
    /// `depthwise` is `[c_in, 9]`, `contract` is `[rank, c_in]`.
    pub(crate) fn fill(&mut self, lanes: usize, shape: &BlockShape, depthwise: &[f32], contract: &[f32]) {
        let (c_in, row) = (shape.c_in, shape.in_pitch());
        self.taps.resize(9 * row, 0.0);
        self.turned.resize(9 * row, 0.0);
        for k in 0..9 {
            for c in 0..c_in {
                self.taps[k * row + c] = depthwise[c * 9 + k];
                self.turned[(8 - k) * row + c] = depthwise[c * 9 + k];
            }
        }
        self.contract.pack(lanes, c_in, shape.rank, |k, n| contract[n * c_in + k]);
        self.contract_back.pack(lanes, shape.rank, c_in, |k, n| contract[k * c_in + n]);
    }
}

/// The weights between a block's codes and its output, with batch norm folded in: `relu(panels (z - mean) +
/// bias)`.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    pub(crate) mean: Vec<f32>,
    pub(crate) panels: Panels,
    pub(crate) bias: Vec<f32>,
}

impl Decoder {
    /// Folds a batch's statistics in.
    pub(crate) fn by_batch(&mut self, lanes: usize, shape: &BlockShape, norm: &Normalisation, beta: &[f32]) {
        let mean = norm.moments.mean.iter().map(|&mean| mean as f32);
        fill(&mut self.mean, shape.code_pitch(), mean);
        fill(&mut self.bias, shape.out_pitch(), beta.iter().copied());
        self.pack(lanes, shape, &norm.folded());
    }

    /// Folds any scale and bias of the outputs in, without centring.
    pub(crate) fn by_scale(
        &mut self,
        lanes: usize,
        shape: &BlockShape,
        expand: &Array2<f64>,
        scale_and_bias: impl Iterator<Item = (f64, f64)>,
    ) {
        let mut folded = expand.clone();
        let mut biases = Vec::with_capacity(shape.c_out);
        for (mut row, (scale, bias)) in folded.rows_mut().into_iter().zip(scale_and_bias) {
            row *= scale;
            biases.push(bias as f32);
        }
        fill(&mut self.mean, shape.code_pitch(), std::iter::empty());
        fill(&mut self.bias, shape.out_pitch(), biases.into_iter());
        self.pack(lanes, shape, &folded);
    }

    fn pack(&mut self, lanes: usize, shape: &BlockShape, folded: &Array2<f64>) {
        self.panels.pack(lanes, shape.rank, shape.c_out, |k, n| folded[(n, k)] as f32);
    }
}

/// The weights between the gradient of a block's output and that of its codes.
#[derive(Debug, Default)]
pub(crate) struct BackDecoder {
    /// The panels of `s E`, for dense gradients: `[c_out, rank]`.
    pub(crate) panels: Panels,
    /// The rows of `s E`, for gradients behind a pool.
    pub(crate) rows: Vec<f32>,
    /// `-M`, symmetric.
    pub(crate) slope: Panels,
    /// `-a`.
    pub(crate) constant: Vec<f32>,
}

impl BackDecoder {
    pub(crate) fn by_batch(&mut self, lanes: usize, shape: &BlockShape, norm: &Normalisation) {
        let folded = norm.folded();
        self.panels.pack(lanes, shape.c_out, shape.rank, |k, n| folded[(k, n)] as f32);
        let row = shape.code_pitch();
        self.rows.resize(shape.c_out * row, 0.0);
        for (out, values) in self.rows.chunks_mut(row).zip(folded.rows()) {
            out.iter_mut().zip(values).for_each(|(out, &value)| *out = value as f32);
        }
    }

    pub(crate) fn correct(&mut self, lanes: usize, shape: &BlockShape, gradients: &Gradients) {
        let slope = &gradients.slope;
        self.slope.pack(lanes, shape.rank, shape.rank, |k, n| -slope[(k, n)] as f32);
        fill(&mut self.constant, shape.code_pitch(), gradients.constant.iter().map(|&a| -a as f32));
    }
}

/// Returns `expand` as a matrix `[c_out, rank]`; for the first block, its weights in the order of a patch.
pub(crate) fn expand_matrix(shape: &BlockShape, values: &[f32]) -> Array2<f64> {
    let given = ArrayView2::from_shape((shape.c_out, shape.rank), values).expect("shapes were checked");
    if shape.sees_image {
        Array2::from_shape_fn(given.dim(), |(o, at)| f64::from(given[(o, image_order(at))]))
    } else {
        given.mapv(f64::from)
    }
}

/// Returns the place of number `at` of a patch in a row of the first convolution's weights,
/// `[colour][ky][kx]`.
pub(crate) fn image_order(at: usize) -> usize {
    let (window, colour) = (at / IMAGE_CHANNELS, at % IMAGE_CHANNELS);
    debug_assert_eq!(patch_index(colour, window / 3, window % 3), at);
    colour * 9 + window
}

fn fill(row: &mut Vec<f32>, length: usize, values: impl Iterator<Item = f32>) {
    debug_assert_eq!(length, pitch(length));
    row.clear();
    row.extend(values);
    row.resize(length, 0.0);
}
