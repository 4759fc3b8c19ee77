//! Accuracy against the number of trainable parameters.

use super::{Figure, cost};
use crate::selection::Selection;

/// Name of the document.
pub const FILE: &str = "parameters.svg";

/// Draws it; none where no run has finished.
#[must_use]
pub fn figure(selection: &Selection<'_>) -> Option<Figure> {
    let cost = cost::Cost {
        file: FILE,
        heading: "Test accuracy against parameters",
        axis: "Parameters",
        noun: "parameters",
        of: |parameters, _| parameters,
        separable: |one| one.counts().separable_parameters,
        remark: "Parameters count every trainable number, batch norm and classifier included.",
    };
    cost::figure(selection, &cost)
}
