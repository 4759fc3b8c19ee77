//! Batch norm through the bottleneck.
//!
//! Let `z` be the code of a pixel and `y = E z`. Then `mean(y) = E mean(z)` and `var(y) = diag(E cov(z)
//! E^T)`, so that with `s = gamma / sqrt(var + epsilon)` the block is `relu(s E (z - mean(z)) + beta)` and
//! the tensor before batch norm never exists. Backward, with `H = sum g (z - mean)^T` and `G = sum g` over
//! the `n` pixels, `g` the gradient behind the ReLU:
//!
//! - `d beta = G`, `d gamma_o = H_o . E_o / sqrt(var_o + epsilon)`,
//! - `d E_o = s_o (H_o - d gamma_o / sqrt(var_o + epsilon) (E cov(z))_o)`,
//! - `d z = (s E)^T g - a - M (z - mean)`, `a = E^T (s G) / n`, `M = E^T diag(s d gamma / (n sqrt(var +
//!   epsilon))) E`.
//!
//! Source: Ioffe and Szegedy, arXiv 1502.03167, with the sums over outputs moved to the codes.
//!
//! *Invariant:* float64; all reductions over pixels happen on codes, which are centred before they are
//! squared.

use ndarray::{Array1, Array2, Axis};
use network::architecture::{BATCH_NORM_EPSILON, BATCH_NORM_MOMENTUM};

/// The codes of a batch: how many, their mean, and the covariance that divides by their number.
#[derive(Debug, Clone)]
pub(crate) struct Moments {
    pub(crate) count: usize,
    pub(crate) mean: Array1<f64>,
    pub(crate) covariance: Array2<f64>,
}

/// A block's batch norm for one batch.
#[derive(Debug)]
pub(crate) struct Normalisation {
    pub(crate) moments: Moments,
    /// `E`, `[outputs, rank]`.
    expand: Array2<f64>,
    /// `E cov(z)`.
    expand_covariance: Array2<f64>,
    /// `1 / sqrt(var + epsilon)`.
    inverse_deviation: Array1<f64>,
    variance: Array1<f64>,
    /// `gamma / sqrt(var + epsilon)`.
    scale: Array1<f64>,
}

/// Gradients of a block's `expand` and batch norm, and what the codes' gradient needs.
#[derive(Debug)]
pub(crate) struct Gradients {
    pub(crate) gamma: Array1<f64>,
    pub(crate) beta: Array1<f64>,
    pub(crate) expand: Array2<f64>,
    /// `a`.
    pub(crate) constant: Array1<f64>,
    /// `M`.
    pub(crate) slope: Array2<f64>,
}

impl Normalisation {
    pub(crate) fn new(moments: Moments, expand: Array2<f64>, gamma: &[f32]) -> Self {
        let expand_covariance = expand.dot(&moments.covariance);
        let variance = (&expand * &expand_covariance)
            .sum_axis(Axis(1))
            .mapv(|variance| if variance < 0.0 { 0.0 } else { variance });
        let inverse_deviation = variance.mapv(|variance| 1.0 / (variance + BATCH_NORM_EPSILON).sqrt());
        let scale = gamma.iter().zip(&inverse_deviation).map(|(&gamma, i)| f64::from(gamma) * i).collect();
        Self { moments, expand, expand_covariance, inverse_deviation, variance, scale }
    }

    /// `s E`, whose products with centred codes are the normalised outputs less `beta`.
    pub(crate) fn folded(&self) -> Array2<f64> {
        &self.expand * &self.scale.view().insert_axis(Axis(1))
    }

    /// Moves the running statistics towards this batch's; the variance divides by one less than the count.
    pub(crate) fn update_running(&self, mean: &mut [f32], variance: &mut [f32]) {
        let count = self.moments.count as f64;
        let unbiased = count / (count - 1.0);
        let means = self.expand.dot(&self.moments.mean);
        let mix = |old: &mut f32, new: f64| {
            let mixed = (1.0 - BATCH_NORM_MOMENTUM) * f64::from(*old) + BATCH_NORM_MOMENTUM * new;
            *old = mixed as f32;
        };
        mean.iter_mut().zip(&means).for_each(|(old, &new)| mix(old, new));
        variance.iter_mut().zip(&self.variance).for_each(|(old, &new)| mix(old, new * unbiased));
    }

    /// `products` is `H`, `sums` is `G`.
    pub(crate) fn backward(&self, products: &Array2<f64>, sums: Array1<f64>) -> Gradients {
        let count = self.moments.count as f64;
        let gamma = (products * &self.expand).sum_axis(Axis(1)) * &self.inverse_deviation;
        let along = &gamma * &self.inverse_deviation;
        let expand = (products - &self.expand_covariance * &along.view().insert_axis(Axis(1)))
            * self.scale.view().insert_axis(Axis(1));
        let constant = self.expand.t().dot(&(&self.scale * &sums)) / count;
        let weighted = &self.expand * &(&self.scale * &along / count).insert_axis(Axis(1));
        let slope = self.expand.t().dot(&weighted);
        Gradients { gamma, beta: sums, expand, constant, slope }
    }
}
