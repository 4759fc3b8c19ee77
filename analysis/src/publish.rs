//! Keeps a study with the source: its runs, its plan and seal, and its analysis, below `results/`.
//!
//! All of a run except its weights is kept, some hundred kilobytes; everything else can be recomputed from
//! that.
//!
//! *Invariant:* only complete runs are kept, and a kept run is never replaced by another.

use crate::Choice;
use crate::runs::plan::Plan;
use anyhow::{Context, Result, ensure};
use artifacts::experiment::planned;
use artifacts::reading::is_there;
use artifacts::run::{self, RunFolder, RunRecord};
use artifacts::words::many;
use artifacts::{Experiment, Layout, atomic};
use fs_err as fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The number of left-out folders that are named.
const NAMED: usize = 10;

/// Copies an experiment from `work` to `results/<name>`: its plan, its seal, and its runs that are done or
/// diverged. If no experiment is named, that of the newest sweep is copied; without a plan, every such run.
/// Runs that are already kept stay as they are.
///
/// # Errors
/// The name is not a plain one; the experiment has no plan, or another experiment is kept there; there is no
/// run to keep; a kept run differs from the one of the same name in `work`; or a file cannot be read or
/// written.
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
        None => is_there(&work.plan())?.then(|| Experiment::read_plan(&work.plan())).transpose()?,
    };
    let plan = plan.map(Plan::new);
    if let Some(plan) = &plan {
        is_kept_as(&kept, plan.experiment())?;
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
        let planned = plan.as_ref().is_none_or(|plan| plan.has(&record.configuration));
        if planned && record.status.has_ended() {
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
    if let Some(plan) = plan.as_ref().map(Plan::experiment) {
        plan.write_plan(&kept.plan())?;
        copy(&work.plan_of(&plan.name), &kept.plan_of(&plan.name))?;
        copy(&work.seal(&plan.name), &kept.seal(&plan.name))?;
    }
    writeln!(
        progress,
        "kept {} in {}; {there} were there already",
        many(added as u64, "run"),
        kept.runs().display()
    )?;
    Ok(kept)
}

/// Keeps a study and analyses it where it is kept.
///
/// # Errors
/// Those of [`keep`] and [`crate::analyse`].
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

/// Reads the plan that a work folder has of an experiment, given by its name or by that of its file.
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

/// Refuses an experiment where another one is kept, because their runs would be mixed and one plan would
/// replace the other.
fn is_kept_as(kept: &Layout, plan: &Experiment) -> Result<()> {
    if is_there(&kept.plan())? {
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

/// Copies a run, its record last, because a folder without it is not a run. Returns whether the run was new.
fn copy_run(from: &RunFolder, to: &RunFolder) -> Result<bool> {
    if is_there(&to.record_path())? {
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

/// Reads a record without its seal, because one of two copies may have been sealed later.
fn unsealed(folder: &RunFolder) -> Result<RunRecord> {
    Ok(RunRecord { sealed: None, ..folder.read_record()? })
}

/// Copies a file if it exists.
fn copy(from: &Path, to: &Path) -> Result<()> {
    if !is_there(from)? {
        return Ok(());
    }
    atomic::write(to, fs::read(from)?).with_context(|| format!("cannot keep {}", from.display()))
}
