//! The list of figures, in the order in which a page shows them.

use super::{
    Figure, classes, cost, difference, gap, identical, lambda, learning_curves, mechanism, rankscale, speed,
};
use crate::selection::Selection;

/// Every file that this program may write below `figures/`, so that one that no longer belongs there can be
/// removed.
pub const FILES: &[&str] = &[
    rankscale::FILE,
    difference::FILE,
    learning_curves::FILE,
    cost::PARAMETERS.file,
    cost::MACS.file,
    gap::FILE,
    classes::FILE,
    lambda::FILE,
    identical::FILE,
    mechanism::NORM.at_end.file,
    mechanism::STABLE_RANK.at_end.file,
    mechanism::NORM.over_epochs.file,
    mechanism::STABLE_RANK.over_epochs.file,
    speed::FILE,
];

/// Draws all figures that have something to show, the headline's first.
#[must_use]
pub fn all(selection: &Selection<'_>) -> Vec<Figure> {
    [
        rankscale::figure(selection),
        difference::figure(selection),
        learning_curves::figure(selection),
        cost::figure(selection, &cost::PARAMETERS),
        cost::figure(selection, &cost::MACS),
        gap::figure(selection),
        classes::figure(selection),
        lambda::figure(selection),
        identical::figure(selection),
        mechanism::figure(selection, &mechanism::NORM),
        mechanism::figure(selection, &mechanism::STABLE_RANK),
        mechanism::over_epochs(selection, &mechanism::NORM),
        mechanism::over_epochs(selection, &mechanism::STABLE_RANK),
        speed::figure(selection),
    ]
    .into_iter()
    .flatten()
    .collect()
}
