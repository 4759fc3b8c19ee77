//! Mean and covariance of codes, gathered strip by strip.
//!
//! A strip is centred by its own mean before it is squared; strips are put together in float64 (Chan, Golub
//! and `LeVeque`, 1979): `sum z z^T = sum over strips of [sum (z - m)(z - m)^T + count m m^T]`.
//!
//! *Invariant:* only the upper triangle is kept.

use crate::block::normalisation::Moments;
use crate::simd::columns::{Centre, ColumnSums};
use crate::simd::isa::{Processor, Run};
use crate::simd::rank_update::RankUpdate;
use crate::simd::rows::{Rows, RowsMut};
use crate::simd::vectors::pitch;
use ndarray::{Array1, Array2};

/// Sums over some strips.
#[derive(Debug, Default)]
pub(crate) struct MomentSums {
    rank: usize,
    count: usize,
    sums: Vec<f64>,
    /// `sum z z^T`.
    products: Vec<f64>,
    /// `sum (z - m)(z - m)^T` since the last [`MomentSums::settle`].
    fresh: Vec<f32>,
}

/// Returns the bytes that the sums of codes of this rank take.
pub(crate) fn bytes(rank: usize) -> usize {
    8 * rank + 8 * rank * rank + 4 * rank * pitch(rank)
}

impl MomentSums {
    pub(crate) fn reset(&mut self, rank: usize) {
        (self.rank, self.count) = (rank, 0);
        self.sums.clear();
        self.sums.resize(rank, 0.0);
        self.products.clear();
        self.products.resize(rank * rank, 0.0);
        self.fresh.clear();
        self.fresh.resize(rank * pitch(rank), 0.0);
    }

    /// Adds a strip. `mean` and `centred` are working memory for a row and a strip.
    pub(crate) fn add(
        &mut self,
        processor: Processor,
        values: Rows<'_>,
        mean: &mut [f32],
        centred: &mut [f32],
    ) {
        let (rank, rows) = (self.rank, values.len());
        let mean = &mut mean[..pitch(rank)];
        ColumnSums { values, out: mean }.run(processor);
        for (total, sum) in self.sums.iter_mut().zip(mean.iter_mut()) {
            *total += f64::from(*sum);
            *sum /= rows as f32;
        }
        self.count += rows;
        Centre { values, mean, out: RowsMut::strip(centred, rows, rank) }.run(processor);
        let centred = Rows::strip(centred, rows, rank);
        let out = RowsMut::packed(&mut self.fresh, rank);
        RankUpdate { left: centred, right: centred, out, upper: true }.run(processor);
        let count = rows as f64;
        for (m, row) in self.products.chunks_mut(rank).enumerate() {
            let scaled = count * f64::from(mean[m]);
            for (product, &mean) in row[m..].iter_mut().zip(&mean[m..]) {
                *product += scaled * f64::from(mean);
            }
        }
    }

    /// Moves the float32 sums of some strips to float64.
    pub(crate) fn settle(&mut self) {
        let rank = self.rank;
        let rows = self.products.chunks_mut(rank).zip(self.fresh.chunks_mut(pitch(rank)));
        for (m, (products, fresh)) in rows.enumerate() {
            for (product, fresh) in products[m..].iter_mut().zip(&fresh[m..]) {
                *product += f64::from(*fresh);
            }
            fresh.fill(0.0);
        }
    }

    /// Puts parts together, in their order.
    pub(crate) fn total<'a>(parts: impl Iterator<Item = &'a Self>, rank: usize) -> Moments {
        let mut count = 0;
        let mut mean = Array1::<f64>::zeros(rank);
        let mut covariance = Array2::<f64>::zeros((rank, rank));
        for part in parts {
            count += part.count;
            mean.iter_mut().zip(&part.sums).for_each(|(total, sum)| *total += sum);
            covariance.iter_mut().zip(&part.products).for_each(|(total, product)| *total += product);
        }
        mean /= count as f64;
        for m in 0..rank {
            for n in m..rank {
                let value = covariance[(m, n)] / count as f64 - mean[m] * mean[n];
                covariance[(m, n)] = value;
                covariance[(n, m)] = value;
            }
        }
        Moments { count, mean, covariance }
    }
}
