//! The path of every file, below one root (`work/`, or the directory in `WORK`).

use crate::dataset::{Split, Task};
use std::path::{Path, PathBuf};

/// A name that no kept study can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}`: a study's name has letters, digits and `-` only")]
pub struct InvalidStudyName(pub String);

/// The root of a pipeline's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    root: PathBuf,
}

impl Layout {
    /// Creates the layout below `root`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Creates the layout of a study that is kept with the source, below `results/`; it is that of a work
    /// directory.
    ///
    /// # Errors
    /// The name could lead outside of `results/`.
    pub fn kept(results: &Path, name: &str) -> Result<Self, InvalidStudyName> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if name.is_empty() || !name.chars().all(plain) {
            return Err(InvalidStudyName(name.to_owned()));
        }
        Ok(Self::new(results.join(name)))
    }

    /// Returns the root directory.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the directory of a prepared data set.
    #[must_use]
    pub fn data(&self, task: Task) -> PathBuf {
        self.root.join("data").join(task.name())
    }

    /// Returns the file of the images of one half of a data set.
    #[must_use]
    pub fn images(&self, task: Task, split: Split) -> PathBuf {
        self.data(task).join(split.name()).with_extension("parquet")
    }

    /// Returns the files of both halves of a data set.
    #[must_use]
    pub fn halves(&self, task: Task) -> [PathBuf; 2] {
        Split::ALL.map(|split| self.images(task, split))
    }

    /// Returns the lock file of a prepared data set, which is held by the process that prepares it.
    #[must_use]
    pub fn data_lock(&self, task: Task) -> PathBuf {
        self.data(task).join(".lock")
    }

    /// Returns the directory of a data set's downloads, complete and partial.
    #[must_use]
    pub fn downloads(&self, task: Task) -> PathBuf {
        self.root.join("data/downloads").join(task.name())
    }

    /// Returns the directory of all runs.
    #[must_use]
    pub fn runs(&self) -> PathBuf {
        self.root.join("runs")
    }

    /// Returns the directory of a run, by the name that follows from its identity.
    #[must_use]
    pub fn run(&self, name: &str) -> PathBuf {
        self.runs().join(name)
    }

    /// Returns the directory of the runs that a repair has set aside.
    #[must_use]
    pub fn aside(&self) -> PathBuf {
        self.root.join("aside")
    }

    /// Returns the directory of the scripts and logs of Slurm jobs.
    #[must_use]
    pub fn jobs(&self) -> PathBuf {
        self.root.join("slurm")
    }

    /// Returns the file of the resolved experiment of the newest sweep, for the stages after it.
    #[must_use]
    pub fn plan(&self) -> PathBuf {
        self.root.join("plan.json")
    }

    /// Returns the file of the resolved experiment of the newest sweep of this name.
    #[must_use]
    pub fn plan_of(&self, experiment: &str) -> PathBuf {
        self.of_experiment(experiment).join("plan.json")
    }

    /// Returns the seal of an experiment: what was fixed before its first run.
    #[must_use]
    pub fn seal(&self, experiment: &str) -> PathBuf {
        self.of_experiment(experiment).join("plan.lock")
    }

    /// Returns the directory of the plans and seals of all experiments, one folder each.
    #[must_use]
    pub fn plans(&self) -> PathBuf {
        self.root.join("plans")
    }

    fn of_experiment(&self, name: &str) -> PathBuf {
        self.plans().join(name)
    }

    /// Returns the log of the runs that failed in sweeps, one line each, with the reason.
    #[must_use]
    pub fn failures(&self) -> PathBuf {
        self.root.join("failures.log")
    }

    /// Returns the directory of the joined tables and statistics.
    #[must_use]
    pub fn analysis(&self) -> PathBuf {
        self.root.join("analysis")
    }

    /// Returns the summary of the analysis, which is written last.
    #[must_use]
    pub fn summary(&self) -> PathBuf {
        self.analysis().join("summary.json")
    }

    /// Returns the lock file of the analysis, which is held by the process that writes it.
    #[must_use]
    pub fn analysis_lock(&self) -> PathBuf {
        self.analysis().join(".lock")
    }

    /// Returns the directory of the report.
    #[must_use]
    pub fn report(&self) -> PathBuf {
        self.root.join("report")
    }

    /// Returns the directory of the exports, one folder per format.
    #[must_use]
    pub fn exports(&self) -> PathBuf {
        self.root.join("export")
    }

    /// Returns the directory of the report's figures.
    #[must_use]
    pub fn figures(&self) -> PathBuf {
        self.report().join("figures")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_study_lies_below_the_results_and_nowhere_else() {
        let results = Path::new("results");
        assert_eq!(Layout::kept(results, "desktop").unwrap().root(), Path::new("results/desktop"));
        for name in ["", "..", "a/b", "a b", "/tmp"] {
            assert_eq!(Layout::kept(results, name), Err(InvalidStudyName(name.to_owned())));
        }
    }
}
