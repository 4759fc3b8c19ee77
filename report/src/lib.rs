//! Tables and statistics of a study -> figures and a page a person reads.
//!
//! - [`selection`]: which part of the study is shown;
//! - [`figure`]: a function per figure, from rows to an SVG document;
//! - [`chart`], [`style`]: what figures are made of, and how they look;
//! - [`page`], [`html`]: the Markdown, and the page for a browser;
//! - [`cards`]: what must be known of the models and tables where they are published;
//! - [`numbers`]: numbers as a reader sees them;
//! - [`export`]: the tables in the formats of other tools;
//! - [`compared`]: the figure of two studies held against each other;
//! - [`benchmark`]: what `just bench` measured, for the README;
//! - [`mod@publish`], [`splice`]: a study kept with the source, and pages completed by this program.
//!
//! *Invariant:* a report reads `analysis/` and nothing else; the same analysis gives the same bytes.

pub mod benchmark;
pub mod cards;
pub mod chart;
pub mod compared;
pub mod export;
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
use cards::Card;
use figure::Figure;
use selection::Selection;
use std::path::{Path, PathBuf};

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
    /// The files below `cards/`.
    pub cards: Vec<Card>,
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
        cards: cards::all(&selection),
    }
}

/// The folder of the figures, below that of the report.
const FIGURES: &str = "figures";
/// That of the cards.
const CARDS: &str = "cards";
/// The pages, for a browser and for anybody.
const PAGES: [&str; 2] = ["report.html", "report.md"];

/// Reads the analysis, writes the report: all of its files take the place of an older one's in one step.
///
/// # Errors
/// An analysis that is missing or cannot be read; a file that cannot be written.
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

/// The analysis of a work directory.
fn read(layout: &Layout) -> Result<Study> {
    if !study::summary_path(layout).is_file() {
        bail!("{}: there is no analysis; run `just analyse` first", study::summary_path(layout).display());
    }
    Study::read(layout).context("the analysis cannot be read; run `just analyse` again")
}
