//! A block in use: its sizes, its weights as the kernels read them, and its batch norm.
//!
//! *Invariant:* parameters and statistics are found by their roles, once.

use crate::block::normalisation::{Moments, Normalisation};
use crate::block::scratch::Scratch;
use crate::block::shape::BlockShape;
use crate::block::sums::{InputSums, OutputSums};
use crate::block::weights::{BackDecoder, Decoder, Encoder, expand_matrix, image_order};
use crate::parameters::Parameters;
use crate::workers::Workers;
use ndarray::{Array1, Array2};
use network::architecture::BATCH_NORM_EPSILON;
use network::{Block, Role};

/// A block and all that is derived from its weights.
#[derive(Debug)]
pub(crate) struct BlockState {
    pub(crate) name: &'static str,
    pub(crate) shape: BlockShape,
    pub(crate) encoder: Encoder,
    pub(crate) decoder: Decoder,
    pub(crate) back: BackDecoder,
    normalisation: Option<Normalisation>,
    /// The places of `depthwise` and `contract` among the parameters; the first block has none.
    bottleneck: Option<[usize; 2]>,
    /// The place of `expand`; in the first block, that of its only weight.
    expand: usize,
    /// The places of batch norm's scale and shift.
    affine: [usize; 2],
    /// The places of its running mean and variance among the statistics.
    running: [usize; 2],
}

impl BlockState {
    /// # Panics
    /// It panics where the parameters are not those of the block's network.
    pub(crate) fn new(block: &Block, parameters: &Parameters) -> Self {
        let at = |role| parameters.at(block, role);
        let need = |role| at(role).expect("every block has one");
        let statistic = |role| parameters.statistic_at(block, role).expect("every block has one");
        Self {
            name: block.name,
            shape: BlockShape::new(block),
            encoder: Encoder::default(),
            decoder: Decoder::default(),
            back: BackDecoder::default(),
            normalisation: None,
            bottleneck: at(Role::Depthwise).zip(at(Role::Contract)).map(<[usize; 2]>::from),
            expand: at(Role::Expand).unwrap_or_else(|| need(Role::Dense)),
            affine: [need(Role::Scale), need(Role::Shift)],
            running: [statistic(Role::Mean), statistic(Role::Variance)],
        }
    }

    fn expand(&self, parameters: &Parameters) -> Array2<f64> {
        expand_matrix(&self.shape, &parameters.trainable[self.expand].value)
    }

    /// Takes up the weights in front of the bottleneck.
    pub(crate) fn fill_encoder(&mut self, lanes: usize, parameters: &Parameters) {
        if let Some(bottleneck) = self.bottleneck {
            let [depthwise, contract] = bottleneck.map(|at| &parameters.trainable[at]);
            self.encoder.fill(lanes, &self.shape, &depthwise.value, &contract.value);
        }
    }

    /// Takes up the weights behind it, normalised by a batch, and moves the running statistics.
    pub(crate) fn normalise(&mut self, lanes: usize, parameters: &mut Parameters, moments: Moments) {
        let [scale, shift] = self.affine;
        let norm = Normalisation::new(moments, self.expand(parameters), &parameters.trainable[scale].value);
        let [mean, variance] =
            parameters.statistics.get_disjoint_mut(self.running).expect("they are two of them");
        norm.update_running(&mut mean.value, &mut variance.value);
        self.decoder.by_batch(lanes, &self.shape, &norm, &parameters.trainable[shift].value);
        self.back.by_batch(lanes, &self.shape, &norm);
        self.normalisation = Some(norm);
    }

    /// Takes up the weights behind it, normalised by the running statistics.
    pub(crate) fn fold_running(&mut self, lanes: usize, parameters: &Parameters) {
        let value = |at: usize| parameters.trainable[at].value.iter().map(|&v| f64::from(v));
        let statistic = |at: usize| parameters.statistics[at].value.iter().map(|&v| f64::from(v));
        let [scales, shifts] = self.affine.map(value);
        let [means, variances] = self.running.map(statistic);
        let folded = scales.zip(shifts).zip(means.zip(variances)).map(|((gamma, beta), (mean, variance))| {
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
        let rank = shape.rank;
        let expand = &mut parameters.trainable[self.expand].gradient;
        for (given, row) in expand.chunks_mut(rank).zip(gradients.expand.rows()) {
            for (r, &value) in row.iter().enumerate() {
                given[if shape.sees_image { image_order(r) } else { r }] = value;
            }
        }
        let copy =
            |to: &mut Vec<f64>, from: &Array1<f64>| to.iter_mut().zip(from).for_each(|(to, &f)| *to = f);
        let [scale, shift] = self.affine;
        copy(&mut parameters.trainable[scale].gradient, &gradients.gamma);
        copy(&mut parameters.trainable[shift].gradient, &gradients.beta);
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
        let Some([depthwise_at, contract_at]) = self.bottleneck else { return };
        let (c_in, pitch) = (self.shape.c_in, self.shape.in_pitch());
        let mut taps = vec![0.0; 9 * pitch];
        workers.add_up(parts.clone().map(|part| &*part.taps), &mut taps);
        let mut contract = vec![0.0; self.shape.rank * pitch];
        workers.add_up(parts.map(|part| &*part.contract), &mut contract);
        let depthwise = &mut parameters.trainable[depthwise_at].gradient;
        for (c, window) in depthwise.chunks_mut(9).enumerate() {
            window.iter_mut().enumerate().for_each(|(k, gradient)| *gradient = taps[k * pitch + c]);
        }
        let rows = parameters.trainable[contract_at].gradient.chunks_mut(c_in);
        rows.zip(contract.chunks(pitch)).for_each(|(gradient, row)| gradient.copy_from_slice(&row[..c_in]));
    }
}
