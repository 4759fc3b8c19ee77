//! The right-hand matrix of a product, packed in the order in which the register tiles read it.
//!
//! Columns are cut into panels of two vectors (the last may be one); a panel holds its columns row by row, so
//! that a product reads it from start to end.
//!
//! *Invariant:* columns beyond the matrix are zero, so a product's result is too.

/// Vectors in a full panel.
pub(crate) const PANEL_VECTORS: usize = 2;

/// A packed matrix `[depth, width]`.
#[derive(Debug, Default, Clone)]
pub(crate) struct Panels {
    pub(crate) values: Vec<f32>,
    pub(crate) depth: usize,
    pub(crate) width: usize,
    lanes: usize,
}

impl Panels {
    /// Packs the matrix whose element in row `k`, column `n` is `element(k, n)`.
    pub(crate) fn pack(
        &mut self,
        lanes: usize,
        depth: usize,
        width: usize,
        element: impl Fn(usize, usize) -> f32,
    ) {
        let columns = width.next_multiple_of(lanes);
        (self.depth, self.width, self.lanes) = (depth, width, lanes);
        self.values.clear();
        self.values.resize(depth * columns, 0.0);
        let full = PANEL_VECTORS * lanes;
        for first in (0..columns).step_by(full) {
            let panel_width = full.min(columns - first);
            for k in 0..depth {
                let start = first * depth + k * panel_width;
                let row = &mut self.values[start..start + panel_width];
                for (n, value) in (first..width).zip(row) {
                    *value = element(k, n);
                }
            }
        }
    }

    /// Returns the number of columns that a product writes: whole vectors.
    pub(crate) fn columns(&self) -> usize {
        self.width.next_multiple_of(self.lanes)
    }

    /// Returns whether the panels were packed for vectors of this length.
    pub(crate) fn suit(&self, lanes: usize) -> bool {
        self.lanes == lanes && self.values.len() == self.depth * self.columns()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn each_number_is_in_its_panel_and_zero_beyond_the_matrix(
            depth in 1usize..20, width in 1usize..70, lanes in prop::sample::select(vec![1usize, 4, 8, 16]),
        ) {
            let mut panels = Panels::default();
            panels.pack(lanes, depth, width, |k, n| (k * 100 + n + 1) as f32);
            prop_assert!(panels.suit(lanes) && panels.columns() == width.next_multiple_of(lanes));
            let full = PANEL_VECTORS * lanes;
            for (n, k) in (0..panels.columns()).flat_map(|n| (0..depth).map(move |k| (n, k))) {
                let first = n / full * full;
                let panel_width = full.min(panels.columns() - first);
                let found = panels.values[first * depth + k * panel_width + n - first];
                let expected = if n < width { (k * 100 + n + 1) as f32 } else { 0.0 };
                prop_assert_eq!(found, expected, "row {}, column {}", k, n);
            }
        }
    }
}
