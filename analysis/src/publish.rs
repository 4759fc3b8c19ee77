//! A study that is kept with the source: its runs, what was planned and sealed, and its analysis, below `results/`.
//!
//! Of a run all but the weights is kept, some hundred kilobytes; everything else can be made from that again.
//!
//! *Invariant:* only whole runs are kept, and one that is kept is never replaced by another.

use crate::Choice;
use crate::endpoint::sentence::count;
use anyhow::{Context, Result, ensure};
use artifacts::experiment::planned;
use artifacts::run::{self, RunFolder, RunRecord, Status};
use artifacts::{Experiment, Layout, atomic};
use fs_err as fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Folders that are named where they are left out.
const NAMED: usize = 10;

/// Copies what `work` has of an experiment, that of the newest sweep where none is named, to `results/<name>`: its plan, its seal, and
/// its runs that are done or diverged. Without a plan, every such run. Runs that are kept already stay as they are.
///
/// # Errors
/// A name that is not a plain one; an experiment without a plan, or another one than is kept there; no run to keep; a kept run that differs from the one in `work`, by its name; a file
/// that cannot be read or written.
pub fn keep(
    work: &Layout,
    experiment: Option<&str>,
    results: &Path,
    name: &str,
    progress: &mut impl Write,
) -> Result<Layout> {
    let kept = Layout::kept(results, name)?;
    let plan = match experiment {
        Some(experiment) => Some(named(work, experiment)?),
        None => work.plan().exists().then(|| Experiment::read_plan(&work.plan())).transpose()?,
    };
    if let Some(plan) = &plan {
        is_kept_as(&kept, plan)?;
    }
    let (mut added, mut there, mut left_out) = (0, 0, 0);
    for folder in run::folders(&work.runs())? {
        let record = match folder.read_whole() {
            Ok((record, _)) => record,
            Err(error) => {
                left_out += 1;
                if left_out <= NAMED {
                    writeln!(progress, "left out {}: {error}", folder.name())?;
                }
                continue;
            }
        };
        let planned = plan.as_ref().is_none_or(|plan| plan.runs.contains(&record.configuration));
        if planned && matches!(record.status, Status::Done | Status::Diverged) {
            *(if copy_run(&folder, &RunFolder::new(kept.run(&record.name)))? {
                &mut added
            } else {
                &mut there
            }) += 1;
        }
    }
    if left_out > NAMED {
        writeln!(progress, "left out {} more", left_out - NAMED)?;
    }
    ensure!(
        added + there > 0,
        "{}: no finished run to keep; `just sweep` trains some",
        work.runs().display()
    );
    if let Some(plan) = &plan {
        plan.write_plan(&kept.plan())?;
        copy(&work.plan_of(&plan.name), &kept.plan_of(&plan.name))?;
        copy(&work.seal(&plan.name), &kept.seal(&plan.name))?;
    }
    writeln!(
        progress,
        "kept {} in {}; {there} were there already",
        count(added, "run"),
        kept.runs().display()
    )?;
    Ok(kept)
}

/// Keeps a study and analyses it where it is kept.
///
/// # Errors
/// As [`keep`] and [`crate::analyse`].
pub fn publish(
    work: &Layout,
    experiment: Option<&str>,
    results: &Path,
    name: &str,
    progress: &mut impl Write,
) -> Result<()> {
    let kept = keep(work, experiment, results, name, progress)?;
    crate::analyse(&kept, &Choice::Newest, None, progress).map(drop)
}

/// The plan that a work folder has of an experiment, by its name or that of its file.
fn named(work: &Layout, experiment: &str) -> Result<Experiment> {
    let name = Path::new(experiment).file_stem().unwrap_or_default().to_string_lossy();
    let known = planned(work);
    ensure!(
        known.iter().any(|known| *known == name),
        "{}: has no plan of {name}; it has those of {}",
        work.root().display(),
        if known.is_empty() { "none".to_owned() } else { known.join(", ") }
    );
    Ok(Experiment::read_plan(&work.plan_of(&name))?)
}

/// Refuses an experiment where another one is kept: their runs would be mixed, and the one plan replaced by the other.
fn is_kept_as(kept: &Layout, plan: &Experiment) -> Result<()> {
    if kept.plan().exists() {
        let there = Experiment::read_plan(&kept.plan())?.name;
        ensure!(
            there == plan.name,
            "{}: keeps the experiment {there}, and this is {}: give another NAME, or EXPERIMENT={there}",
            kept.root().display(),
            plan.name
        );
    }
    Ok(())
}

/// Copies a run, its record last: without it, the folder is no run. Returns whether it was new.
fn copy_run(from: &RunFolder, to: &RunFolder) -> Result<bool> {
    if to.record_path().exists() {
        ensure!(
            unsealed(to)? == unsealed(from)? && fs::read(to.epochs_path())? == fs::read(from.epochs_path())?,
            "{}: another run of this name is kept already, and differs from {}; remove the one that is not wanted",
            to.path().display(),
            from.path().display()
        );
        return Ok(false);
    }
    let files: [fn(&RunFolder) -> PathBuf; 4] =
        [RunFolder::epochs_path, RunFolder::layers_path, RunFolder::predictions_path, RunFolder::record_path];
    for file in files {
        copy(&file(from), &file(to))?;
    }
    Ok(true)
}

/// What the record says of the run: one may have been sealed since the other was kept.
fn unsealed(folder: &RunFolder) -> Result<RunRecord> {
    Ok(RunRecord { sealed: None, ..folder.read_record()? })
}

/// Copies a file that may be missing.
fn copy(from: &Path, to: &Path) -> Result<()> {
    if !from.exists() {
        return Ok(());
    }
    atomic::write(to, fs::read(from)?).with_context(|| format!("cannot keep {}", from.display()))
}
