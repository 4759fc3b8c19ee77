//! The right-hand matrix of a product, packed in the order in which the register tiles read it.
//!
//! Columns are cut into panels of two vectors (three, where tiles of four pixels would leave registers idle; the last panel
//! may be narrower); a panel holds its columns row by row, so that a product reads it from start to end.
//!
//! *Invariant:* columns beyond the matrix are zero, so a product's result is too.

/// How the matrix of a product is cut.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cut {
    /// Numbers in a vector.
    pub(crate) lanes: usize,
    /// Vectors in a full panel.
    pub(crate) vectors: usize,
}

impl Cut {
    /// For tiles of many pixels.
    pub(crate) fn plain(lanes: usize) -> Self {
        Self { lanes, vectors: 2 }
    }

    /// For tiles of the four pixels of a window, with sixteen registers or more.
    pub(crate) fn pooled(lanes: usize) -> Self {
        Self { lanes, vectors: if lanes == 8 { 3 } else { 2 } }
    }
}

/// A packed matrix `[depth, width]`.
#[derive(Debug, Default, Clone)]
pub(crate) struct Panels {
    pub(crate) values: Vec<f32>,
    pub(crate) depth: usize,
    pub(crate) width: usize,
    pub(crate) cut: Cut,
}

impl Panels {
    /// Packs the matrix whose element in row `k`, column `n` is `element(k, n)`.
    pub(crate) fn pack(
        &mut self,
        cut: Cut,
        depth: usize,
        width: usize,
        element: impl Fn(usize, usize) -> f32,
    ) {
        let columns = width.next_multiple_of(cut.lanes);
        (self.depth, self.width, self.cut) = (depth, width, cut);
        self.values.clear();
        self.values.resize(depth * columns, 0.0);
        let full = cut.vectors * cut.lanes;
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

    /// Columns that a product writes: whole vectors.
    pub(crate) fn columns(&self) -> usize {
        self.width.next_multiple_of(self.cut.lanes)
    }

    /// Whether the panels were packed for vectors of this length.
    pub(crate) fn suit(&self, lanes: usize) -> bool {
        self.cut.lanes == lanes && self.values.len() == self.depth * self.columns()
    }
}
