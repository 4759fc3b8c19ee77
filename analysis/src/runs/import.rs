//! Imports old `results.json` files as runs.
//!
//! The two curves of such a file are imported as `published-original` (`d` false) and `published-appropriate`
//! (`d` true), because that is what the notebook's code did: it never scaled the decay, and `-d` changed the
//! learning rate (see `docs/`). The recipe is the notebook's, in half precision, with as many epochs as the
//! last row says. The images are named by a hash of the files, so that imported runs are compared with each
//! other and with nothing else.
//!
//! If one arm of a rankscale has several entries without a seed, nothing says which of them belongs to which
//! entry of the other arm, and neither does their order in the file. They get seeds that the other arm does
//! not have, and make no pair.
//!
//! An entry that repeats another in every number is a copy of the same run and is left out. So is an entry
//! that differs from another only in its seed, if it has a loss with all its digits, because no two runs have
//! the same.
//!
//! *Invariant:* the same files give the same runs, under the same names.

mod copies;

use crate::runs::json::{self, Read};
use crate::runs::results::{Broken, LoggedEpoch, Settings, parse};
use artifacts::run::{DataProvenance, EpochRow, FORMAT, Origin, RunRecord, Status};
use artifacts::{Configuration, Precision, Recipe};
use copies::without_seed;
use network::Arm;
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// A file that is not a notebook's `results.json`.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file is not JSON, or not a list.
    #[error("{file}: must be a JSON list of [settings, last row] pairs: {reason}")]
    NotAList {
        /// The file's name.
        file: String,
        /// The parser's reason.
        reason: String,
    },
    /// The file has no run.
    #[error("{file}: the list is empty, so there is no run to import")]
    Empty {
        /// The file's name.
        file: String,
    },
    /// An entry breaks a rule.
    #[error("{file}: entry {entry}: {key} {rule}")]
    Entry {
        /// The file's name.
        file: String,
        /// The number of the entry, counted from 1.
        entry: usize,
        /// The key, in backquotes, or `the entry`.
        key: String,
        /// The rule it breaks.
        rule: String,
    },
}

/// The contents of the imported files.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// Each run with its last epoch.
    pub runs: Vec<(RunRecord, EpochRow)>,
    /// The number of entries that repeat an earlier one and are therefore left out.
    pub copies: usize,
    /// The number of runs that make no pair, because nothing says which run of the other arm is theirs.
    pub unpaired: usize,
}

/// Returns the entries of a file. A list of two objects is a single entry, its settings and its last row:
/// such a file has an entry on each line, and this one has one line.
fn entry_of_one_line(found: Vec<Read>) -> Vec<Read> {
    match <[Read; 2]>::try_from(found) {
        Ok([settings, row]) if settings.value.is_object() && row.value.is_object() => {
            let twice = settings.twice.or(row.twice);
            vec![Read { value: Value::Array(vec![settings.value, row.value]), twice }]
        }
        Ok(two) => two.into(),
        Err(found) => found,
    }
}

/// Reads runs from the texts of files, each given with its file's name, which messages and the runs' source
/// mention. Several files form one set of runs, as if they were one file, whatever their order.
///
/// # Errors
/// The first entry that breaks a rule, by file, number and key.
pub fn runs(files: &[(String, String)]) -> Result<Imported, ImportError> {
    let mut files: Vec<&(String, String)> = files.iter().collect();
    files.sort_by_key(|(_, text)| text);
    let mut entries = Vec::new();
    for (file, text) in &files {
        let found =
            json::list(text).map_err(|reason| ImportError::NotAList { file: file.clone(), reason })?;
        let found = entry_of_one_line(found);
        if found.is_empty() {
            return Err(ImportError::Empty { file: file.clone() });
        }
        entries.extend((1..).zip(found).map(|(number, entry)| (file.as_str(), number, entry)));
    }
    let data = DataProvenance::imported(&files);
    let mut seeds = Seeds { ambiguous: ambiguous(&entries), ..Seeds::default() };
    let mut seen = HashSet::new();
    let (mut runs, mut copies) = (Vec::with_capacity(entries.len()), 0);
    for (file, number, entry) in &entries {
        let broken =
            |(key, rule): Broken| ImportError::Entry { file: (*file).to_owned(), entry: *number, key, rule };
        if let Some(key) = &entry.twice {
            return Err(broken((
                format!("`{key}`"),
                "stands twice, and only one of them can be meant".into(),
            )));
        }
        let (settings, logged) = parse(&entry.value).map_err(broken)?;
        if !seen.insert(without_seed(&entry.value, &logged)) {
            copies += 1;
            continue;
        }
        let configuration = configuration(&settings, &logged, &mut seeds).map_err(broken)?;
        let record = RunRecord {
            format: FORMAT,
            name: configuration.run_name(&data.fingerprint),
            status: Status::Done,
            counts: configuration.counts(),
            configuration,
            data: data.clone(),
            origin: Origin::Imported,
            continued: Vec::new(),
            sealed: None,
        };
        runs.push((record, epoch(&logged)));
    }
    Ok(Imported { runs, copies, unpaired: seeds.unpaired })
}

