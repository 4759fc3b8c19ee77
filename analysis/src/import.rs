//! Imports a notebook's runs: reads its `results.json` files, and writes each of their runs as a folder.
//!
//! *Invariant:* a run that is there already is left alone.

use crate::runs::import::{Imported, runs};
use artifacts::run::{RunFolder, RunRecord};
use artifacts::words::many;
use artifacts::{Layout, reading};
use std::io::Write;
use std::path::PathBuf;

/// Imports notebooks' `results.json` files as runs; runs that already exist are left alone.
///
/// # Errors
/// A file is not a `results.json` (the message names entry and key), or a directory cannot be written.
pub fn import(files: &[PathBuf], layout: &Layout, progress: &mut impl Write) -> anyhow::Result<()> {
    let read = |file: &PathBuf| -> anyhow::Result<(String, String)> {
        let name = file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        Ok((name, reading::text(file)?))
    };
    let texts = files.iter().map(read).collect::<anyhow::Result<Vec<_>>>()?;
    let Imported { runs, copies, unpaired } = runs(&texts)?;
    let mut there = 0;
    for (record, epoch) in &runs {
        let folder = RunFolder::new(layout.run(&record.name));
        let is_known = |known: RunRecord| RunRecord { sealed: None, ..known } == *record;
        if folder.read().is_ok_and(|(known, rows)| is_known(known) && rows == [epoch.clone()]) {
            there += 1;
            continue;
        }
        // The record is written last, because a folder without it is not a run.
        folder.write_epochs(std::slice::from_ref(epoch))?;
        folder.write_record(&RunRecord { sealed: Some(folder.seal()?), ..record.clone() })?;
    }
    writeln!(
        progress,
        "imported {} from {} into {}{}{}",
        many((runs.len() - there) as u64, "run"),
        files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", "),
        layout.runs().display(),
        if there > 0 { format!("; {there} were there already") } else { String::new() },
        if copies > 0 { format!("; {copies} copies of others were left out") } else { String::new() }
    )?;
    if unpaired > 0 {
        writeln!(
            progress,
            "{} without a `seed` stand several times for one rankscale and `d`, and make no pair: nothing says which belongs to which. A `seed` in \
             their settings does",
            many(unpaired as u64, "run")
        )?;
    }
    Ok(())
}
