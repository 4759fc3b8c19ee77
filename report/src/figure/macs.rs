//! Accuracy against the multiply-accumulates of a forward pass.

use super::{Figure, cost};
use crate::selection::Selection;

/// Name of the document.
pub const FILE: &str = "macs.svg";

/// Draws it; none where no run has finished.
#[must_use]
pub fn figure(selection: &Selection<'_>) -> Option<Figure> {
    let cost = cost::Cost {
        file: FILE,
        heading: "Test accuracy against multiply-accumulates",
        axis: "Multiply-accumulates per image",
        noun: "multiply-accumulates",
        of: |_, macs| macs,
        separable: |one| network::counts::separable_macs(&one.architecture()),
        remark: "Multiply-accumulates are those of one forward pass of one 32 x 32 image, convolutions and classifier.",
    };
    cost::figure(selection, &cost)
}
