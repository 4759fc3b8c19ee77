//! A block: convolution, batch norm, ReLU and its pool.

use super::layers::{Tensor, convolve, convolve_back, pool, pool_back};
use super::{Reference, Values};
use network::architecture::{BATCH_NORM_EPSILON, BATCH_NORM_MOMENTUM};
use network::{Block, Filter, Place};

/// What a block keeps for its way back.
pub(super) struct Tape {
    inputs: Vec<Tensor>,
    normalised: Tensor,
    inverse_deviation: Vec<f64>,
    rectified: Tensor,
    from: Vec<usize>,
}

impl Reference {
    fn of(&self, block: &Block, part: &str) -> &[f64] {
        &self.values[&format!("{}.{part}", block.name)]
    }

    pub(super) fn block(&mut self, block: &Block, x: &Tensor, training: bool) -> (Tensor, Tape) {
        let mut inputs = vec![x.clone()];
        let y = match block.filter {
            Filter::Dense => convolve(x, self.of(block, "conv.weight"), block.c_out, 3, false),
            Filter::LowRank { rank } => {
                let d = convolve(x, self.of(block, "conv.depthwise.weight"), block.c_in, 3, true);
                let z = convolve(&d, self.of(block, "conv.contract.weight"), rank, 1, false);
                let y = convolve(&z, self.of(block, "conv.expand.weight"), block.c_out, 1, false);
                inputs.extend([d, z]);
                y
            }
        };
        let count = (y.n * y.side * y.side) as f64;
        let mut normalised = y.clone();
        let mut rectified = y.clone();
        let mut inverse_deviation = Vec::new();
        for c in 0..y.c {
            let every = || (0..y.n).flat_map(|image| y.plane(image, c));
            let (mean, variance) = if training {
                let mean = every().sum::<f64>() / count;
                let variance = every().map(|v| (v - mean).powi(2)).sum::<f64>() / count;
                let mut mix = |part: &str, new: f64| {
                    let old = &mut self.values.get_mut(&format!("{}.bn.{part}", block.name)).unwrap()[c];
                    *old = (1.0 - BATCH_NORM_MOMENTUM) * *old + BATCH_NORM_MOMENTUM * new;
                };
                mix("running_mean", mean);
                mix("running_var", variance * count / (count - 1.0));
                (mean, variance)
            } else {
                (self.of(block, "bn.running_mean")[c], self.of(block, "bn.running_var")[c])
            };
            let inverse = 1.0 / (variance + BATCH_NORM_EPSILON).sqrt();
            let (gamma, beta) = (self.of(block, "bn.weight")[c], self.of(block, "bn.bias")[c]);
            for image in 0..y.n {
                for (at, &value) in y.plane(image, c).iter().enumerate() {
                    let value = (value - mean) * inverse;
                    normalised.plane_mut(image, c)[at] = value;
                    rectified.plane_mut(image, c)[at] = (gamma * value + beta).max(0.0);
                }
            }
            inverse_deviation.push(inverse);
        }
        let (out, from) = match block.place {
            Place::Pooled => pool(&rectified, 2),
            _ => (rectified.clone(), Vec::new()),
        };
        (out, Tape { inputs, normalised, inverse_deviation, rectified, from })
    }

    /// Gradient of the input; those of the parameters go to `gradients`.
    pub(super) fn block_back(
        &self,
        block: &Block,
        tape: &Tape,
        g: &Tensor,
        gradients: &mut Values,
    ) -> Tensor {
        let mut g = match block.place {
            Place::Pooled => pool_back(&tape.rectified, &tape.from, &g.data),
            _ => g.clone(),
        };
        g.data.iter_mut().zip(&tape.rectified.data).for_each(|(g, &out)| {
            if out <= 0.0 {
                *g = 0.0;
            }
        });
        let count = (g.n * g.side * g.side) as f64;
        let (mut d_gamma, mut d_beta) = (Vec::new(), Vec::new());
        for c in 0..g.c {
            let pairs = || (0..g.n).flat_map(|i| g.plane(i, c).iter().zip(tape.normalised.plane(i, c)));
            let sum: f64 = pairs().map(|(g, _)| g).sum();
            let product: f64 = pairs().map(|(g, y)| g * y).sum();
            let scale = self.of(block, "bn.weight")[c] * tape.inverse_deviation[c];
            for image in 0..g.n {
                for (g, y) in g.plane_mut(image, c).iter_mut().zip(tape.normalised.plane(image, c)) {
                    *g = scale * (*g - sum / count - y * product / count);
                }
            }
            d_gamma.push(product);
            d_beta.push(sum);
        }
        let mut put = |part: &str, values| gradients.insert(format!("{}.{part}", block.name), values);
        put("bn.weight", d_gamma);
        put("bn.bias", d_beta);
        let steps: &[(&str, usize, bool)] = match block.filter {
            Filter::Dense => &[("conv.weight", 3, false)],
            Filter::LowRank { .. } => &[
                ("conv.depthwise.weight", 3, true),
                ("conv.contract.weight", 1, false),
                ("conv.expand.weight", 1, false),
            ],
        };
        for (&(part, kernel, depthwise), input) in steps.iter().zip(&tape.inputs).rev() {
            let (dx, dw) = convolve_back(input, self.of(block, part), &g, kernel, depthwise);
            put(part, dw);
            g = dx;
        }
        g
    }
}
