//! The files of one run: `run.json`, `epochs.parquet`, `layers.parquet`, `predictions.parquet`,
//! `model.safetensors`, and, while it is under way, `checkpoint.safetensors`.

mod folder;
mod headway;
#[cfg(test)]
mod made_up;
mod origin;
mod rows;
pub mod said;
mod sealed;

pub use folder::{RunError, RunFolder, folders, strays};
pub use headway::{Condition, Headway};
pub use origin::{Continuation, Origin, Provenance};
pub use rows::{EpochRow, LayerRow, PredictionRow};

use crate::configuration::Configuration;
use crate::stamp::{self, FileSums};
use network::Counts;
use serde::{Deserialize, Serialize};

/// Version of the files of a run; raised when their meaning changes.
pub const FORMAT: u32 = 2;

/// The status of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Under way, or killed.
    Running,
    /// Stopped by a signal; it resumes from its last epoch.
    Interrupted,
    /// All epochs are done.
    Done,
    /// The loss was no longer finite; the run ends here.
    Diverged,
}

impl Status {
    /// Returns the name in files and tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Interrupted => "interrupted",
            Self::Done => "done",
            Self::Diverged => "diverged",
        }
    }

    /// Returns whether the run has ended, done or diverged.
    #[must_use]
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Done | Self::Diverged)
    }
}

/// The data that a run was trained on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataProvenance {
    /// Content fingerprint of the training images and of the test images, joined by a colon.
    pub fingerprint: String,
    /// The source of the images.
    pub source: String,
}

/// What an import has in the place of a fingerprint, before the hash of its files.
const IMPORTED: &str = "imported:";

impl DataProvenance {
    /// Describes the unknown images of runs that are imported from these files, named with their texts.
    #[must_use]
    pub fn imported(files: &[&(String, String)]) -> Self {
        let texts: String = files.iter().map(|(_, text)| text.as_str()).collect();
        let mut names: Vec<&str> = files.iter().map(|(file, _)| file.as_str()).collect();
        names.sort_unstable();
        Self {
            fingerprint: format!("{IMPORTED}{}", stamp::sha256(texts.as_bytes())),
            source: format!("imported from {}", names.join(", ")),
        }
    }

    /// Returns whether a fingerprint stands for the images of an import, which nobody knows.
    #[must_use]
    pub fn is_of_an_import(fingerprint: &str) -> bool {
        fingerprint.starts_with(IMPORTED)
    }
}

/// The record of a run, `run.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunRecord {
    /// The version of the files, [`FORMAT`].
    pub format: u32,
    /// The name of the run, which is that of its folder.
    pub name: String,
    /// The status of the run.
    pub status: Status,
    /// The configuration of the run.
    pub configuration: Configuration,
    /// The counts of its network.
    pub counts: Counts,
    /// The data that it was trained on.
    pub data: DataProvenance,
    /// Whether this program trained it, and then where and with what.
    #[serde(rename = "provenance")]
    pub origin: Origin,
    /// The later parts of the run, each made elsewhere or with something else than the part before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub continued: Vec<Continuation>,
    /// The checksums of its files; `None` in runs of versions that did not record them, before tables were
    /// sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<FileSums>,
}

impl RunRecord {
    /// Returns where and with what the run was trained, part after part; none for an imported run.
    pub fn parts(&self) -> impl Iterator<Item = &Provenance> {
        self.parts_of(usize::MAX)
    }

    /// Returns the parts that made the first `epochs` epochs.
    pub fn parts_of(&self, epochs: usize) -> impl Iterator<Item = &Provenance> {
        let later = self.continued.iter().filter(move |part| part.after_epoch < epochs);
        self.origin.provenance().into_iter().chain(later.map(|part| &part.provenance))
    }

    /// Notes that the epochs after the first `done` are made as `now` says. Parts that left no epoch are
    /// forgotten.
    pub fn take_up(&mut self, done: usize, now: Provenance) {
        self.continued.retain(|part| part.after_epoch < done);
        let Origin::Trained(first) = &mut self.origin else { return };
        if done == 0 {
            *first = Provenance { started_unix_seconds: first.started_unix_seconds, ..now };
        } else if self.parts().last().is_none_or(|last| !last.is_alike(&now)) {
            self.continued.push(Continuation { after_epoch: done, provenance: now });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(revision: &str, started: u64) -> Provenance {
        Provenance { git_revision: revision.into(), started_unix_seconds: started, ..made_up::provenance() }
    }

    fn record(origin: Origin) -> RunRecord {
        RunRecord { origin, ..made_up::record(Configuration::default(), Status::Running) }
    }

    fn revisions(record: &RunRecord) -> Vec<(&str, u64)> {
        record.parts().map(|part| (part.git_revision.as_str(), part.started_unix_seconds)).collect()
    }

    #[test]
    fn a_part_is_noted_where_something_changed_and_epochs_are_left_of_the_one_before() {
        let mut record = record(Origin::Trained(by("a", 1)));
        record.take_up(0, by("b", 2));
        assert_eq!(revisions(&record), [("b", 1)], "the first left no epoch, but the run began with it");
        record.take_up(3, by("b", 3));
        assert_eq!(revisions(&record), [("b", 1)], "another time alone is no other part");
        record.take_up(3, by("c", 4));
        record.take_up(3, by("d", 5));
        assert_eq!(revisions(&record), [("b", 1), ("d", 5)], "c left no epoch");
        record.take_up(4, by("b", 6));
        assert_eq!(revisions(&record), [("b", 1), ("d", 5), ("b", 6)]);
        record.take_up(2, by("b", 7));
        assert_eq!(revisions(&record), [("b", 1)], "the epochs of d are trained again");
        record.take_up(3, by("d", 8));
        record.take_up(0, by("e", 9));
        assert_eq!(revisions(&record), [("e", 1)], "all epochs are trained again");
    }

    #[test]
    fn the_record_of_a_run_in_one_part_is_as_it_was_and_that_of_parts_is_read_again() {
        let mut record = record(Origin::Trained(by("a", 1)));
        assert!(!serde_json::to_string(&record).unwrap().contains("continued"));
        record.take_up(1, by("b", 2));
        let written = serde_json::to_string(&record).unwrap();
        assert!(written.contains(r#""continued":[{"after_epoch":1,"provenance":{"git_revision":"b""#));
        assert_eq!(serde_json::from_str::<RunRecord>(&written).unwrap(), record);
    }

    #[test]
    fn an_imported_run_has_no_parts() {
        let mut record = record(Origin::Imported);
        record.take_up(1, by("a", 1));
        assert_eq!(record.parts().count(), 0);
    }
}
