//! An experiment file as a list of runs.
//!
//! ```toml
//! title = "Is appropriate weight decay better?"
//! [recipe]                      # what all runs share; any key of a configuration but the grid's
//! epochs = 128
//! [[grid]]                      # every combination is a run; several grids are joined
//! rankscale = [2, 8, 31]
//! decay = ["original", "appropriate"]
//! seed = [0, 1, 2]              # or `replicates = 3`: rankscale r has seeds of its own, r, r + 100 and r + 200
//! lambda = [5e-4]               # optional
//! [verdict]                     # optional: how it is judged, see [`VerdictPlan`]
//! ```
//!
//! *Invariant:* a resolved experiment holds valid configurations only, each once.

mod plan;
mod verdict;

pub use verdict::VerdictPlan;

use crate::arithmetic::{Engine, Precision};
use crate::configuration::{Configuration, InvalidConfiguration};
use fs_err as fs;
use network::{Architecture, Arm};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::hash::Hash;
use std::io;
use std::path::{Path, PathBuf};

/// Most replicates of a grid.
const REPLICATES: u64 = 10_000;
/// How far apart the seeds of a rankscale's replicates are: no two rankscales share one, as long as there are fewer than this.
const STRIDE: u64 = 100;

/// A named list of runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// The file's name without its ending.
    pub name: String,
    /// What it asks, in a sentence.
    pub title: String,
    /// How its primary comparison is judged; none where it is exploratory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<VerdictPlan>,
    /// The runs, in the order of the file.
    pub runs: Vec<Configuration>,
}

/// An experiment that cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum ExperimentError {
    /// The file system's word, which names the file.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// No such name and no such file.
    #[error("no experiment `{name}`: expected a path to a TOML file, or one of {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// Not readable as TOML (a plan: as JSON), or a key that does not exist.
    #[error("{path}: {reason}")]
    Toml {
        /// The file.
        path: PathBuf,
        /// The line, the key and the parser's reason, in one line.
        reason: String,
    },
    /// A value that breaks a rule.
    #[error("{path}: {reason}")]
    Value {
        /// The file.
        path: PathBuf,
        /// The rule.
        reason: InvalidConfiguration,
    },
    /// No run at all.
    #[error("{0}: the grids are empty; add `[[grid]]` with rankscale, decay and seed")]
    Empty(PathBuf),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    title: String,
    #[serde(default)]
    recipe: Recipe,
    verdict: Option<VerdictPlan>,
    #[serde(default)]
    grid: Vec<Grid>,
}

#[derive(Default, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recipe {
    channels: Option<[usize; 4]>,
    epochs: Option<usize>,
    batch: Option<usize>,
    peak_learning_rate: Option<f64>,
    precision: Option<Precision>,
    train_images: Option<usize>,
    test_images: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Grid {
    rankscale: Vec<i64>,
    decay: Vec<String>,
    seed: Option<Vec<u64>>,
    replicates: Option<u64>,
    lambda: Option<Vec<f64>>,
}

impl Experiment {
    /// Finds an experiment by name in `directory`, or by path.
    ///
    /// # Errors
    /// None such, or one that cannot be run; the message names the file, the key and the rule.
    pub fn find(name_or_path: &str, directory: &Path) -> Result<Self, ExperimentError> {
        let named = directory.join(format!("{name_or_path}.toml"));
        let looks_like_path =
            name_or_path.contains(['/', '\\']) || Path::new(name_or_path).extension().is_some();
        if !looks_like_path && named.is_file() {
            return Self::read(&named);
        }
        if Path::new(name_or_path).is_file() {
            return Self::read(Path::new(name_or_path));
        }
        Err(ExperimentError::Unknown { name: name_or_path.to_owned(), known: known(directory).join(", ") })
    }

    /// Reads an experiment file.
    ///
    /// # Errors
    /// As [`Experiment::find`].
    pub fn read(path: &Path) -> Result<Self, ExperimentError> {
        let text = fs::read_to_string(path)?;
        let name = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        Self::parse(&name, path, &text)
    }

    /// The same runs on an engine, where it can train them; a file leaves that open.
    #[must_use]
    pub fn on(self, engine: Engine) -> Self {
        let runs = self.runs.into_iter().map(|run| run.on(engine)).collect();
        Self { runs, ..self }
    }

