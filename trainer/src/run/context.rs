//! Where runs are made, and with what: files, images, device, threads.

use crate::data::images::Images;
use crate::machine::device::Device;
use crate::machine::progress::Screen;
use crate::machine::stop::Stop;
use anyhow::{Context as _, ensure};
use artifacts::dataset::{Dataset, Header, Provenance, Split, Task};
use artifacts::run::DataProvenance;
use artifacts::{Configuration, Layout};

/// The data that runs learn from and are judged by, in memory.
///
/// *Invariant:* the test images are there only if they were asked for; nothing else in this program reads them.
#[derive(Debug)]
pub struct TrainTest {
    /// To learn from.
    pub train: Dataset,
    /// To be judged by; none where every run is judged by training images that it holds out.
    pub test: Option<Dataset>,
    /// What the file of test images says of itself.
    test_header: Header,
}

impl TrainTest {
    /// Reads what `data-prep` prepared: of the test images no more than the file's word on itself, unless they are to be judged by. Images that
    /// are read are held against the content that their file names.
    ///
    /// # Errors
    /// Missing, damaged or foreign files; the message says what to run.
    pub fn read(layout: &Layout, task: Task, judged_by_test: bool) -> anyhow::Result<Self> {
        let [train, test] = Split::ALL.map(|split| layout.images(task, split));
        for path in [&train, &test] {
            ensure!(path.exists(), "{}: no such file; run `just data{}` first", path.display(), key(task));
        }
        Ok(Self {
            train: {
                Header::read_of(&train, task)?;
                Dataset::read_verified(&train)?
            },
            test_header: Header::read_of(&test, task)?,
            test: judged_by_test.then(|| Dataset::read_verified(&test)).transpose()?,
        })
    }

    /// What the labels mean.
    #[must_use]
    pub fn task(&self) -> Task {
        self.train.task
    }

    /// What a run learns from, and what it is judged by.
    ///
    /// # Errors
    /// More images than there are; test images that were not read.
    pub fn images(&self, configuration: &Configuration) -> anyhow::Result<(Images<'_>, Images<'_>)> {
        if let Some(held_out) = configuration.recipe.validation_images {
            return Images::held_out(&self.train, held_out, configuration.recipe.train_images)
                .context("train_images and validation_images");
        }
        let test = self.test.as_ref().context("the test images were not read")?;
        Ok((
            Images::new(&self.train, configuration.recipe.train_images).context("train_images")?,
            Images::new(test, configuration.recipe.test_images).context("test_images")?,
        ))
    }

    /// How many images a run may learn from, and by how many it may be judged.
    #[must_use]
    pub fn most(&self, configuration: &Configuration) -> (usize, usize) {
        match configuration.recipe.validation_images {
            Some(held_out) => (self.train.len().saturating_sub(held_out), self.train.len().min(held_out)),
            None => (self.train.len(), self.test_header.images),
        }
    }

    /// The two fingerprints, joined by a colon.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        format!("{}:{}", self.train.fingerprint, self.test_header.fingerprint)
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

/// What to add to a recipe for this data set; nothing for the notebook's.
fn key(task: Task) -> String {
    if task.is_the_notebooks() { String::new() } else { format!(" DATASET={}", task.name()) }
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
