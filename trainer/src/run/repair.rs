//! Checks existing runs one by one, seals those that have no checksums, and repairs those whose weights allow
//! it.
//!
//! The predictions of a finished run, and its layers after the last epoch, can be recomputed from its
//! weights. Any other damage destroys the run, which is then set aside and trained anew, but only on request.
//!
//! *Invariant:* only missing or damaged tables are written, and `run.json` after them; nothing is deleted;
//! every run that is not intact is named.

use crate::data::state_dict::{self, StateDict};
use crate::engine::Engine;
use crate::machine::device::Device;
use crate::run::checkpoint::{Checkpoint, check_shapes};
use crate::run::context::TrainTest;
use crate::run::hindrance::{Hindrance, hindered};
use crate::run::layers;
use crate::run::lock::{Lock, waiting};
use crate::run::rows::prediction_rows;
use crate::run::tables::Tables;
use anyhow::{Context, bail, ensure};
use artifacts::Layout;
use artifacts::dataset::Task;
use artifacts::reading::is_there;
use artifacts::run::said::ELSEWHERE;
use artifacts::run::{EpochRow, Origin, RunError, RunFolder, RunRecord, Status, folders};
use artifacts::stamp::FileSums;
use fs_err as fs;
use std::cell::OnceCell;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Duration;

/// The largest difference between the accuracy of predictions that are computed again, perhaps with other CPU
/// instructions, and that of the last epoch; a fraction of the images.
const CLOSE: f64 = 0.005;

/// The interval between two looks at a run whose owner cannot be seen from here.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A repair of all runs of a work directory.
#[derive(Debug)]
pub struct Repair<'a> {
    layout: &'a Layout,
    threads: usize,
    retrain: bool,
    /// For every data set, without and with the test images: the images, read when they are first needed.
    data: [[OnceCell<Result<TrainTest, String>>; 2]; Task::ALL.len()],
}

/// The number of intact runs, and what was done to the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Runs that are intact, possibly after a repair.
    pub whole: usize,
    /// Of the intact ones, runs that were sealed now.
    pub sealed: usize,
    /// Of the intact ones, runs of which a table was recomputed.
    pub mended: usize,
    /// Runs that were set aside, to be trained anew.
    pub aside: usize,
    /// Runs that are still damaged, or could not be checked or repaired here.
    pub broken: usize,
}

/// What was done to a run.
#[derive(Debug, Default)]
struct Done {
    sealed: bool,
    remade: Vec<&'static str>,
}

impl<'a> Repair<'a> {
    /// Prepares a repair of the runs below `layout`; with `retrain`, runs that cannot be repaired are set
    /// aside.
    #[must_use]
    pub fn new(layout: &'a Layout, threads: usize, retrain: bool) -> Self {
        Self { layout, threads, retrain, data: <[[OnceCell<_>; 2]; Task::ALL.len()]>::default() }
    }

    /// Repairs every run, with a line for each that was not intact.
    ///
    /// # Errors
    /// A directory cannot be listed.
    pub fn all(&self, say: &mut impl FnMut(String)) -> anyhow::Result<Tally> {
        let mut tally = Tally::default();
        let mut unknown = Vec::new();
        for folder in folders(&self.layout.runs())? {
            if !self.settle(&folder, &mut tally, say) {
                unknown.push(folder);
            }
        }
        if !unknown.is_empty() {
            say(waiting(unknown.len()));
        }
        while !unknown.is_empty() {
            std::thread::sleep(LOOK_EVERY);
            unknown.retain(|folder| !self.settle(folder, &mut tally, say));
        }
        Ok(tally)
    }

