//! Publishes a study that is kept with the source: its report below `results/`, and its answer in the README.
//!
//! *Invariant:* what the README says of a study is made from the analysis kept beside it, and nothing else.

use crate::figure;
use crate::page::answer;
use crate::selection::Selection;
use crate::splice::spliced;
use crate::{Written, run};
use anyhow::{Context, Result, ensure};
use artifacts::study::Study;
use artifacts::{Layout, atomic};
use std::path::Path;

/// The marks in a page between which the answer goes.
pub const MARKS: (&str, &str) = ("<!-- answer of `report publish` -->", "<!-- end of the answer -->");

/// Makes the report of `results/<name>` from the analysis there, and puts its answer into the page.
///
/// # Errors
/// The name is not a plain one, the analysis is missing, the page has no [`MARKS`], or a file cannot be
/// written.
pub fn publish(results: &Path, name: &str, page: &Path) -> Result<Written> {
    let kept = Layout::kept(results, name)?;
    ensure!(
        kept.summary().is_file(),
        "{}: there is no analysis; `just publish NAME={name}` makes it",
        kept.summary().display()
    );
    let mut written = run(&kept)?;
    let text = fs_err::read_to_string(page)?;
    let section = section(&Study::read(&kept)?, &format!("results/{name}"));
    atomic::write(page, spliced(&text, MARKS, &section).with_context(|| page.display().to_string())?)?;
    written.paths.push(page.to_owned());
    Ok(written)
}

/// Returns the answer, its figure, and a link to the rest; `place` is the study's directory relative to the
/// page.
#[must_use]
pub fn section(study: &Study, place: &str) -> String {
    let selection = Selection::of(study);
    let mut parts = vec![answer::of(&selection).markdown()];
    parts.extend(figure::rankscale::figure(&selection).map(|figure| {
        format!("![{}]({place}/report/figures/{})", crate::page::markdown::text(&figure.alt), figure.file)
    }));
    parts.push(format!("[The whole report]({place}/report/report.md), and [its tables]({place}/analysis)."));
    parts.join("\n\n")
}