/// Returns the rankscales at which an arm has several different entries without a seed. Broken entries are
/// skipped here; [`runs`] reports them.
fn ambiguous(entries: &[(&str, usize, json::Read)]) -> HashSet<u64> {
    let mut unseeded: HashMap<(u64, bool), HashSet<String>> = HashMap::new();
    for (_, _, entry) in entries {
        let Ok((Settings { rankscale, d, seed: None }, logged)) = parse(&entry.value) else { continue };
        let key = (rankscale.as_u64().unwrap_or(0), d);
        unseeded.entry(key).or_default().insert(without_seed(&entry.value, &logged));
    }
    unseeded
        .into_iter()
        .filter(|(_, entries)| entries.len() > 1)
        .map(|((rankscale, _), _)| rankscale)
        .collect()
}

/// The first seed of unpaired runs of either arm; no file names seeds as high.
const UNPAIRED: [u64; 2] = [1_000_000_000, 2_000_000_000];

/// The seeds that each (rankscale, d) has taken.
#[derive(Default)]
struct Seeds {
    taken: HashMap<(u64, bool), HashSet<u64>>,
    /// All seeds below this number are taken, for each (rankscale, d).
    free_from: HashMap<(u64, bool), u64>,
    /// Rankscales whose entries without a seed make no pair.
    ambiguous: HashSet<u64>,
    /// The number of runs whose seed does not occur in the other arm.
    unpaired: usize,
}

impl Seeds {
    /// Takes the seed that an entry names. An entry without one gets the first free seed, or, if its
    /// rankscale is ambiguous, a seed that the other arm does not have.
    fn take(&mut self, rankscale: u64, d: bool, named: Option<u64>) -> Result<u64, Broken> {
        let taken = self.taken.entry((rankscale, d)).or_default();
        let alone = named.is_none() && self.ambiguous.contains(&rankscale);
        self.unpaired += usize::from(alone);
        let first = if alone { UNPAIRED[usize::from(d)] } else { 0 };
        let seed = named.unwrap_or_else(|| {
            // Seeds are never released, so those that were skipped once need not be checked again.
            let next = self.free_from.entry((rankscale, d)).or_insert(first);
            while taken.contains(next) {
                *next += 1;
            }
            *next
        });
        if !taken.insert(seed) {
            let rule = format!("{seed} was used by an earlier entry with the same `rankscale` and `d`");
            return Err(("`seed`".into(), rule));
        }
        Ok(seed)
    }
}

fn configuration(
    settings: &Settings,
    logged: &LoggedEpoch,
    seeds: &mut Seeds,
) -> Result<Configuration, Broken> {
    let rankscale = settings.rankscale.as_u64().unwrap_or(0);
    if rankscale == 0 {
        return Err(("`rankscale`".into(), "must be at least 1: the notebook had no dense network".into()));
    }
    let configuration = Configuration {
        recipe: Recipe { epochs: logged.epoch as usize, precision: Precision::Fp16, ..Recipe::default() },
        rankscale: rankscale as usize,
        decay: if settings.d { Arm::PUBLISHED_APPROPRIATE } else { Arm::PUBLISHED_ORIGINAL },
        seed: seeds.take(rankscale, settings.d, settings.seed)?,
        ..Configuration::default()
    };
    configuration
        .validated()
        .map_err(|error| ("the entry".into(), format!("is no run of this study: {error}")))
}

fn epoch(logged: &LoggedEpoch) -> EpochRow {
    EpochRow {
        epoch: logged.epoch,
        learning_rate: logged.lr,
        train_loss: logged.train_loss,
        train_accuracy: logged.train_accuracy,
        test_loss: logged.test_loss,
        test_accuracy: logged.test_accuracy,
        train_seconds: logged.train_time,
        test_seconds: logged.test_time,
        images_per_second: None,
    }
}

#[cfg(test)]
mod tests;
