//! Cards: what a reader must know of a study's models and of its tables before using them elsewhere.
//!
//! Sources: Mitchell et al. 2019, Model Cards for Model Reporting; Gebru et al. 2021, Datasheets for Datasets. Each begins with the
//! metadata that the Hugging Face hub reads, so that a card is the `README.md` of what is published.
//!
//! *Invariant:* a card says what the analysis says, in the same words as the report; the same analysis gives the same bytes.

pub mod dataset;
pub mod images;
pub mod metadata;
pub mod model;

use crate::selection::Selection;

/// A card in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// Name of the document below `cards/`.
    pub file: &'static str,
    /// Markdown behind metadata in YAML.
    pub text: String,
}

/// Their names below `cards/`.
pub const FILES: [&str; 2] = [model::FILE, dataset::FILE];

/// The cards of a study; none where no run has finished, because there is nothing to publish.
#[must_use]
pub fn all(selection: &Selection<'_>) -> Vec<Card> {
    if selection.runs().is_empty() {
        return Vec::new();
    }
    vec![model::card(selection), dataset::card(selection)]
}

/// Sections one after the other; empty ones are left out.
fn joined(mut sections: Vec<String>) -> String {
    sections.retain(|section| !section.is_empty());
    sections.join("\n\n") + "\n"
}

/// The experiment's name as a code span, for a title.
fn experiment(selection: &Selection<'_>) -> String {
    let name = selection.study.summary.experiment.as_deref();
    name.map_or_else(
        || "runs of no experiment".to_owned(),
        |name| format!("experiment {}", crate::page::markdown::code(name)),
    )
}

/// How the whole is to be cited.
const CITATION: &str = "## Citation

`CITATION.cff` of the repository says how to cite it; the revision that trained each run is in `analysis/runs.parquet`, under `git_revision`. \
Licensed under MIT or Apache-2.0, as you like.";
