//! A block in use: its sizes, its weights as the kernels read them, and its batch norm.
//!
//! *Invariant:* parameters are found by their order, which is [`network::Block::parameters`]'s.

use crate::block::normalisation::{Moments, Normalisation};
use crate::block::scratch::Scratch;
use crate::block::shape::BlockShape;
use crate::block::sums::{InputSums, OutputSums};
use crate::block::weights::{BackDecoder, Decoder, Encoder, expand_matrix, image_order};
use crate::parameters::Parameters;
use crate::workers::Workers;
use ndarray::{Array1, Array2};
use network::Block;
use network::architecture::BATCH_NORM_EPSILON;

/// A block and all that is derived from its weights.
#[derive(Debug)]
pub(crate) struct BlockState {
    pub(crate) name: &'static str,
    pub(crate) shape: BlockShape,
    pub(crate) encoder: Encoder,
    pub(crate) decoder: Decoder,
    pub(crate) back: BackDecoder,
    normalisation: Option<Normalisation>,
    /// Its first parameter and its running mean.
    first: usize,
    statistic: usize,
}

impl BlockState {
    pub(crate) fn all(blocks: &[Block]) -> Vec<Self> {
        let mut first = 0;
        let state = |(at, block): (usize, &Block)| {
            let state = Self {
                name: block.name,
                shape: BlockShape::new(block),
                encoder: Encoder::default(),
                decoder: Decoder::default(),
                back: BackDecoder::default(),
                normalisation: None,
                first,
                statistic: 2 * at,
            };
            first += block.parameters().len();
            state
        };
        blocks.iter().enumerate().map(state).collect()
    }

    /// Where `expand` is; the first block's only weight has its place. Batch norm's scale and shift follow.
    fn expand_at(&self) -> usize {
        if self.shape.sees_image { self.first } else { self.first + 2 }
    }

    fn expand(&self, parameters: &Parameters) -> Array2<f64> {
        expand_matrix(&self.shape, &parameters.trainable[self.expand_at()].value)
    }

    /// Takes up the weights in front of the bottleneck.
    pub(crate) fn fill_encoder(&mut self, lanes: usize, parameters: &Parameters) {
        if !self.shape.sees_image {
            let [depthwise, contract] = &parameters.trainable[self.first..self.first + 2] else {
                unreachable!("a block has both")
            };
            self.encoder.fill(lanes, &self.shape, &depthwise.value, &contract.value);
        }
    }

    /// Takes up the weights behind it, normalised by a batch, and moves the running statistics.
    pub(crate) fn normalise(&mut self, lanes: usize, parameters: &mut Parameters, moments: Moments) {
        let at = self.expand_at();
        let norm = Normalisation::new(moments, self.expand(parameters), &parameters.trainable[at + 1].value);
        let [mean, variance] = &mut parameters.statistics[self.statistic..self.statistic + 2] else {
            unreachable!("a block has both")
        };
        norm.update_running(&mut mean.value, &mut variance.value);
        self.decoder.by_batch(lanes, &self.shape, &norm, &parameters.trainable[at + 2].value);
        self.back.by_batch(lanes, &self.shape, &norm);
        self.normalisation = Some(norm);
    }

    /// Takes up the weights behind it, normalised by the running statistics.
    pub(crate) fn fold_running(&mut self, lanes: usize, parameters: &Parameters) {
        let at = self.expand_at();
        let value = |at: usize| parameters.trainable[at].value.iter().map(|&v| f64::from(v));
        let statistic = |at: usize| parameters.statistics[at].value.iter().map(|&v| f64::from(v));
        let running = statistic(self.statistic).zip(statistic(self.statistic + 1));
        let affine = value(at + 1).zip(value(at + 2));
        let folded = affine.zip(running).map(|((gamma, beta), (mean, variance))| {
            let scale = gamma / (variance + BATCH_NORM_EPSILON).sqrt();
            (scale, beta - scale * mean)
        });
        let expand = self.expand(parameters);
        self.decoder.by_scale(lanes, &self.shape, &expand, folded);
    }

    /// Makes gradients out of the sums over all outputs, and prepares the way back to the input.
    pub(crate) fn output_gradients<'a>(
        &mut self,
        lanes: usize,
        workers: &Workers<Scratch>,
        parameters: &mut Parameters,
        parts: impl Iterator<Item = &'a OutputSums>,
        pooled: bool,
    ) {
        let parts: Vec<_> = parts.collect();
        let shape = &self.shape;
        let mut flat = vec![0.0; OutputSums::products_length(shape, pooled)];
        workers.add_up(parts.iter().map(|part| &*part.products), &mut flat);
        let (code_pitch, out_pitch) = (shape.code_pitch(), shape.out_pitch());
        let products = Array2::from_shape_fn((shape.c_out, shape.rank), |(o, r)| {
            flat[if pooled { o * code_pitch + r } else { r * out_pitch + o }]
        });
        let mut sums = Array1::zeros(shape.c_out);
        for part in parts {
            sums.iter_mut().zip(&part.sums).for_each(|(total, sum)| *total += sum);
        }
        let norm = self.normalisation.take().expect("forward comes before backward");
        let gradients = norm.backward(&products, sums);
        let at = self.expand_at();
        let rank = shape.rank;
        let expand = &mut parameters.trainable[at].gradient;
        for (given, row) in expand.chunks_mut(rank).zip(gradients.expand.rows()) {
            for (r, &value) in row.iter().enumerate() {
                given[if shape.sees_image { image_order(r) } else { r }] = value;
            }
        }
        let copy =
            |to: &mut Vec<f64>, from: &Array1<f64>| to.iter_mut().zip(from).for_each(|(to, &f)| *to = f);
        copy(&mut parameters.trainable[at + 1].gradient, &gradients.gamma);
        copy(&mut parameters.trainable[at + 2].gradient, &gradients.beta);
        if !shape.sees_image {
            self.back.correct(lanes, shape, &gradients);
        }
    }

    /// Makes gradients out of the sums over all inputs.
    pub(crate) fn input_gradients<'a>(
        &self,
        workers: &Workers<Scratch>,
        parameters: &mut Parameters,
        parts: impl Iterator<Item = &'a InputSums> + Clone,
    ) {
        let (c_in, pitch) = (self.shape.c_in, self.shape.in_pitch());
        let mut taps = vec![0.0; 9 * pitch];
        workers.add_up(parts.clone().map(|part| &*part.taps), &mut taps);
        let mut contract = vec![0.0; self.shape.rank * pitch];
        workers.add_up(parts.map(|part| &*part.contract), &mut contract);
        let depthwise = &mut parameters.trainable[self.first].gradient;
        for (c, window) in depthwise.chunks_mut(9).enumerate() {
            window.iter_mut().enumerate().for_each(|(k, gradient)| *gradient = taps[k * pitch + c]);
        }
        let rows = parameters.trainable[self.first + 1].gradient.chunks_mut(c_in);
        rows.zip(contract.chunks(pitch)).for_each(|(gradient, row)| gradient.copy_from_slice(&row[..c_in]));
    }
}
