//! The loop over the epochs of a run. While one epoch is trained, the previous one is saved and the next one
//! is drawn.
//!
//! An epoch's line of progress says that the epoch was trained and evaluated, not that it is on the disk: it
//! is saved in the first moments of the next epoch, while the engine computes. An error of saving is reported
//! when the next epoch has ended or broken off.
//!
//! *Invariant:* however the epochs end, by a stop, an error or a panic, no file is being written any more
//! when [`Epochs::train`] returns; and except after an error, every epoch that was evaluated is then on the
//! disk, together with its checkpoint.

use crate::engine::Engine;
use crate::engine::epoch::{Predictions, Sums};
use crate::machine::progress::{Progress, SoFar};
use crate::machine::stop::Stop;
use crate::run::rows::{EpochSums, Judged, epoch_row};
use crate::run::tables::Tables;
use crate::run::work::Work;
use artifacts::Configuration;
use artifacts::run::RunFolder;
use std::panic::resume_unwind;
use std::thread::{self, ScopedJoinHandle};
use std::time::Instant;

/// The parameters that all epochs of a session share.
pub(super) struct Epochs<'a> {
    pub(super) configuration: &'a Configuration,
    pub(super) folder: &'a RunFolder,
    /// Whether the user asked to stop.
    pub(super) stop: &'a Stop,
    /// The number of training images.
    pub(super) images: usize,
    pub(super) judged: &'a Judged,
}

/// How the epochs of a session ended.
pub(super) enum Ended {
    /// The user asked to stop.
    Stopped,
    /// Something in the last epoch was no longer finite; its row is written.
    Diverged,
    /// All epochs were trained; these are the predictions of the last epoch, if there was one to train.
    Trained(Option<Predictions>),
}

impl Epochs<'_> {
    /// Trains all epochs after the `done`-th, up to the `last`; `tables` are those of the epochs that are
    /// done.
    ///
    /// # Errors
    /// A file cannot be written.
    pub(super) fn train(
        &self,
        engine: &mut Engine<'_>,
        (done, last): (usize, usize),
        tables: Tables,
        progress: &mut Progress<'_>,
    ) -> anyhow::Result<(Tables, Ended)> {
        let Self { configuration, folder, images, .. } = *self;
        let draw = |epoch: usize| Work::of(configuration, images, epoch.clamp(1, last.max(1)));
        let mut predictions = None;
        thread::scope(|scope| {
            let mut saving = scope.spawn(move || Ok(tables));
            let mut drawing = scope.spawn(move || draw(done + 1));
            for epoch in done + 1..=last {
                let work = joined(drawing);
                drawing = scope.spawn(move || draw(epoch + 1));
                // Checked before the first update too, because an update may take a minute.
                let sums = if self.stop.is_requested() {
                    None
                } else {
                    self.train_one(engine, &work, epoch, progress)
                };
                let Some(sums) = sums else { return Ok((joined(saving)?, Ended::Stopped)) };
                let start = Instant::now();
                let Some(found) = engine.predict(&mut || self.stop.flow()) else {
                    return Ok((joined(saving)?, Ended::Stopped));
                };
                let predictions = predictions.insert(found);
                let row = epoch_row(epoch, &sums, predictions, self.judged, start.elapsed().as_secs_f64());
                let state = engine.state();
                // With an infinite running variance every image gets the same prediction, at a finite loss,
                // so the state is checked as well.
                let finite = row.train_loss.is_some_and(f64::is_finite)
                    && row.test_loss.is_some_and(f64::is_finite)
                    && state.values().all(|array| array.iter().all(|number| number.is_finite()));
                progress.epoch(&row, configuration.recipe.epochs);
                let mut tables = joined(saving)?;
                if !finite {
                    tables.epochs.push(row);
                    folder.write_epochs(&tables.epochs)?;
                    return Ok((tables, Ended::Diverged));
                }
                saving = scope.spawn(move || tables.add(row, state, configuration, folder));
            }
            Ok((joined(saving)?, Ended::Trained(predictions)))
        })
    }

    /// Trains all updates of an epoch; `None` if the user asked to stop.
    fn train_one(
        &self,
        engine: &mut Engine<'_>,
        work: &Work,
        epoch: usize,
        progress: &mut Progress<'_>,
    ) -> Option<EpochSums> {
        let (start, work_epoch) = (Instant::now(), work.epoch());
        let updates = work_epoch.rates.len();
        let Sums { loss, correct } = engine.train(work_epoch, &mut |done, sums| {
            let seen = (done * work_epoch.batch) as f64;
            let so_far =
                sums.map(|sums| SoFar { loss: sums.loss / seen, accuracy: sums.correct as f64 / seen });
            progress.update((epoch - 1) * updates + done, so_far, seen / start.elapsed().as_secs_f64());
            self.stop.flow()
        })?;
        let seen = (updates * work_epoch.batch) as f64;
        Some(EpochSums {
            loss,
            correct,
            seen,
            rate: work.last_rate(),
            seconds: start.elapsed().as_secs_f64(),
        })
    }
}

