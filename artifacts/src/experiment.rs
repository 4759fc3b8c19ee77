//! An experiment file as a list of runs.
//!
//! ```toml
//! title = "Is appropriate weight decay better?"
//! tuned = false                 # true: every arm and baseline has its own lambda and peak learning rate
//! [recipe]                      # shared by all runs; any key of a configuration except the grid's
//! dataset = "cifar10"           # or "cifar100"
//! epochs = 128
//! [[grid]]                      # every combination is a run; several grids are joined
//! rankscale = [2, 8, 31]
//! decay = ["original", "appropriate"]
//! seed = [0, 1, 2]              # or `replicates = 3`: rankscale r has the seeds r, r + 100, r + 200
//! lambda = [5e-4]               # optional
//! peak_learning_rate = [0.2]    # optional
//! [[arm]]                       # optional: declarations of arms, see `arms.rs`
//! [verdict]                     # optional: how the experiment is judged, see [`VerdictPlan`]
//! ```
//!
//! *Invariant:* a resolved experiment holds only valid configurations, each once.

mod arms;
mod find;
mod grid;
mod plan;
mod verdict;

pub use arms::{arms, declarations};
pub use find::planned;
pub use verdict::VerdictPlan;

use crate::arithmetic::Backend;
use crate::configuration::{Configuration, InvalidConfiguration};
use crate::dataset::Task;
use crate::reading;
use arms::Arms;
use grid::{Grid, MOST_RUNS, RecipeTable};
use network::Arm;
use network::arm::Declaration;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::hash::Hash;
use std::io;
use std::path::{Path, PathBuf};
use verdict::Verdict;

/// A named list of runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// The file's name without its extension.
    pub name: String,
    /// The question that it asks, in a sentence.
    pub title: String,
    /// Whether every arm has its own lambda and peak learning rate, and is compared with its baseline at the
    /// baseline's own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tuned: bool,
    /// How its primary comparison is judged; `None` if it is exploratory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<VerdictPlan>,
    /// The runs, in the order of the file.
    pub runs: Vec<Configuration>,
}

/// An experiment that cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum ExperimentError {
    /// The file system's error, which names the file.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// There is no such name and no such file.
    #[error("no experiment `{name}`: expected a path to a TOML file, or one of {known}")]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// The known names.
        known: String,
    },
    /// The file is not readable as TOML (a plan: as JSON), or has an unknown key.
    #[error("{path}: {reason}")]
    Toml {
        /// The file.
        path: PathBuf,
        /// The line, the key and the parser's reason, in one line.
        reason: String,
    },
    /// A value breaks a rule.
    #[error("{path}: {reason}")]
    Value {
        /// The file.
        path: PathBuf,
        /// The rule.
        reason: InvalidConfiguration,
    },
    /// The grids have no run.
    #[error("{0}: the grids are empty; add `[[grid]]` with rankscale, decay and seed")]
    Empty(PathBuf),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    title: String,
    #[serde(default)]
    tuned: bool,
    #[serde(default)]
    recipe: RecipeTable,
    #[serde(default)]
    arm: Vec<Declaration<String>>,
    verdict: Option<Verdict>,
    #[serde(default)]
    grid: Vec<Grid>,
}

impl Experiment {
    /// Reads an experiment file.
    ///
    /// # Errors
    /// Those of [`Experiment::find`].
    pub fn read(path: &Path) -> Result<Self, ExperimentError> {
        let text = reading::text(path)?;
        let name = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        Self::parse(&name, path, &text)
    }

    /// Returns the same runs on an engine, where it can train them; an experiment's file leaves the engine
    /// open.
    #[must_use]
    pub fn on(self, engine: Backend) -> Self {
        let runs = self.runs.into_iter().map(|run| run.on(engine)).collect();
        Self { runs, ..self }
    }

    /// Returns the data set of its runs.
    #[must_use]
    pub fn task(&self) -> Task {
        self.runs.first().map_or_else(Task::default, |run| run.recipe.dataset)
    }

    fn parse(name: &str, path: &Path, text: &str) -> Result<Self, ExperimentError> {
        let file: File = toml::from_str(text).map_err(|error| ExperimentError::Toml {
            path: path.to_owned(),
            reason: with_line_and_key(text, &error),
        })?;
        let value = |reason| ExperimentError::Value { path: path.to_owned(), reason };
        let asked = file.grid.iter().map(Grid::asked).fold(0, usize::saturating_add);
        if asked > MOST_RUNS {
            let rule = "runs are asked for, and there must be at most 100000";
            return Err(value(InvalidConfiguration::rule("grid", &asked, rule)));
        }
        let arms = Arms::declared(file.arm).map_err(value)?;
        let cells: Vec<Vec<Configuration>> = file
            .grid
            .iter()
            .map(|grid| grid.resolve(&file.recipe, &arms))
            .collect::<Result<_, _>>()
            .map_err(value)?;
        // The recipe is one, so these keys tell its cells apart.
        let key = |run: &Configuration| (run.rankscale, run.decay, run.seed, run.strength());
        let runs = each_once(cells.into_iter().flatten(), key);
        if runs.is_empty() {
            return Err(ExperimentError::Empty(path.to_owned()));
        }
        if let Some(arm) = file.tuned.then(|| in_two_cells(&runs)).flatten() {
            return Err(value(InvalidConfiguration::rule("lambda and peak_learning_rate of", &arm, TUNED)));
        }
        let verdict = file.verdict.map(|verdict| verdict.of(&arms)?.validated(&runs)).transpose();
        let verdict = verdict.map_err(value)?;
        Ok(Self { name: name.to_owned(), title: file.title, tuned: file.tuned, verdict, runs })
    }
}

/// The rule for the strengths of a tuned experiment.
const TUNED: &str = "must be one for each arm: with `tuned = true` every arm is compared at its own";

/// Returns the first arm that is planned at two strengths.
fn in_two_cells(runs: &[Configuration]) -> Option<Arm> {
    let first = |arm: Arm| runs.iter().find(|run| run.decay == arm).map(Configuration::strength);
    runs.iter().find(|run| first(run.decay) != Some(run.strength())).map(|run| run.decay)
}

/// Returns the first item of each key, in their order.
fn each_once<T, K: Eq + Hash>(items: impl Iterator<Item = T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut known = HashSet::new();
    items.filter(|item| known.insert(key(item))).collect()
}

/// Formats a parser's reason in one line, preceded by the line number and the key or table that it is about.
fn with_line_and_key(text: &str, error: &toml::de::Error) -> String {
    let reason: Vec<&str> = error.message().lines().map(str::trim).collect();
    let reason = reason.join("; ");
    let Some(span) = error.span() else { return reason };
    let line = text.bytes().take(span.start).filter(|&byte| byte == b'\n').count();
    // A value may span several lines.
    let lines: Vec<&str> = text.lines().take(line + 1).collect();
    let about = lines.iter().rev().map(|line| line.trim()).find_map(|line| match line.split_once('=') {
        _ if line.starts_with('[') => Some(line),
        Some((key, _)) => Some(key.trim()),
        None => None,
    });
    match about {
        Some(about) => format!("line {}, `{about}`: {reason}", line + 1),
        None => format!("line {}: {reason}", line + 1),
    }
}

#[cfg(test)]
mod schema;
#[cfg(test)]
mod tests;
