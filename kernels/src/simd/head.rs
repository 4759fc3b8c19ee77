//! The last layers: 4x4 max pool, linear layer without bias, scale, cross-entropy.
//!
//! *Invariant:* logits, losses and their gradients are float64; features and what flows back are float32.

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

/// Computes the logits of one image, one for each class.
pub(crate) struct Logits<'a> {
    /// `[classes, channels]`.
    pub(crate) weight: &'a [f32],
    /// `[channels]`.
    pub(crate) features: &'a [f32],
    /// `[classes]`.
    pub(crate) out: &'a mut [f64],
}

impl Logits<'_> {
    /// Computes the logits of `N` classes side by side: one sum would wait for itself.
    #[inline(always)]
    fn classes<const N: usize>(&mut self, class: usize) {
        let channels = self.features.len();
        let rows: [&[f32]; N] = std::array::from_fn(|n| &self.weight[(class + n) * channels..][..channels]);
        // The neutral element: zero would hide the sign of a sum of nothing but -0.
        let mut sums = [-0.0; N];
        for (c, &feature) in self.features.iter().enumerate() {
            for n in 0..N {
                sums[n] += f64::from(rows[n][c]) * f64::from(feature);
            }
        }
        for n in 0..N {
            self.out[class + n] = LOGIT_SCALE * sums[n];
        }
    }
}

impl WithSimd for Logits<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _: S) {
        let (mut class, classes) = (0, self.out.len());
        while class + 8 <= classes {
            self.classes::<8>(class);
            class += 8;
        }
        while class + 2 <= classes {
            self.classes::<2>(class);
            class += 2;
        }
        if class < classes {
            self.classes::<1>(class);
        }
    }
}

/// Returns the cross-entropy in nats and the class with the largest logit (the first, if several). The logits
/// become probabilities.
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

/// Writes the gradient of the features, and adds to the sums that become the weight's.
pub(crate) struct HeadBackward<'a> {
    /// `[classes, channels]`.
    pub(crate) weight: &'a [f32],
    /// `[channels]`.
    pub(crate) features: &'a [f32],
    /// `[classes]`.
    pub(crate) probabilities: &'a [f64],
    pub(crate) label: u8,
    /// One over the batch.
    pub(crate) scale: f64,
    /// `[classes, channels]`.
    pub(crate) weight_sums: &'a mut [f64],
    /// `[channels]`.
    pub(crate) out: &'a mut [f32],
}

impl WithSimd for HeadBackward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let channels = self.features.len();
        let out = &mut self.out[..channels];
        out.fill(0.0);
        let rows = self.weight.chunks(channels).zip(self.weight_sums.chunks_mut(channels));
        for (class, (&probability, (weight, sums))) in self.probabilities.iter().zip(rows).enumerate() {
            let hit = f64::from(u8::from(class == usize::from(self.label)));
            let gradient = (probability - hit) * self.scale * LOGIT_SCALE;
            let single = gradient as f32;
            for (out, weight) in out.iter_mut().zip(weight) {
                *out += single * weight;
            }
            for (sum, &feature) in sums.iter_mut().zip(self.features) {
                *sum += gradient * f64::from(feature);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::guarded::{Draw, processors};
    use crate::simd::isa::Run;
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
        fn logits_are_those_of_float64(
            (classes, channels) in (1usize..40, 1usize..70), seed in any::<u64>(),
        ) {
            let mut draw = Draw::new(seed);
            let (weight, features) = (draw.numbers(classes * channels), draw.numbers(channels));
            for processor in processors() {
                let mut out = vec![9.0; classes];
                Logits { weight: &weight, features: &features, out: &mut out }.run(processor);
                for (found, row) in out.iter().zip(weight.chunks(channels)) {
                    let products = row.iter().zip(&features).map(|(&w, &f)| f64::from(w) * f64::from(f));
                    prop_assert_eq!(*found, LOGIT_SCALE * products.sum::<f64>(), "{:?}", processor);
                }
            }
        }

        #[test]
        fn a_loss_is_the_logarithm_of_a_probability(
            logits in prop::collection::vec(-20.0..20.0, 1..256usize), label in any::<prop::sample::Index>(),
        ) {
            let (classes, label) = (logits.len(), label.index(logits.len()));
            let mut probabilities = logits.clone();
            let (loss, class) = cross_entropy(&mut probabilities, label as u8);
            let sum: f64 = logits.iter().map(|logit| logit.exp()).sum();
            prop_assert!((loss - (sum.ln() - logits[label])).abs() < 1e-12 * (1.0 + loss.abs() + sum.ln().abs()));
            let best = (1..classes).fold(0, |best, next| if logits[next] > logits[best] { next } else { best });
            prop_assert_eq!(usize::from(class), best);
            for (probability, logit) in probabilities.iter().zip(&logits) {
                prop_assert!((probability - logit.exp() / sum).abs() < 1e-12);
            }
        }

        #[test]
        fn the_way_back_is_that_of_float64(
            (classes, channels) in (1usize..40, 1usize..70), label in any::<u8>(), seed in any::<u64>(),
        ) {
            let (mut draw, label) = (Draw::new(seed), label % classes as u8);
            let (weight, features) = (draw.numbers(classes * channels), draw.numbers(channels));
            let probabilities: Vec<_> = draw.numbers(classes).into_iter().map(f64::from).collect();
            let gradient = |class: usize| {
                let hit = f64::from(u8::from(class == usize::from(label)));
                (probabilities[class] - hit) * 0.5 * LOGIT_SCALE
            };
            for processor in processors() {
                let (mut weight_sums, mut out) = (vec![1.0; weight.len()], vec![9.0; channels + 3]);
                HeadBackward {
                    weight: &weight,
                    features: &features,
                    probabilities: &probabilities,
                    label,
                    scale: 0.5,
                    weight_sums: &mut weight_sums,
                    out: &mut out,
                }
                .run(processor);
                for (at, &found) in weight_sums.iter().enumerate() {
                    let expected = 1.0 + gradient(at / channels) * f64::from(features[at % channels]);
                    prop_assert_eq!(found, expected, "{:?}", processor);
                }
                for (c, &found) in out[..channels].iter().enumerate() {
                    let term = |class: usize| gradient(class) * f64::from(weight[class * channels + c]);
                    prop_assert_eq!(f64::from(found), (0..classes).map(term).sum::<f64>(), "{:?}", processor);
                }
                prop_assert_eq!(&out[channels..], [9.0; 3]);
            }
        }
    }
}
