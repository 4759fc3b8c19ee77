//! Where every file lies, below one root (`work/`, or the directory in `WORK`).

use std::path::{Path, PathBuf};

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

    /// The directory all of it lies in.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Directory of the prepared data set.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.root.join("data/cifar10")
    }

    /// Directory of downloads, whole and partial.
    #[must_use]
    pub fn downloads(&self) -> PathBuf {
        self.root.join("data/downloads")
    }

    /// The training images.
    #[must_use]
    pub fn train_images(&self) -> PathBuf {
        self.data().join("train.parquet")
    }

    /// The test images.
    #[must_use]
    pub fn test_images(&self) -> PathBuf {
        self.data().join("test.parquet")
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

    fn of_experiment(&self, name: &str) -> PathBuf {
        self.root.join("plans").join(name)
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

    /// Directory of the report's figures.
    #[must_use]
    pub fn figures(&self) -> PathBuf {
        self.report().join("figures")
    }
}
