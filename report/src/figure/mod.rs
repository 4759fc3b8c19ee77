//! The figures: pure functions from a study's rows to an SVG document, one file each.
//!
//! *Invariant:* a figure without anything to show is not made; what a figure leaves out, its caption says.

pub mod classes;
pub mod cost;
pub mod difference;
pub mod gap;
pub mod identical;
pub mod lambda;
pub mod learning_curves;
pub mod mechanism;
pub mod rankscale;
pub mod speed;

mod arms;

use crate::chart::Plot;
use crate::selection::Selection;

/// A figure with all that a page says of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Its name below `figures/`.
    pub file: &'static str,
    /// Its heading on the page.
    pub heading: &'static str,
    /// What it shows, for who cannot see it.
    pub alt: String,
    /// What a reader needs to know to read it.
    pub caption: String,
    /// What it shows, as numbers.
    pub plot: Plot,
    /// The document.
    pub svg: String,
}

impl Figure {
    /// Its file's name without the ending.
    #[must_use]
    pub fn stem(&self) -> &'static str {
        self.file.trim_end_matches(".svg")
    }
}

/// Every file this program may write below `figures/`, so that one that no longer belongs there can be removed.
pub const FILES: [&str; 14] = [
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

/// All figures there is something to show for, the headline's first.
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
