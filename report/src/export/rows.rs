//! One row per run and epoch, with the configuration's keys as columns.
//!
//! The columns of a run are those of `analysis/runs.parquet`, except the results of its last epoch. After
//! `engine` come the keys of the configuration that this table lacks (the peak learning rate, the held-out
//! images). The columns of an epoch are those of `analysis/epochs.parquet` that do not repeat the run's.
//!
//! *Invariant:* column names come from the tables and are not repeated here, so a column that a table gains
//! is exported, too.

use artifacts::run::Status;
use artifacts::study::{RunRow, Study};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The results of a run's last epoch, which that epoch's own row has.
const RESULTS: [&str; 4] = ["test_accuracy", "test_loss", "train_accuracy", "train_loss"];
/// The column after which the configuration's other keys are inserted.
const LAST_OF_CONFIGURATION: &str = "engine";

/// The rows of a study, run by run.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    /// Names of a run's columns.
    pub of_run: Vec<String>,
    /// Names of an epoch's columns.
    pub of_epoch: Vec<String>,
    /// The runs, sorted by rankscale, arm and seed.
    pub runs: Vec<RunRows>,
}

/// A run and its epochs.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRows {
    /// The name of the run's folder.
    pub name: String,
    /// The run's status.
    pub status: Status,
    /// Mean seconds of training and evaluation per epoch that ended; 0 if unknown.
    pub seconds_an_epoch: f64,
    /// The keys and values of its configuration.
    pub configuration: Vec<(String, Value)>,
    /// A value for each of [`Rows::of_run`].
    pub values: Vec<Value>,
    /// A value for each of [`Rows::of_epoch`], epoch by epoch.
    pub epochs: Vec<Vec<Value>>,
}

impl Rows {
    /// Makes the rows of a study.
    #[must_use]
    pub fn of(study: &Study) -> Self {
        let recipes: BTreeMap<&str, Fields> = study
            .summary
            .recipes
            .iter()
            .map(|of| (of.recipe.as_str(), Fields::of(&of.configuration)))
            .collect();
        let mut runs: Vec<&RunRow> = study.runs.iter().collect();
        runs.sort_by_key(|run| (run.rankscale, &run.decay, run.seed, &run.run));
        let fields: Vec<(&RunRow, Fields)> = runs.into_iter().map(|run| (run, of_run(run))).collect();
        let own: Vec<String> = fields.first().map_or_else(Vec::new, |(_, run)| run.names());
        let others: Vec<String> = unlisted(recipes.values(), &own);
        let behind = own.iter().position(|name| name == LAST_OF_CONFIGURATION).map_or(own.len(), |at| at + 1);
        let (before, after) = own.split_at(behind);
        let columns = [before, &others, after].concat();

        let mut epochs: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for row in &study.epochs {
            epochs.entry(&row.run).or_default().push(row);
        }
        for rows in epochs.values_mut() {
            rows.sort_by_key(|row| row.epoch);
        }
        let all: Vec<Fields> = study.epochs.first().map(Fields::of).into_iter().collect();
        let of_epoch = unlisted(all.iter(), &own);
        let keys: BTreeSet<&String> =
            recipes.values().flat_map(|recipe| recipe.0.iter().map(|(key, _)| key)).collect();
        let runs = fields
            .into_iter()
            .map(|(run, own)| {
                let recipe = recipes.get(run.recipe.as_str());
                let value =
                    |name: &String| own.get(name).or_else(|| recipe?.get(name)).unwrap_or(Value::Null);
                let values: Vec<Value> = columns.iter().map(value).collect();
                let pairs = columns.iter().cloned().zip(values.iter().cloned());
                let rows = epochs.get(run.run.as_str()).map_or(&[][..], Vec::as_slice);
                let of_row = |fields: Fields| {
                    of_epoch.iter().map(|name| fields.get(name).unwrap_or(Value::Null)).collect()
                };
                RunRows {
                    name: run.run.clone(),
                    status: run.status,
                    seconds_an_epoch: run.seconds.unwrap_or(0.0) / f64::from(run.epochs_done.max(1)),
                    configuration: pairs.filter(|(name, _)| keys.contains(name)).collect(),
                    epochs: rows.iter().map(|row| of_row(Fields::of(row))).collect(),
                    values,
                }
            })
            .collect();
        Self { of_run: columns, of_epoch, runs }
    }
}

fn of_run(run: &RunRow) -> Fields {
    let fields = Fields::of(run).0.into_iter();
    Fields(fields.filter(|(name, _)| !RESULTS.contains(&name.as_str())).collect())
}

/// Returns the names in these fields that are not listed yet, each once, in order of appearance.
fn unlisted<'a>(all: impl Iterator<Item = &'a Fields>, listed: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for name in all.flat_map(Fields::names) {
        if !listed.contains(&name) && !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

/// The fields of a struct in their order, which a JSON object does not keep.
#[derive(Debug, Clone)]
struct Fields(Vec<(String, Value)>);

impl Fields {
    fn of(row: &impl Serialize) -> Self {
        let json = serde_json::to_vec(row).expect("a row has plain fields");
        serde_json::from_slice(&json).expect("a struct is an object")
    }

    fn names(&self) -> Vec<String> {
        self.0.iter().map(|(name, _)| name.clone()).collect()
    }

    fn get(&self, name: &str) -> Option<Value> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone())
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}
