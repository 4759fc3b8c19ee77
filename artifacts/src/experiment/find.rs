//! Experiments by name: those in a folder of files, and those whose plans a work folder has.

use super::{Experiment, ExperimentError};
use crate::layout::Layout;
use fs_err as fs;
use std::path::Path;

/// Returns the names of the experiments whose plans a work folder has, sorted.
#[must_use]
pub fn planned(work: &Layout) -> Vec<String> {
    let folders = fs::read_dir(work.plans()).into_iter().flatten().flatten();
    let names = folders.filter_map(|folder| folder.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| work.plan_of(name).is_file()).collect();
    names.sort();
    names
}

impl Experiment {
    /// Finds an experiment by name in `directory`, by path, or by name among the plans of a work folder.
    ///
    /// # Errors
    /// There is no such experiment, or it cannot be run; the message names the file, the key and the rule.
    pub fn find(name_or_path: &str, directory: &Path, work: &Layout) -> Result<Self, ExperimentError> {
        let named = directory.join(format!("{name_or_path}.toml"));
        let looks_like_path = name_or_path.contains(['/', '\\'])
            || Path::new(name_or_path).extension().is_some_and(|ending| ending == "toml");
        if !looks_like_path && named.is_file() {
            return Self::read(&named);
        }
        if Path::new(name_or_path).is_file() {
            return Self::read(Path::new(name_or_path));
        }
        let plans = planned(work);
        // Only a listed name is looked up, so it cannot lead outside.
        if plans.iter().any(|plan| plan == name_or_path) {
            return Self::read_plan(&work.plan_of(name_or_path));
        }
        let mut known = known(directory);
        known.extend(plans);
        known.sort();
        known.dedup();
        Err(ExperimentError::Unknown { name: name_or_path.to_owned(), known: known.join(", ") })
    }
}

pub(super) fn known(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".toml").map(str::to_owned))
        .collect();
    names.sort();
    names
}
