//! The figures: pure functions from a study's rows to an SVG document, one file each.
//!
//! *Invariant:* a figure without anything to show is not made, and a caption says what its figure leaves out.

pub mod classes;
pub mod cost;
pub mod difference;
pub mod gap;
pub mod identical;
pub mod lambda;
pub mod learning_curves;
pub mod list;
pub mod mechanism;
pub mod rankscale;
pub mod speed;

mod arms;

use crate::chart::Plot;
pub use list::{FILES, all};

/// A figure with its texts for the page.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Its name below `figures/`.
    pub file: &'static str,
    /// Its heading on the page.
    pub heading: &'static str,
    /// The alternative text: what the figure shows, for readers who cannot see it.
    pub alt: String,
    /// The caption: what a reader needs to know to read the figure.
    pub caption: String,
    /// The content of the figure, as numbers.
    pub plot: Plot,
    /// The SVG document.
    pub svg: String,
}

impl Figure {
    /// Returns the name of its file without the extension.
    #[must_use]
    pub fn stem(&self) -> &'static str {
        self.file.trim_end_matches(".svg")
    }
}
