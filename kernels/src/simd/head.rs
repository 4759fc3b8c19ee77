//! The last layers: 4x4 max pool, linear layer without bias, scale, cross-entropy.
//!
//! *Invariant:* logits, losses and their gradients are float64; features and what flows back are float32.

use crate::simd::isa::Processor;
use crate::simd::rows::Rows;
use network::architecture::LOGIT_SCALE;
use pulp::{Simd, WithSimd};

/// The largest value of each channel over an image's pixels, and which pixel has it (the first, if several).
pub(crate) struct GlobalPool<'a> {
    /// `[pixels, channels]`.
    pub(crate) activations: Rows<'a>,
    /// `[channels]`.
    pub(crate) features: &'a mut [f32],
    /// `[channels]`.
    pub(crate) argmax: &'a mut [u32],
}

impl GlobalPool<'_> {
    pub(crate) fn run(self, processor: Processor) {
        processor.run(self);
    }
}

impl WithSimd for GlobalPool<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let mut rows = self.activations.iter();
        self.argmax.fill(0);
        if let Some(first) = rows.next() {
            self.features.copy_from_slice(&first[..self.features.len()]);
        }
        for (pixel, row) in (1..).zip(rows) {
            for ((feature, winner), value) in self.features.iter_mut().zip(&mut *self.argmax).zip(row) {
                *winner = if *value > *feature { pixel } else { *winner };
                *feature = if *value > *feature { *value } else { *feature };
            }
        }
    }
}

/// Computes the logits of one image, one for each class; `weight` is `[classes, channels]`.
pub(crate) fn logits(weight: &[f32], features: &[f32], logits: &mut [f64]) {
    for (logit, row) in logits.iter_mut().zip(weight.chunks(features.len())) {
        let sum: f64 = row.iter().zip(features).map(|(&w, &f)| f64::from(w) * f64::from(f)).sum();
        *logit = LOGIT_SCALE * sum;
    }
}

/// Returns the cross-entropy in nats and the class with the largest logit (the first, if several). The logits become probabilities.
pub(crate) fn cross_entropy(logits: &mut [f64], label: u8) -> (f64, u8) {
    let mut class = 0;
    for (candidate, logit) in logits.iter().enumerate() {
        if *logit > logits[class] {
            class = candidate;
        }
    }
    let (largest, of_label) = (logits[class], logits[usize::from(label)]);
    for logit in &mut *logits {
        *logit = (*logit - largest).exp();
    }
    let sum: f64 = logits.iter().sum();
    for exponential in logits {
        *exponential /= sum;
    }
    (sum.ln() + largest - of_label, u8::try_from(class).expect("classes are bytes"))
}

/// Writes the gradient of the features, and adds to the sums that become the weight's; `scale` is one over the batch.
pub(crate) fn backward(
    weight: &[f32],
    features: &[f32],
    probabilities: &[f64],
    label: u8,
    scale: f64,
    weight_sums: &mut [f64],
    out: &mut [f32],
) {
    let channels = features.len();
    out[..channels].fill(0.0);
    for (class, &probability) in probabilities.iter().enumerate() {
        let hit = f64::from(u8::from(class == usize::from(label)));
        let gradient = (probability - hit) * scale * LOGIT_SCALE;
        let rows = class * channels..(class + 1) * channels;
        let single = gradient as f32;
        for (out, weight) in out.iter_mut().zip(&weight[rows.clone()]) {
            *out += single * weight;
        }
        for (sum, &feature) in weight_sums[rows].iter_mut().zip(features) {
            *sum += gradient * f64::from(feature);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::guarded::{Draw, processors};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_first_largest_pixel_of_each_channel_wins(
            (pixels, channels) in (1usize..20, 1usize..70), gap in 0usize..20, seed in any::<u64>(),
        ) {
            let activations = Draw::new(seed).input(pixels, channels, gap);
            for processor in processors() {
                let (mut features, mut argmax) = (vec![0.0; channels], vec![7; channels]);
                let (rows, to) = (activations.rows(), &mut *features);
                GlobalPool { activations: rows, features: to, argmax: &mut argmax }.run(processor);
                for c in 0..channels {
                    let later = |best: usize, pixel: usize| {
                        if activations.at(pixel, c) > activations.at(best, c) { pixel } else { best }
                    };
                    let winner = (1..pixels).fold(0, later);
                    prop_assert_eq!((argmax[c], features[c]), (winner as u32, activations.at(winner, c)));
                }
            }
        }

        #[test]
        fn the_loss_falls_against_its_gradient(
            (classes, channels) in (2usize..40, 1usize..40), label in any::<u8>(), seed in any::<u64>(),
        ) {
            let (mut draw, label) = (Draw::new(seed), label % classes as u8);
            let (weight, features) = (draw.numbers(classes * channels), draw.numbers(channels));
            let loss = |weight: &[f32]| {
                let mut scores = vec![0.0; classes];
                logits(weight, &features, &mut scores);
                let class = (1..classes).fold(0, |best, next| if scores[next] > scores[best] { next } else { best });
                let sum: f64 = scores.iter().map(|score| score.exp()).sum();
                let expected = sum.ln() - scores[usize::from(label)];
                let probabilities: Vec<_> = scores.iter().map(|score| score.exp() / sum).collect();
                let found = cross_entropy(&mut scores, label);
                assert!((found.0 - expected).abs() < 1e-12 && usize::from(found.1) == class);
                assert!(scores.iter().zip(&probabilities).all(|(found, expected)| (found - expected).abs() < 1e-12));
                (expected, scores)
            };
            let (_, probabilities) = loss(&weight);
            let (mut sums, mut out) = (vec![1.0; weight.len()], vec![9.0; channels + 3]);
            backward(&weight, &features, &probabilities, label, 0.5, &mut sums, &mut out);
            prop_assert_eq!(&out[channels..], [9.0; 3]);
            for at in [0, weight.len() / 2, weight.len() - 1] {
                let moved = |by: f32| {
                    let mut weight = weight.clone();
                    weight[at] += by;
                    loss(&weight).0
                };
                let slope = 0.5 * (moved(1.0 / 64.0) - moved(-1.0 / 64.0)) * 32.0;
                prop_assert!((sums[at] - 1.0 - slope).abs() < 1e-4, "{} against {slope}", sums[at] - 1.0);
            }
            for (c, &found) in out[..channels].iter().enumerate() {
                let hit = |class: usize| f64::from(u8::from(class == usize::from(label)));
                let term = |class: usize| (probabilities[class] - hit(class)) * f64::from(weight[class * channels + c]);
                let expected = 0.5 * LOGIT_SCALE * (0..classes).map(term).sum::<f64>();
                prop_assert!((f64::from(found) - expected).abs() < 1e-5, "{found} against {expected}");
            }
        }
    }
}