/// Returns a thread's result, or resumes its panic.
fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::images::Images;
    use crate::machine::device::Device;
    use crate::machine::progress::Screen;
    use crate::run::initialise::initialise;
    use artifacts::dataset::{Dataset, Task};
    use artifacts::run::EpochRow;
    use artifacts::{Recipe, table};

    /// Trains this many epochs in a folder.
    fn train(folder: &RunFolder, last: usize) -> anyhow::Result<(Tables, Ended)> {
        let (train, test) =
            (Dataset::generated(Task::Cifar10, 8, 1), Dataset::generated(Task::Cifar10, 4, 2));
        let images = (Images::new(&train, None).unwrap(), Images::new(&test, None).unwrap());
        let (channels, engine) = ([4, 4, 4, 4], artifacts::Backend::Fused);
        let configuration = Configuration {
            recipe: Recipe { channels, epochs: 3, batch: 4, ..Recipe::default() },
            rankscale: 2,
            engine,
            ..Configuration::default()
        };
        let judged = Judged { rows: images.1.rows.clone(), labels: images.1.labels.clone() };
        let state = initialise(&configuration.architecture(), 0);
        let mut engine = Engine::new(&configuration, &state, images, Device::Cpu, 1).unwrap();
        let (screen, stop) = (Screen::default(), Stop::default());
        let mut progress = Progress::new(&screen, "run", 2, &configuration, (0, configuration.recipe.epochs));
        let (configuration, judged) = (&configuration, &judged);
        Epochs { configuration, folder, stop: &stop, images: 8, judged }.train(
            &mut engine,
            (0, last),
            Tables::default(),
            &mut progress,
        )
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named_after_the_last_epoch_as_after_any_other() {
        for file in ["epochs.parquet", "layers.parquet", "checkpoint.safetensors"] {
            for last in [1, 3] {
                let root = tempfile::tempdir().unwrap();
                let folder = RunFolder::new(root.path().join("run"));
                // Nothing can be renamed onto a directory that is not empty, even by root.
                fs_err::create_dir_all(folder.path().join(file).join("in the way")).unwrap();
                let Err(error) = train(&folder, last) else { panic!("{file}, {last} epochs: no error") };
                assert!(format!("{error:#}").contains(file), "{last} epochs: {error:#}");
            }
        }
    }

    #[test]
    fn every_epoch_is_on_the_disk_when_the_last_one_has_ended() {
        let root = tempfile::tempdir().unwrap();
        let folder = RunFolder::new(root.path().join("run"));
        for last in [1, 3] {
            let (tables, ended) = train(&folder, last).unwrap();
            assert!(matches!(ended, Ended::Trained(Some(_))));
            let kept = table::read::<EpochRow>(&folder.epochs_path()).unwrap();
            assert_eq!((tables.epochs.len(), kept.len()), (last, last));
            assert!(folder.checkpoint_path().exists());
        }
    }
}
