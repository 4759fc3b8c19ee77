//! A study's tables in the formats of other tools.
//!
//! - [`rows`]: one row per run and epoch, with the configuration's keys as columns;
//! - [`text`]: these rows as CSV and as JSON lines;
//! - [`events`]: a TensorBoard event file per run, made of [`record`]s that hold [`message`]s;
//! - [`place`]: the folder of an export, and what may already lie there.
//!
//! *Invariant:* an export says what the tables in `analysis/` say, and the same analysis gives the same
//! bytes.

pub mod events;
pub mod message;
pub mod place;
pub mod record;
pub mod rows;
pub mod text;

use crate::{Written, read};
use anyhow::Result;
use artifacts::Layout;
use artifacts::study::Study;
use clap::ValueEnum;
use place::ExportFolder;
use rows::Rows;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One table with a header: `epochs.csv`
    Csv,
    /// One JSON object per line: `epochs.jsonl`
    Jsonl,
    /// A folder with an event file for each run, as TensorBoard opens it
    Tensorboard,
}

impl Format {
    /// Returns the name on a command line, which is also the name of the folder.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::Tensorboard => "tensorboard",
        }
    }
}

/// Returns the files of an export, by their names below its folder.
#[must_use]
pub fn files(study: &Study, format: Format) -> Vec<(PathBuf, Vec<u8>)> {
    let rows = Rows::of(study);
    match format {
        Format::Csv => vec![(PathBuf::from("epochs.csv"), text::csv(&rows))],
        Format::Jsonl => vec![(PathBuf::from("epochs.jsonl"), text::json_lines(&rows))],
        Format::Tensorboard => events::files(&rows),
    }
}

/// Reads the analysis and writes its export, all or nothing, to `out`, or to `export/<format>` in the work
/// directory if `out` is `None`.
///
/// # Errors
/// The analysis is missing or cannot be read, the folder holds files that no export wrote, or a file cannot
/// be written.
pub fn export(layout: &Layout, format: Format, out: Option<&Path>) -> Result<Written> {
    let out = out.map_or_else(|| layout.exports().join(format.name()), Path::to_owned);
    let place = ExportFolder::at(&out)?;
    let study = read(layout)?;
    let files = files(&study, format);
    let paths = place.fill(format.name(), &files)?;
    Ok(Written { headline: headline(&study, format, &out), paths })
}

/// Says what was exported, and how to open it.
fn headline(study: &Study, format: Format, out: &Path) -> String {
    let runs = study.epochs.iter().map(|row| row.run.as_str()).collect::<BTreeSet<_>>().len();
    let epochs = study.epochs.len();
    let opened = match format {
        Format::Tensorboard => format!("; `tensorboard --logdir {}` opens it", out.display()),
        Format::Csv | Format::Jsonl => String::new(),
    };
    let (runs, epochs) =
        (artifacts::words::many(runs as u64, "run"), artifacts::words::many(epochs as u64, "epoch"));
    format!("{runs} with {epochs} in {}{opened}", out.display())
}
