//! Where runs are made, and with what: files, images, device, threads.

use crate::machine::device::Device;
use crate::machine::progress::Screen;
use crate::machine::stop::Stop;
use anyhow::ensure;
use artifacts::Layout;
use artifacts::dataset::{Dataset, Provenance, Split};
use artifacts::run::DataProvenance;

/// Both halves of the data, in memory.
#[derive(Debug)]
pub struct TrainTest {
    /// To learn from.
    pub train: Dataset,
    /// To be judged by.
    pub test: Dataset,
}

impl TrainTest {
    /// Reads what `data-prep` prepared, and holds every image against the content that its file names.
    ///
    /// # Errors
    /// Missing, damaged or foreign files; the message says what to run.
    pub fn read(layout: &Layout) -> anyhow::Result<Self> {
        let read = |split: Split| {
            let path = split.path(layout);
            ensure!(path.exists(), "{}: no such file; run `just data` first", path.display());
            Ok(Dataset::read_verified(&path)?)
        };
        Ok(Self { train: read(Split::Train)?, test: read(Split::Test)? })
    }

    /// The two fingerprints, joined by a colon.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        format!("{}:{}", self.train.fingerprint, self.test.fingerprint)
    }

    /// Where the images came from, and their fingerprint.
    #[must_use]
    pub fn provenance(&self) -> DataProvenance {
        let source = match &self.train.provenance {
            Provenance::File { source, .. } => source.clone(),
            Provenance::Generated { seed } => format!("generated with seed {seed}"),
        };
        DataProvenance { fingerprint: self.fingerprint(), source }
    }
}

/// Where runs are made, and with what.
#[derive(Debug, Clone, Copy)]
pub struct RunContext<'a> {
    /// Where the files lie.
    pub layout: &'a Layout,
    /// The images.
    pub data: &'a TrainTest,
    /// Where to compute.
    pub device: Device,
    /// CPU threads for arithmetic.
    pub threads: usize,
    /// Whether the user asked to stop.
    pub stop: &'a Stop,
    /// Where progress is shown.
    pub screen: &'a Screen,
}
