//! The inputs of a run besides its configuration: files, images, device, threads.

use crate::data::images::Images;
use crate::machine::device::Device;
use crate::machine::progress::Screen;
use crate::machine::stop::Stop;
use anyhow::{Context as _, ensure};
use artifacts::dataset::{Dataset, Header, Provenance, Task, joined};
use artifacts::reading::is_there;
use artifacts::run::{DataProvenance, RunFolder};
use artifacts::{Configuration, Layout};
use std::panic::resume_unwind;

/// The data that runs are trained and evaluated on, in memory.
///
/// *Invariant:* the test images are loaded only if they were asked for; nothing else in this program reads
/// them.
#[derive(Debug)]
pub struct TrainTest {
    /// The training images.
    pub train: Dataset,
    /// The test images; `None` if every run is evaluated on training images that it holds out.
    pub test: Option<Dataset>,
    /// How many test images there are.
    test_images: usize,
    /// The fingerprint of the test images.
    test_fingerprint: String,
}

impl TrainTest {
    /// Reads what `data-prep` prepared. Of the test images only the header is read, unless they are needed
    /// for evaluation. Images that are read are verified against the fingerprint in their file.
    ///
    /// # Errors
    /// Missing, damaged or foreign files; the message says what to run.
    pub fn read(layout: &Layout, task: Task, judged_by_test: bool) -> anyhow::Result<Self> {
        let [train, test] = layout.halves(task);
        for path in [&train, &test] {
            ensure!(is_there(path)?, "{}: no such file; run `just data{}` first", path.display(), task.key());
        }
        let (train, test) = std::thread::scope(|scope| {
            let train = scope.spawn(|| Dataset::read_verified_of(&train, task));
            let test = if judged_by_test {
                Dataset::read_verified_of(&test, task)
                    .map(|test| (test.len(), test.fingerprint.clone(), Some(test)))
            } else {
                Header::read_of(&test, task).map(|header| (header.images, header.fingerprint, None))
            };
            (train.join().unwrap_or_else(|panic| resume_unwind(panic)), test)
        });
        // Where both are wrong, the first to name is the training images.
        let (train, (test_images, test_fingerprint, test)) = (train?, test?);
        Ok(Self { train, test, test_images, test_fingerprint })
    }

    /// Returns the data set's task, which defines the labels.
    #[must_use]
    pub fn task(&self) -> Task {
        self.train.task
    }

    /// Returns the images that a run is trained on, and those that it is evaluated on.
    ///
    /// # Errors
    /// More images are asked for than there are, or the test images were not read.
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

    /// Returns the largest number of images for training, and for evaluation.
    #[must_use]
    pub fn most(&self, configuration: &Configuration) -> (usize, usize) {
        match configuration.recipe.validation_images {
            Some(held_out) => (self.train.len().saturating_sub(held_out), self.train.len().min(held_out)),
            None => (self.train.len(), self.test_images),
        }
    }

    /// Returns the two fingerprints, joined by a colon.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        joined([&self.train.fingerprint, &self.test_fingerprint])
    }

    /// Returns the source of the images, and their fingerprint.
    #[must_use]
    pub fn provenance(&self) -> DataProvenance {
        let source = match &self.train.provenance {
            Provenance::File { source, .. } => source.clone(),
            Provenance::Generated { seed } => format!("generated with seed {seed}"),
        };
        DataProvenance { fingerprint: self.fingerprint(), source }
    }
}

/// The inputs of a run besides its configuration.
#[derive(Debug, Clone, Copy)]
pub struct RunContext<'a> {
    /// The paths of all files.
    pub layout: &'a Layout,
    /// The images.
    pub data: &'a TrainTest,
    /// The device to compute on.
    pub device: Device,
    /// CPU threads for arithmetic.
    pub threads: usize,
    /// Whether the user asked to stop.
    pub stop: &'a Stop,
    /// The display of progress.
    pub screen: &'a Screen,
}

impl RunContext<'_> {
    /// Returns the folder of a run on these images; its name is that of the run.
    #[must_use]
    pub fn folder(&self, configuration: &Configuration) -> RunFolder {
        RunFolder::new(self.layout.run(&configuration.run_name(&self.data.fingerprint())))
    }
}
