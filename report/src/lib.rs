//! Tables and statistics of a study -> figures and a page a person reads.
//!
//! - [`selection`]: which part of the study is shown;
//! - [`figure`]: a function per figure, from rows to an SVG document;
//! - [`chart`], [`style`]: what figures are made of, and how they look;
//! - [`page`], [`html`]: the Markdown, and the page for a browser;
//! - [`numbers`]: numbers as a reader sees them;
//! - [`benchmark`]: what `just bench` measured, for the README;
//! - [`mod@publish`], [`splice`]: a study kept with the source, and pages completed by this program.
//!
//! *Invariant:* a report reads `analysis/` and nothing else; the same analysis gives the same bytes.

pub mod benchmark;
pub mod chart;
pub mod figure;
pub mod html;
pub mod numbers;
pub mod page;
pub mod publish;
pub mod selection;
pub mod splice;
pub mod style;

use anyhow::{Context, Result, bail};
use artifacts::study::{self, Study};
use artifacts::{Layout, atomic};
use figure::Figure;
use selection::Selection;
use std::path::PathBuf;

/// A report in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The answer, for a terminal.
    pub headline: String,
    /// `report.md`.
    pub markdown: String,
    /// `report.html`.
    pub html: String,
    /// The files below `figures/`.
    pub figures: Vec<Figure>,
}

/// Files written, and what they say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The answer, for a terminal.
    pub headline: String,
    /// In the order of writing.
    pub paths: Vec<PathBuf>,
}

/// Makes the report of a study.
#[must_use]
pub fn render(study: &Study) -> Report {
    let selection = Selection::of(study);
    let figures = figure::all(&selection);
    let markdown = page::page(&selection, &figures);
    Report {
        headline: page::answer::of(&selection).plain(),
        html: html::page(&selection, &markdown, &figures),
        markdown,
        figures,
    }
}

/// Reads the analysis, writes the report. The page comes last, so that its figures are there when it is; figures
/// that an earlier report had and this one has not are removed.
///
/// # Errors
/// An analysis that is missing or cannot be read; a file that cannot be written.
pub fn run(layout: &Layout) -> Result<Written> {
    if !study::summary_path(layout).is_file() {
        bail!("{}: there is no analysis; run `just analyse` first", study::summary_path(layout).display());
    }
    let study = Study::read(layout).context("the analysis cannot be read; run `just analyse` again")?;
    let report = render(&study);
    let mut paths = Vec::new();
    for file in figure::FILES {
        let path = layout.figures().join(file);
        match report.figures.iter().find(|figure| figure.file == file) {
            Some(figure) => {
                atomic::write(&path, &figure.svg)?;
                paths.push(path);
            }
            None if path.is_file() => fs_err::remove_file(&path)?,
            None => {}
        }
    }
    for (name, page) in [("report.html", &report.html), ("report.md", &report.markdown)] {
        let path = layout.report().join(name);
        atomic::write(&path, page)?;
        paths.push(path);
    }
    Ok(Written { headline: report.headline, paths })
}
