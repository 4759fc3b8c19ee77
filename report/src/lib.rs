//! Turns the tables and statistics of a study into figures and a page that a person reads.
//!
//! - [`selection`]: the part of the study that is shown;
//! - [`figure`]: one function per figure, from rows to an SVG document;
//! - [`chart`], [`style`]: the building blocks of the figures, and their appearance;
//! - [`page`], [`html`]: the Markdown, and the page for a browser;
//! - [`cards`]: what must be known about the models and tables where they are published;
//! - [`export`]: the tables in the formats of other tools;
//! - [`compared`]: the figure that compares two studies;
//! - [`benchmark`]: the results of `just bench`, for the README;
//! - [`mod@publish`], [`splice`]: a study kept with the source, and pages that this program completes.
//!
//! *Invariant:* a report reads `analysis/` and nothing else; the same analysis gives the same bytes.

pub mod benchmark;
pub mod cards;
pub mod chart;
pub mod compared;
pub mod export;
pub mod figure;
pub mod html;
pub mod page;
pub mod publish;
pub mod selection;
pub mod splice;
pub mod style;

use anyhow::{Context, Result, bail};
use artifacts::study::Study;
use artifacts::{Layout, atomic};
use cards::Card;
use figure::Figure;
use selection::Selection;
use std::path::{Path, PathBuf};

/// A report in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The answer, as a line for a terminal.
    pub headline: String,
    /// The contents of `report.md`.
    pub markdown: String,
    /// The contents of `report.html`.
    pub html: String,
    /// The files below `figures/`.
    pub figures: Vec<Figure>,
    /// The files below `cards/`.
    pub cards: Vec<Card>,
}

/// The files that were written, and what they say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The answer, as a line for a terminal.
    pub headline: String,
    /// The paths, in the order of writing.
    pub paths: Vec<PathBuf>,
}

/// Renders the report of a study.
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
        cards: cards::all(&selection),
    }
}

/// The folder of the figures, below that of the report.
const FIGURES: &str = "figures";
/// The folder of the cards, below that of the report.
const CARDS: &str = "cards";
/// The pages: one for a browser, one for any text viewer.
const PAGES: [&str; 2] = ["report.html", "report.md"];

/// Reads the analysis and writes the report; all of its files replace those of an older one in one step.
///
/// # Errors
/// The analysis is missing or cannot be read, or a file cannot be written.
pub fn run(layout: &Layout) -> Result<Written> {
    let report = render(&read(layout)?);
    let (figure, card) =
        (|file: &str| Path::new(FIGURES).join(file), |file: &str| Path::new(CARDS).join(file));
    let figures = report.figures.iter().map(|of| (figure(of.file), of.svg.as_bytes()));
    let cards = report.cards.iter().map(|of| (card(of.file), of.text.as_bytes()));
    let pages =
        PAGES.map(PathBuf::from).into_iter().zip([report.html.as_bytes(), report.markdown.as_bytes()]);
    let files: Vec<_> = figures.chain(cards).chain(pages).collect();
    let ours =
        figure::FILES.iter().map(|name| figure(name)).chain(cards::FILES.iter().map(|name| card(name)));
    let ours: Vec<_> = ours.chain(PAGES.map(PathBuf::from)).collect();
    atomic::replace_folder(&layout.report(), &files, &ours)?;
    let paths = files.iter().map(|(name, _)| layout.report().join(name)).collect();
    Ok(Written { headline: report.headline, paths })
}

/// Reads the analysis of a work directory.
fn read(layout: &Layout) -> Result<Study> {
    if !layout.summary().is_file() {
        bail!("{}: there is no analysis; run `just analyse` first", layout.summary().display());
    }
    Study::read(layout).context("the analysis cannot be read; run `just analyse` again")
}
