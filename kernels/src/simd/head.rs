//! The last layers: 4x4 max pool, linear layer without bias, scale, cross-entropy.
//!
//! *Invariant:* logits, losses and their gradients are float64; features and what flows back are float32.

use crate::simd::isa::Processor;
use network::architecture::LOGIT_SCALE;
use pulp::{Simd, WithSimd};

/// The largest value of each channel over an image's pixels, and which pixel has it (the first, if several).
pub(crate) struct GlobalPool<'a> {
    /// `[pixels, channels]`.
    pub(crate) activations: &'a [f32],
    pub(crate) pitch: usize,
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
        let mut rows = self.activations.chunks(self.pitch);
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

/// Logits of one image, one for each class; `weight` is `[classes, channels]`.
pub(crate) fn logits(weight: &[f32], features: &[f32], logits: &mut [f64]) {
    for (logit, row) in logits.iter_mut().zip(weight.chunks(features.len())) {
        let sum: f64 = row.iter().zip(features).map(|(&w, &f)| f64::from(w) * f64::from(f)).sum();
        *logit = LOGIT_SCALE * sum;
    }
}

/// Cross-entropy in nats, and the class with the largest logit (the first, if several). The logits become probabilities.
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

/// The gradient of the features, and the sum that becomes the weight's; `scale` is one over the batch.
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
