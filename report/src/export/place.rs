//! The folder of an export, and what may already lie there.
//!
//! Beside its files an export leaves `export.json`, which lists them.
//!
//! *Invariant:* only files that such a list names are replaced or removed.

use anyhow::{Context, Result, bail, ensure};
use artifacts::{atomic, reading};
use fs_err as fs;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The name of the list, beside the files that it names.
pub const LIST: &str = "export.json";
/// The `made_by` value of an export.
const MADE_BY: &str = "rankscale: just export";

/// The contents of `export.json`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    made_by: String,
    format: String,
    files: Vec<PathBuf>,
}

/// A folder that an export may use.
#[derive(Debug)]
pub struct ExportFolder {
    path: PathBuf,
    /// The files of an earlier export.
    ours: Vec<PathBuf>,
}

impl ExportFolder {
    /// Accepts a folder that is missing, empty, or an earlier export's.
    ///
    /// # Errors
    /// The path is a file, or the folder holds something that no export wrote; the message names it.
    pub fn at(path: &Path) -> Result<Self> {
        if !reading::is_there(path)? {
            return Ok(Self { path: path.to_owned(), ours: Vec::new() });
        }
        ensure!(path.is_dir(), "{}: is a file, and an export is a folder: give another OUT", path.display());
        // A symbolic link stays, and its target is replaced.
        let path = fs::canonicalize(path)?;
        let found = atomic::files_below(&path)?;
        let ours = if found.is_empty() { Vec::new() } else { listed(&path)? };
        if let Some(foreign) = found.iter().find(|name| !ours.contains(name)) {
            bail!(
                "{}: no export wrote {}, and it would be lost: give another OUT, or move it away",
                path.display(),
                foreign.display()
            );
        }
        Ok(Self { path, ours })
    }

    /// Fills the folder with these files and their list, all or nothing, and returns their paths.
    ///
    /// # Errors
    /// Those of the file system; what was there before then stays.
    pub fn fill(mut self, format: &str, files: &[(PathBuf, Vec<u8>)]) -> Result<Vec<PathBuf>> {
        let names: Vec<PathBuf> = files.iter().map(|(name, _)| name.clone()).collect();
        let list =
            atomic::json(&List { made_by: MADE_BY.into(), format: format.into(), files: names.clone() })?;
        let mut all: Vec<(PathBuf, &[u8])> =
            files.iter().map(|(name, bytes)| (name.clone(), bytes.as_slice())).collect();
        all.push((PathBuf::from(LIST), &list));
        self.ours.extend(names);
        self.ours.push(PathBuf::from(LIST));
        atomic::replace_folder(&self.path, &all, &self.ours)
            .with_context(|| format!("{}: cannot be written", self.path.display()))?;
        Ok(all.into_iter().map(|(name, _)| self.path.join(name)).collect())
    }
}

/// Returns the files that the list of an earlier export names, and the list itself; empty if there is no such
/// list.
fn listed(path: &Path) -> Result<Vec<PathBuf>> {
    let list = path.join(LIST);
    if !list.is_file() {
        return Ok(Vec::new());
    }
    let found: Option<List> = serde_json::from_slice(&reading::bytes(&list)?).ok();
    let ours = found.filter(|list| list.made_by == MADE_BY).map(|list| list.files);
    Ok(ours.map_or_else(Vec::new, |files| files.into_iter().chain([PathBuf::from(LIST)]).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(path: &Path, files: &[(&str, &str)]) -> Result<Vec<PathBuf>> {
        let files: Vec<_> =
            files.iter().map(|(name, text)| (PathBuf::from(name), text.as_bytes().to_vec())).collect();
        ExportFolder::at(path)?.fill("csv", &files)
    }

    #[test]
    fn an_earlier_export_makes_room_as_a_whole() {
        let root = tempfile::tempdir().unwrap();
        let out = root.path().join("deep/out");
        fill(&out, &[("a/old", "1"), ("b", "1")]).unwrap();
        fill(&out, &[("b", "2")]).unwrap();
        let mut found = atomic::files_below(&out).unwrap();
        found.sort();
        assert_eq!(found, ["b", LIST].map(PathBuf::from));
        assert_eq!(fs::read_to_string(out.join("b")).unwrap(), "2");
    }

    #[test]
    fn what_no_export_wrote_is_named_and_stays() {
        let root = tempfile::tempdir().unwrap();
        let out = root.path().join("out");
        for (foreign, beside) in [("notes.txt", false), ("notes.txt", true), (LIST, false)] {
            if beside {
                fill(&out, &[("b", "1")]).unwrap();
            }
            atomic::write(&out.join(foreign), "{}").unwrap();
            let message = fill(&out, &[("b", "2")]).unwrap_err().to_string();
            assert!(message.contains(foreign) && message.contains("another OUT"), "{message}");
            assert!(!out.join("b").exists() || fs::read_to_string(out.join("b")).unwrap() == "1");
            // Following the message's advice makes the export succeed.
            fs::remove_file(out.join(foreign)).unwrap();
            fill(&out, &[("b", "3")]).unwrap();
            fs::remove_dir_all(&out).unwrap();
        }
        let file = root.path().join("file");
        atomic::write(&file, "theirs").unwrap();
        assert!(fill(&file, &[("b", "2")]).unwrap_err().to_string().contains("is a file"));
    }

    #[test]
    fn a_link_stays_a_link() {
        let root = tempfile::tempdir().unwrap();
        let (out, link) = (root.path().join("out"), root.path().join("link"));
        fill(&out, &[("b", "1")]).unwrap();
        std::os::unix::fs::symlink(&out, &link).unwrap();
        fill(&link, &[("b", "2")]).unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(out.join("b")).unwrap(), "2");
    }
}