    /// Repairs a run, with a line if it was not intact; false if it is not known yet whether another process
    /// trains it.
    fn settle(&self, folder: &RunFolder, tally: &mut Tally, say: &mut impl FnMut(String)) -> bool {
        let name = folder.name();
        let reason = match self.one(folder) {
            Ok(None) if Lock::is_unknown(folder) => return false,
            Ok(None) => {
                say(format!("{name}: {ELSEWHERE} is training it; left alone"));
                return true;
            }
            Ok(Some(done)) => {
                tally.whole += 1;
                tally.sealed += usize::from(done.sealed);
                tally.mended += usize::from(!done.remade.is_empty());
                if !done.remade.is_empty() {
                    say(format!("{name}: made again from its weights: {}", done.remade.join(", ")));
                }
                return true;
            }
            Err(error) if hindered(&error) => {
                say(format!("{name}: {error:#}; it was left as it is, and nothing says that it is damaged"));
                tally.broken += 1;
                return true;
            }
            Err(error) => plain(&error),
        };
        if self.retrain {
            match self.set_aside(folder) {
                Ok(place) => {
                    let place = place.display();
                    say(format!("{name}: {reason}; set aside in {place}, and `just sweep` trains it anew"));
                    tally.aside += 1;
                }
                Err(error) => {
                    say(format!("{name}: {reason}; it cannot be set aside: {error:#}"));
                    tally.broken += 1;
                }
            }
        } else {
            say(format!(
                "{name}: {reason}; it cannot be mended: delete {} and `just sweep` trains it anew, or `just repair \
                 RETRAIN=1` sets it aside for that",
                folder.path().display()
            ));
            tally.broken += 1;
        }
        true
    }

    /// Repairs a run and says what was done; `None` if another process is training it.
    fn one(&self, folder: &RunFolder) -> anyhow::Result<Option<Done>> {
        let Some(_lock) = Lock::take(folder)? else { return Ok(None) };
        let record = folder.read_record()?;
        if !record.status.has_ended() {
            let tables = Tables { epochs: folder.epochs_of(&record)?, layers: folder.read_layers(&record)? };
            let architecture = record.configuration.architecture();
            if let Some(found) = Checkpoint::load(&folder.checkpoint_path(), &record.name, &architecture)? {
                tables.reach(&found, folder, &record)?;
            }
            return Ok(Some(Done::default()));
        }
        let (_, epochs) = folder.read()?;
        let mut done = Done::default();
        if record.status == Status::Done && record.origin != Origin::Imported {
            if must_be_made_again(folder.read_layers(&record))? {
                remake_layers(folder, &record)?;
                done.remade.push("layers.parquet (of the last epoch)");
            }
            if must_be_made_again(folder.read_predictions(&record))? {
                self.remake_predictions(folder, &record, &epochs)?;
                done.remade.push("predictions.parquet");
            }
        } else {
            folder.read_layers(&record)?;
            folder.read_predictions(&record)?;
        }
        if is_there(&folder.model_path())? {
            model(folder, &record)?;
        }
        done.sealed = record.sealed.is_none();
        if done.sealed || !done.remade.is_empty() {
            seal(folder, record)?;
        }
        Ok(Some(done))
    }

    fn remake_predictions(
        &self,
        folder: &RunFolder,
        record: &RunRecord,
        epochs: &[EpochRow],
    ) -> anyhow::Result<()> {
        let configuration = &record.configuration;
        let model = model(folder, record).context("predictions.parquet is missing or damaged")?;
        let judged_by_test = configuration.recipe.is_judged_by_test();
        let task = configuration.recipe.dataset;
        let read =
            || TrainTest::read(self.layout, task, judged_by_test).map_err(|error| format!("{error:#}"));
        let data = self.data[task as usize][usize::from(judged_by_test)].get_or_init(read);
        let data = data.as_ref().map_err(|reason| Hindrance(format!("predictions.parquet: {reason}")))?;
        if data.fingerprint() != record.data.fingerprint {
            bail!(Hindrance(
                "predictions.parquet is missing or damaged, and the images here are not those it was tested on"
                    .to_owned()
            ));
        }
        let (train, test) = data.images(configuration)?;
        let (rows, labels) = (test.rows.clone(), test.labels.clone());
        let mut engine = Engine::new(configuration, &model, (train, test), Device::Cpu, self.threads)
            .map_err(|error| Hindrance(format!("predictions.parquet: {error:#}")))?;
        let found =
            engine.predict(&mut || ControlFlow::Continue(())).context("nothing stops this prediction")?;
        let rows = prediction_rows(&found, &rows, &labels);
        let right = rows.iter().filter(|row| row.label == row.prediction).count() as f64 / rows.len() as f64;
        let Some(last) = epochs.last() else { bail!("epochs.parquet has no epoch") };
        ensure!(
            (right - last.test_accuracy).abs() <= CLOSE,
            "model.safetensors is right about {right} of the images, but epochs.parquet says {}",
            last.test_accuracy
        );
        Ok(folder.write_predictions(&rows)?)
    }

