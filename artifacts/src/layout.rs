//! Where every file lies, below one root (`work/`, or the directory in `WORK`).

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
    /// The files below `root`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The files of a study that is kept with the source, below `results/`: laid out as a work directory is.
    ///
    /// # Errors
    /// A name that could lead elsewhere.
    pub fn kept(results: &Path, name: &str) -> Result<Self, InvalidStudyName> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if name.is_empty() || !name.chars().all(plain) {
            return Err(InvalidStudyName(name.to_owned()));
        }
        Ok(Self::new(results.join(name)))
    }

    /// The directory all of it lies in.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Directory of a prepared data set.
    #[must_use]
    pub fn data(&self, task: Task) -> PathBuf {
        self.root.join("data").join(task.name())
    }

    /// The images of one half of a data set.
    #[must_use]
    pub fn images(&self, task: Task, split: Split) -> PathBuf {
        self.data(task).join(split.name()).with_extension("parquet")
    }

    /// Lock of a prepared data set, held by the process that prepares it.
    #[must_use]
    pub fn data_lock(&self, task: Task) -> PathBuf {
        self.data(task).join(".lock")
    }

    /// Directory of what is downloaded for a data set, whole and partial.
    #[must_use]
    pub fn downloads(&self, task: Task) -> PathBuf {
        self.root.join("data/downloads").join(task.name())
    }

    /// Directory of all runs.
    #[must_use]
    pub fn runs(&self) -> PathBuf {
        self.root.join("runs")
    }

    /// Directory of one run, by the name its identity gives it.
    #[must_use]
    pub fn run(&self, name: &str) -> PathBuf {
        self.runs().join(name)
    }

    /// The resolved experiment of the newest sweep, for the stages after it.
    #[must_use]
    pub fn plan(&self) -> PathBuf {
        self.root.join("plan.json")
    }

    /// The resolved experiment of the newest sweep of this name.
    #[must_use]
    pub fn plan_of(&self, experiment: &str) -> PathBuf {
        self.of_experiment(experiment).join("plan.json")
    }

    /// What was fixed before the first run of an experiment.
    #[must_use]
    pub fn seal(&self, experiment: &str) -> PathBuf {
        self.of_experiment(experiment).join("plan.lock")
    }

    /// Directory of the plans and seals of all experiments, a folder each.
    #[must_use]
    pub fn plans(&self) -> PathBuf {
        self.root.join("plans")
    }

    fn of_experiment(&self, name: &str) -> PathBuf {
        self.plans().join(name)
    }

    /// Directory of the joined tables and statistics.
    #[must_use]
    pub fn analysis(&self) -> PathBuf {
        self.root.join("analysis")
    }

    /// Directory of the report.
    #[must_use]
    pub fn report(&self) -> PathBuf {
        self.root.join("report")
    }

    /// Directory of the exports, a folder for each format.
    #[must_use]
    pub fn exports(&self) -> PathBuf {
        self.root.join("export")
    }

    /// Directory of the report's figures.
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
