//! The parts that all cards share: their form, the experiment's name and the citation.

use crate::page::markdown;
use crate::selection::Selection;

/// A card in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// Name of the document below `cards/`.
    pub file: &'static str,
    /// Markdown, preceded by metadata in YAML.
    pub text: String,
}

/// Joins the sections, leaving out empty ones.
pub(super) fn joined(mut sections: Vec<String>) -> String {
    sections.retain(|section| !section.is_empty());
    sections.join("\n\n") + "\n"
}

/// Returns the experiment's name as a code span, for a title.
pub(super) fn experiment(selection: &Selection<'_>) -> String {
    let name = selection.study.summary.experiment.as_deref();
    name.map_or_else(
        || "runs of no experiment".to_owned(),
        |name| format!("experiment {}", markdown::code(name)),
    )
}

/// The section on how to cite the repository.
pub(super) const CITATION: &str = "## Citation

`CITATION.cff` of the repository says how to cite it; the revision that trained each run is in `analysis/runs.parquet`, under `git_revision`. \
Licensed under MIT or Apache-2.0, as you like.";
