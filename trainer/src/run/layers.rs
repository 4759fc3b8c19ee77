//! Norms and stable ranks of the convolutions: the mechanism behind the outcome.
//!
//! The stable rank is `|W|_F^2 / |W|_2^2` (Rudelson and Vershynin, J. ACM 54(4), 2007) of
//! `W = expand . contract`. The product is never formed: its squared Frobenius norm is `tr(E'E CC')`, and its
//! spectral norm comes from power iteration on `W'W`.

use crate::data::state_dict::StateDict;
use artifacts::run::LayerRow;
use ndarray::{Array1, Array2, ArrayView2};
use network::{Architecture, Filter, Role};

/// Power iteration stops when the estimate of the largest squared singular value changes by less than this
/// fraction.
const TOLERANCE: f64 = 1e-9;
const MOST_ITERATIONS: usize = 1000;

/// Measures the convolutions, one row each.
#[must_use]
pub fn measure(architecture: &Architecture, weights: &StateDict, epoch: usize) -> Vec<LayerRow> {
    architecture
        .blocks()
        .iter()
        .map(|block| {
            let squares: f64 = block
                .parameters()
                .iter()
                .filter(|of| of.role.is_convolution())
                .flat_map(|of| &weights[&of.name])
                .map(|&w| f64::from(w) * f64::from(w))
                .sum();
            let product = match block.filter {
                Filter::Dense => None,
                Filter::LowRank { .. } => {
                    let factor = |role| matrix(weights, &block.name_of(role));
                    Some(product_norms(&factor(Role::Expand).view(), &factor(Role::Contract).view()))
                }
            };
            LayerRow {
                epoch: epoch as u32,
                layer: block.name.to_owned(),
                weight_norm: squares.sqrt(),
                product_norm: product.map(|(frobenius, _)| frobenius.sqrt()),
                stable_rank: product
                    .map(|(frobenius, spectral)| if spectral > 0.0 { frobenius / spectral } else { 0.0 }),
            }
        })
        .collect()
}

/// Returns the squared Frobenius norm and the squared spectral norm of `expand . contract`.
fn product_norms(expand: &ArrayView2<'_, f64>, contract: &ArrayView2<'_, f64>) -> (f64, f64) {
    let (gram_e, gram_c) = (expand.t().dot(expand), contract.dot(&contract.t()));
    let frobenius = (&gram_e * &gram_c).sum();
    // The nonzero eigenvalues of W'W are those of `gram_e gram_c`, a small matrix.
    let rank = gram_e.nrows();
    let mut v = Array1::from_shape_fn(rank, |i| 1.0 + 0.1 * ((i as f64) * 0.7).sin());
    let mut largest = 0.0;
    for _ in 0..MOST_ITERATIONS {
        let next = gram_e.dot(&gram_c.dot(&v));
        let norm = next.dot(&next).sqrt();
        let before = std::mem::replace(&mut largest, norm / v.dot(&v).sqrt());
        if norm == 0.0 || !norm.is_finite() {
            break;
        }
        v = next / norm;
        if (largest - before).abs() <= TOLERANCE * largest {
            break;
        }
    }
    (frobenius, largest)
}

fn matrix(weights: &StateDict, name: &str) -> Array2<f64> {
    let array = &weights[name];
    let (rows, columns) = (array.shape()[0], array.shape()[1]);
    array.mapv(f64::from).into_shape_with_order((rows, columns)).expect("1x1 filters are matrices")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn norms_of_a_product_with_known_singular_values() {
        // expand = diag(3, 1) on two of three outputs, contract = diag(2, 2): singular values 6 and 2.
        let expand = array![[3.0, 0.0], [0.0, 1.0], [0.0, 0.0]];
        let contract = array![[2.0, 0.0], [0.0, 2.0]];
        let (frobenius, spectral) = product_norms(&expand.view(), &contract.view());
        assert!((frobenius - 40.0).abs() < 1e-9);
        assert!((spectral - 36.0).abs() < 1e-5, "{spectral}");
    }

    #[test]
    fn a_start_has_stable_ranks_between_one_and_the_rank() {
        let architecture = Architecture::new(4, [8, 16, 32, 64], 10).unwrap();
        let rows = measure(&architecture, &crate::run::initialise::initialise(&architecture, 0), 0);
        assert_eq!(rows.len(), 8);
        assert_eq!(rows[0].stable_rank, None);
        assert!(rows[1..].iter().all(|row| (1.0..=16.0).contains(&row.stable_rank.unwrap())));
    }
}
