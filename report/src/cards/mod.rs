//! Cards: what a reader must know about a study's models and tables before using them elsewhere.
//!
//! Sources: Mitchell et al. 2019, Model Cards for Model Reporting; Gebru et al. 2021, Datasheets for
//! Datasets. Each begins with the metadata that the Hugging Face hub reads, so that a card can be the
//! `README.md` of what is published.
//!
//! *Invariant:* a card says what the analysis says, in the same words as the report; the same analysis gives
//! the same bytes.

mod card;
pub mod dataset;
pub mod images;
pub mod metadata;
pub mod model;

pub use card::Card;

use crate::selection::Selection;

/// File names of the cards, below `cards/`.
pub const FILES: [&str; 2] = [model::FILE, dataset::FILE];

/// Returns the cards of a study; empty if no run has finished, because there is nothing to publish, or if
/// runs were imported, of whose making nothing is known.
#[must_use]
pub fn all(selection: &Selection<'_>) -> Vec<Card> {
    if selection.was_trained() { vec![model::card(selection), dataset::card(selection)] } else { Vec::new() }
}