    fn parse(name: &str, path: &Path, text: &str) -> Result<Self, ExperimentError> {
        let file: File = toml::from_str(text).map_err(|error| ExperimentError::Toml {
            path: path.to_owned(),
            reason: with_line_and_key(text, &error),
        })?;
        let value = |reason| ExperimentError::Value { path: path.to_owned(), reason };
        let cells: Vec<Vec<Configuration>> = file
            .grid
            .iter()
            .map(|grid| grid.resolve(&file.recipe))
            .collect::<Result<_, _>>()
            .map_err(value)?;
        // The recipe is one, so these keys tell its cells apart. Zero and -0 are the same strength.
        let key = |run: &Configuration| (run.rankscale, run.decay, run.seed, (run.lambda + 0.0).to_bits());
        let runs = each_once(cells.into_iter().flatten(), key);
        if runs.is_empty() {
            return Err(ExperimentError::Empty(path.to_owned()));
        }
        let verdict = file.verdict.map(|verdict| verdict.validated(&runs)).transpose();
        let verdict = verdict.map_err(|reason| ExperimentError::Value { path: path.to_owned(), reason })?;
        Ok(Self { name: name.to_owned(), title: file.title, verdict, runs })
    }
}

impl Grid {
    /// Every combination; seeds vary slowest, so that a sweep cut short has whole grids of few seeds.
    fn resolve(&self, recipe: &Recipe) -> Result<Vec<Configuration>, InvalidConfiguration> {
        let base = recipe.over(&Configuration::default());
        let lambdas = self.lambda.clone().unwrap_or_else(|| vec![base.lambda]);
        let mut runs = Vec::new();
        for (offset, factor) in self.seeds()? {
            for &lambda in &lambdas {
                for &rankscale in &self.rankscale {
                    let rankscale = Architecture::new(rankscale, base.channels)?.rankscale;
                    let seed = offset + factor * rankscale as u64;
                    for decay in &self.decay {
                        let decay: Arm = decay.parse()?;
                        runs.push(
                            Configuration { rankscale, decay, seed, lambda, ..base.clone() }.validated()?,
                        );
                    }
                }
            }
        }
        Ok(runs)
    }

    /// The seeds as (a, b): rankscale r has the seed `a + b r`.
    fn seeds(&self) -> Result<Vec<(u64, u64)>, InvalidConfiguration> {
        let rule = |key, value: &str, rule| Err(InvalidConfiguration::rule(key, &value, rule));
        match (&self.seed, self.replicates) {
            (Some(_), Some(_)) => {
                rule("replicates", "and seed", "give one of them, each says which seeds there are")
            }
            (None, None) => {
                rule("seed", "is missing", "list the seeds, or say how many `replicates` there are")
            }
            (None, Some(count)) if !(1..=REPLICATES).contains(&count) => {
                rule("replicates", &count.to_string(), "must be between 1 and 10000")
            }
            (Some(seeds), None) => Ok(seeds.iter().map(|&seed| (seed, 0)).collect()),
            (None, Some(count)) => Ok((0..count).map(|number| (STRIDE * number, 1)).collect()),
        }
    }
}

impl Recipe {
    fn over(&self, base: &Configuration) -> Configuration {
        Configuration {
            channels: self.channels.unwrap_or(base.channels),
            epochs: self.epochs.unwrap_or(base.epochs),
            batch: self.batch.unwrap_or(base.batch),
            peak_learning_rate: self.peak_learning_rate.unwrap_or(base.peak_learning_rate),
            precision: self.precision.unwrap_or(base.precision),
            train_images: self.train_images.or(base.train_images),
            test_images: self.test_images.or(base.test_images),
            ..base.clone()
        }
    }
}

/// The first of each key, in their order.
fn each_once<T, K: Eq + Hash>(items: impl Iterator<Item = T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut known = HashSet::new();
    items.filter(|item| known.insert(key(item))).collect()
}

/// A parser's reason in one line, behind the number of the line and the key or table that it is about.
fn with_line_and_key(text: &str, error: &toml::de::Error) -> String {
    let reason: Vec<&str> = error.message().lines().map(str::trim).collect();
    let reason = reason.join("; ");
    let Some(span) = error.span() else { return reason };
    let line = text.bytes().take(span.start).filter(|&byte| byte == b'\n').count();
    // A value may go over several lines.
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

fn known(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".toml").map(str::to_owned))
        .collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests;
