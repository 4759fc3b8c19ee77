//! Sums over images that become a block's gradients.
//!
//! The way back fills them, one set for each chunk of a batch, and the block's state turns their total into
//! gradients.

use crate::block::shape::BlockShape;

/// Sums over some images that become the gradients of a block's second half, behind the bottleneck.
#[derive(Debug, Default)]
pub(crate) struct OutputSums {
    /// `sum g (z - mean)^T`: `[rank, c_out]` where gradients are dense, `[c_out, rank]` behind a pool.
    pub(crate) products: Vec<f32>,
    /// `sum g`.
    pub(crate) sums: Vec<f64>,
}

/// Sums over some images that become the gradients of a block's first half, in front of the bottleneck.
#[derive(Debug, Default)]
pub(crate) struct InputSums {
    /// `[9, c_in]`.
    pub(crate) taps: Vec<f32>,
    /// `[rank, c_in]`.
    pub(crate) contract: Vec<f32>,
}

impl OutputSums {
    pub(crate) fn reset(&mut self, shape: &BlockShape, pooled: bool) {
        self.products.clear();
        self.products.resize(Self::products_length(shape, pooled), 0.0);
        self.sums.clear();
        self.sums.resize(shape.c_out, 0.0);
    }

    pub(crate) fn products_length(shape: &BlockShape, pooled: bool) -> usize {
        if pooled { shape.c_out * shape.code_pitch() } else { shape.rank * shape.out_pitch() }
    }
}

impl InputSums {
    pub(crate) fn reset(&mut self, shape: &BlockShape) {
        self.taps.clear();
        self.taps.resize(9 * shape.in_pitch(), 0.0);
        self.contract.clear();
        self.contract.resize(shape.rank * shape.in_pitch(), 0.0);
    }
}
