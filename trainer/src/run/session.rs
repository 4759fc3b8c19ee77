//! A session of a run: from its configuration to its files, new or resumed.
//!
//! A request to stop is noticed between any two updates and between any two batches of an evaluation. A stop
//! loses the epoch under way; the saving of the previous epoch is completed first. A crash loses the epoch
//! under way and, during the fraction of a second in which it is saved, the previous one.
//!
//! *Invariant:* at any instant the folder holds all that is needed to continue from its checkpoint, or from
//! the start. On the CPU with the same number of threads the resumed run ends with the same numbers, bit for
//! bit, as one that was never stopped.

use crate::data::state_dict::{self, StateDict};
use crate::engine::Engine;
use crate::engine::epoch::Predictions;
use crate::machine::progress::Progress;
use crate::run::checkpoint::Checkpoint;
use crate::run::context::RunContext;
use crate::run::epochs::{Ended, Epochs};
use crate::run::hindrance::hindered;
use crate::run::initialise::initialise;
use crate::run::layers;
use crate::run::lock::Lock;
use crate::run::provenance::provenance;
use crate::run::rows::{Judged, prediction_rows};
use crate::run::tables::Tables;
use anyhow::{Context, ensure};
use artifacts::reading::is_there;
use artifacts::run::said::{DONE, ELSEWHERE};
use artifacts::run::{FORMAT, Origin, Provenance, RunError, RunFolder, RunRecord, Status};
use artifacts::stamp::FileSums;
use artifacts::{Configuration, atomic};
use network::Architecture;
use std::collections::BTreeMap;
use std::mem;

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome {
    /// All epochs are done, with this last test accuracy.
    Done(f64),
    /// The loss was no longer finite in this epoch.
    Diverged(usize),
    /// The user asked to stop, after this many epochs.
    Interrupted(usize),
    /// Another process is training the run; nothing was done.
    Elsewhere,
}

impl Outcome {
    /// Says how the session ended, where `judged_by` names the images that judge the run.
    #[must_use]
    pub fn says(&self, judged_by: &str) -> String {
        match self {
            Self::Done(accuracy) => format!("{DONE}{judged_by} accuracy {:.2} %", accuracy * 100.0),
            Self::Diverged(epoch) => format!("diverged in epoch {epoch}: the loss is not a finite number"),
            Self::Interrupted(epoch) => {
                format!("stopped; {epoch} epochs are saved, and the same command goes on from there")
            }
            Self::Elsewhere => format!("{ELSEWHERE} is training this run"),
        }
    }
}

/// Trains a run to its end, or until the user asks to stop. A run that is done or diverged stays as it is.
///
/// # Errors
/// A folder or a file cannot be used or written.
pub fn train(context: &RunContext<'_>, configuration: &Configuration) -> anyhow::Result<Outcome> {
    train_until(context, configuration, configuration.recipe.epochs)
}

/// Does the same as [`train`], but stops after `last` epochs as if the user had asked to, if that is before
/// the end.
///
/// # Errors
/// Those of [`train`].
pub fn train_until(
    context: &RunContext<'_>,
    configuration: &Configuration,
    last: usize,
) -> anyhow::Result<Outcome> {
    let folder = context.folder(configuration);
    let Some(lock) = Lock::take(&folder)? else { return Ok(Outcome::Elsewhere) };
    let ended = Session::open(context, configuration, folder.clone())
        .and_then(|session| session.run(last))
        .with_context(|| format!("run {}", folder.path().display()));
    match ended {
        Err(error) if lock.is_lost() => {
            let name = folder.name();
            context
                .screen
                .say(&format!("{name}: {ELSEWHERE} has taken it over, and this one stops: {error:#}"));
            Ok(Outcome::Elsewhere)
        }
        ended => ended,
    }
}

/// Adds advice to an error that says that a file is damaged. Whoever cannot read it now must not give it up.
fn given_up(error: impl Into<anyhow::Error>, advice: &'static str) -> anyhow::Error {
    let error = error.into();
    if hindered(&error) { error } else { error.context(advice) }
}

/// One run under way.
struct Session<'a> {
    context: &'a RunContext<'a>,
    configuration: &'a Configuration,
    folder: RunFolder,
    record: RunRecord,
    /// Where and with what this session trains.
    now: Provenance,
    tables: Tables,
}

impl<'a> Session<'a> {
    /// Resumes what the folder holds, or starts anew.
    fn open(
        context: &'a RunContext<'a>,
        configuration: &'a Configuration,
        folder: RunFolder,
    ) -> anyhow::Result<Self> {
        let now = provenance(configuration.engine, context.device, context.threads);
        let fresh = RunRecord {
            format: FORMAT,
            name: folder.name(),
            status: Status::Running,
            configuration: configuration.clone(),
            counts: configuration.counts(),
            data: context.data.provenance(),
            origin: Origin::Trained(now.clone()),
            continued: Vec::new(),
            sealed: Some(FileSums::default()),
        };
        let record = if is_there(&folder.record_path())? {
            folder
                .read_record()
                .map_err(|error| given_up(error, "move the folder away to train this run anew"))?
        } else {
            fresh
        };
        let epochs = match record.status.has_ended().then(|| folder.read_whole()) {
            // The run is reported and resumed: nothing says that its table was ever longer.
            Some(Err(RunError::Short { .. })) if record.sealed.is_none() => folder.epochs_of(&record)?,
            Some(whole) => whole?.1,
            None => folder.epochs_of(&record)?,
        };
        let tables = Tables { epochs, layers: folder.read_layers(&record)? };
        Ok(Self { context, configuration, folder, record, now, tables })
    }

