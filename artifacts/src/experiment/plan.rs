//! A resolved experiment as a file, for the stages after the sweep and for its seal.
//!
//! *Invariant:* the same experiment is the same bytes, which is what its hash is of.

use super::{Experiment, ExperimentError};
use crate::atomic;
use crate::layout::Layout;
use fs_err as fs;
use sha2::{Digest, Sha256};
use std::path::Path;

impl Experiment {
    /// Writes the resolved experiment below its own name, and as that of the newest sweep.
    ///
    /// # Errors
    /// The file system's.
    pub fn write_plans(&self, layout: &Layout) -> Result<(), ExperimentError> {
        // The newest last: it never points to an experiment without a plan of its own.
        self.write_plan(&layout.plan_of(&self.name))?;
        self.write_plan(&layout.plan())
    }

    /// Writes the resolved experiment, so that later stages know what was planned.
    ///
    /// # Errors
    /// The file system's.
    pub fn write_plan(&self, path: &Path) -> Result<(), ExperimentError> {
        Ok(atomic::write(path, self.plan())?)
    }

    /// SHA-256 of what [`Experiment::write_plan`] writes: 64 hex digits.
    #[must_use]
    pub fn plan_sha256(&self) -> String {
        hex::encode(Sha256::digest(self.plan()))
    }

    fn plan(&self) -> Vec<u8> {
        atomic::json(self).expect("plain values have a JSON form")
    }

    /// Reads what [`Experiment::write_plan`] wrote.
    ///
    /// # Errors
    /// A missing or foreign file.
    pub fn read_plan(path: &Path) -> Result<Self, ExperimentError> {
        let text = fs::read_to_string(path)?;
        serde_json::from_str(&text)
            .map_err(|error| ExperimentError::Toml { path: path.to_owned(), reason: error.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Configuration;

    #[test]
    fn each_experiment_keeps_its_plan_and_the_newest_is_pointed_to() {
        let root = tempfile::tempdir().unwrap();
        let layout = Layout::new(root.path());
        let experiment = |name: &str| Experiment {
            name: name.into(),
            title: "t".into(),
            tuned: false,
            verdict: None,
            runs: vec![Configuration::default()],
        };
        for name in ["first", "second"] {
            experiment(name).write_plans(&layout).unwrap();
        }
        let read = |path: &Path| Experiment::read_plan(path).unwrap().name;
        assert_eq!(read(&layout.plan()), "second");
        assert_eq!(["first", "second"].map(|name| read(&layout.plan_of(name))), ["first", "second"]);
        assert_eq!(layout.plan_of("first").parent(), layout.seal("first").parent());
    }
}
