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
pub mod list;
pub mod mechanism;
pub mod rankscale;
pub mod speed;

mod arms;

use crate::chart::Plot;
pub use list::{FILES, all};

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