    fn run(mut self, last: usize) -> anyhow::Result<Outcome> {
        match self.record.status {
            Status::Done => match self.tables.epochs.last() {
                Some(last) if self.tables.epochs.len() >= self.configuration.recipe.epochs => {
                    return Ok(Outcome::Done(last.test_accuracy));
                }
                _ => self.context.screen.say(&format!(
                    "{}: its record says done, but {} of {} epochs are there: it is taken up again",
                    self.record.name,
                    self.tables.epochs.len(),
                    self.configuration.recipe.epochs
                )),
            },
            Status::Diverged => return Ok(Outcome::Diverged(self.tables.epochs.len())),
            Status::Running | Status::Interrupted => {}
        }
        let configuration = self.configuration;
        let architecture = configuration.architecture();
        let (train, test) = self.context.data.images(configuration)?;
        let (images, judged) = (train.len(), Judged { rows: test.rows.clone(), labels: test.labels.clone() });
        let updates = images / configuration.recipe.batch;
        ensure!(
            updates > 0,
            "batch {}: larger than the {images} training images",
            configuration.recipe.batch
        );

        let early = self.record.sealed.is_none();
        let (done, state) = self.take_up(&architecture, early)?;
        let RunContext { device, threads, .. } = *self.context;
        let mut engine = Engine::new(configuration, &state, (train, test), device, threads)?;
        self.record.take_up(done, self.now.clone());
        self.set_status(Status::Running)?;

        let screen = self.context.screen;
        let last = last.min(configuration.recipe.epochs);
        let mut progress = Progress::new(screen, &self.record.name, updates, configuration, (done, last));
        if done > 0 {
            progress.say(&format!("resuming after epoch {done}"));
        }
        if early {
            progress
                .say("taken up from an earlier version: its files had no checksums, and have them from here");
        }
        let (folder, stop) = (&self.folder, self.context.stop);
        let epochs = Epochs { configuration, folder, stop, images, judged: &judged };
        let ahead = (done, last);
        let ended;
        (self.tables, ended) =
            epochs.train(&mut engine, ahead, mem::take(&mut self.tables), &mut progress)?;
        let predictions = match ended {
            Ended::Diverged => {
                self.record.sealed = Some(self.folder.seal()?);
                self.set_status(Status::Diverged)?;
                let _ = atomic::remove(&self.folder.checkpoint_path());
                return Ok(Outcome::Diverged(self.tables.epochs.len()));
            }
            Ended::Stopped => None,
            Ended::Trained(_) if last < configuration.recipe.epochs => None,
            // A run that was stopped between its last checkpoint and its end has no predictions.
            Ended::Trained(predictions) => predictions.or_else(|| engine.predict(&mut || stop.flow())),
        };
        let Some(predictions) = predictions else {
            self.set_status(Status::Interrupted)?;
            return Ok(Outcome::Interrupted(self.tables.epochs.len()));
        };
        self.finish(&engine, &predictions, &judged)
    }

    /// Returns the number of epochs done and the state after them: those of the checkpoint, or the initial
    /// ones. `early` says that the run's files had no checksums.
    fn take_up(&mut self, architecture: &Architecture, early: bool) -> anyhow::Result<(usize, StateDict)> {
        let checkpoint = Checkpoint::load(&self.folder.checkpoint_path(), &self.record.name, architecture)
            .map_err(|error| given_up(error, "the checkpoint cannot be used; delete it to start over"))?;
        let (done, state) = match checkpoint {
            Some(checkpoint) => {
                self.tables.reach(&checkpoint, &self.folder, &self.record)?;
                (checkpoint.epoch, checkpoint.state)
            }
            None => (0, initialise(architecture, self.configuration.seed)),
        };
        self.tables.epochs.truncate(done);
        self.tables.layers.retain(|row| row.epoch as usize <= done);
        if done == 0 {
            self.tables.layers = layers::measure(architecture, &state, 0);
        }
        if early {
            self.seal_early(done, &state)?;
        }
        Ok((done, state))
    }

    /// Writes the files of a finished run: its status last, after which the checkpoint is removed.
    fn finish(
        mut self,
        engine: &Engine<'_>,
        predictions: &Predictions,
        judged: &Judged,
    ) -> anyhow::Result<Outcome> {
        self.folder.write_predictions(&prediction_rows(predictions, &judged.rows, &judged.labels))?;
        let metadata = BTreeMap::from([("run".to_owned(), self.record.name.clone())]);
        state_dict::save(&self.folder.model_path(), &engine.model(), metadata)?;
        self.record.sealed = Some(self.folder.seal()?);
        self.set_status(Status::Done)?;
        atomic::remove(&self.folder.checkpoint_path())?;
        let last = self.tables.epochs.last().context("a run has at least one epoch")?;
        Ok(Outcome::Done(last.test_accuracy))
    }

    /// Adds checksums to the files of a run of an earlier version, as they were resumed.
    fn seal_early(&mut self, done: usize, state: &StateDict) -> anyhow::Result<()> {
        if done > 0 {
            self.tables.write(state.clone(), &self.folder)?;
        } else {
            for path in [self.folder.epochs_path(), self.folder.layers_path()] {
                atomic::remove(&path)?;
            }
        }
        self.record.sealed = Some(FileSums::default());
        Ok(())
    }

    fn set_status(&mut self, status: Status) -> anyhow::Result<()> {
        self.record.status = status;
        Ok(self.folder.write_record(&self.record)?)
    }
}