    /// Moves a run's folder out of the way, and returns its new path.
    fn set_aside(&self, folder: &RunFolder) -> anyhow::Result<PathBuf> {
        let Some(lock) = Lock::take(folder)? else { bail!("{ELSEWHERE} is training it") };
        let aside = self.layout.aside();
        fs::create_dir_all(&aside)?;
        let places = (0..).map(|count| match count {
            0 => aside.join(folder.name()),
            count => aside.join(format!("{}-{count}", folder.name())),
        });
        let place =
            places.into_iter().find(|place| !place.exists()).context("there are more names than places")?;
        fs::rename(folder.path(), &place)?;
        // The file of the lock was moved with the folder.
        let _ = fs::remove_file(RunFolder::new(&place).lock_path());
        lock.end_in(&place);
        Ok(place)
    }
}

/// Loads the weights of a finished run, and checks them against its record and its network.
fn model(folder: &RunFolder, record: &RunRecord) -> anyhow::Result<StateDict> {
    let path = folder.model_path();
    record.check(&path)?;
    let (state, metadata) = state_dict::load(&path)?;
    let owner = metadata.get("run").map_or("nobody", String::as_str);
    ensure!(owner == record.name, "{}: these are the weights of `{owner}`", path.display());
    check_shapes(&path, &state, &record.configuration.architecture())?;
    Ok(state)
}

fn remake_layers(folder: &RunFolder, record: &RunRecord) -> anyhow::Result<()> {
    let configuration = &record.configuration;
    let model = model(folder, record).context("layers.parquet is missing or damaged")?;
    let rows = layers::measure(&configuration.architecture(), &model, configuration.recipe.epochs);
    Ok(folder.write_layers(&rows)?)
}

/// Records the checksum of every file. A file that is kept elsewhere, such as the weights of a published run,
/// stays in the record.
fn seal(folder: &RunFolder, record: RunRecord) -> anyhow::Result<()> {
    let mut sums: FileSums = folder.seal()?;
    for (name, sum) in record.sealed.iter().flat_map(|before| &before.files) {
        sums.files.entry(name.clone()).or_insert_with(|| sum.clone());
    }
    sums.later = true;
    Ok(folder.write_record(&RunRecord { sealed: Some(sums), ..record })?)
}

/// Formats an error without its advice to run the repair.
fn plain(error: &anyhow::Error) -> String {
    match error.downcast_ref::<RunError>() {
        Some(RunError::Table { source, .. }) => source.to_string(),
        _ => format!("{error:#}"),
    }
}

/// Returns whether a table is damaged, missing or empty, and so must be made again.
///
/// # Errors
/// The table could not be read now, which is no damage.
fn must_be_made_again<T>(read: Result<Vec<T>, RunError>) -> anyhow::Result<bool> {
    match read.map_err(anyhow::Error::from) {
        Ok(rows) => Ok(rows.is_empty()),
        Err(error) if hindered(&error) => Err(error),
        Err(_) => Ok(true),
    }
}
