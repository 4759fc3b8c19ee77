//! The comparison of two studies: the numbers that `analysis compare` writes and `report compare` draws.
//!
//! *Invariant:* accuracies and differences are fractions.

use crate::reading;
use crate::study::Interval;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};

/// The comparison of two studies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compared {
    /// The first study.
    pub a: Side,
    /// The second study.
    pub b: Side,
    /// The number of runs that both studies have, by name, with equal accuracies.
    pub same_runs: u32,
    /// Other properties in which the compared runs differ.
    pub differs: Vec<Differs>,
    /// The cells (network, arm and λ) in which both studies have runs.
    pub cells: Vec<Cell>,
    /// The mean over the cells with pairs; `None` without pairs.
    pub overall: Option<Overall>,
}

/// The runs of one network, arm and λ in both studies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// The rankscale; 0 for the dense network.
    pub rankscale: u32,
    /// The arm's name.
    pub decay: String,
    /// Base strength of weight decay.
    pub lambda: f64,
    /// Finished runs in the first and in the second study.
    pub runs: [u32; 2],
    /// Their mean accuracies, as fractions.
    pub accuracies: [f64; 2],
    /// The number of seeds that both have; if 0, the runs are compared unpaired.
    pub pairs: u32,
    /// The mean difference, the second study minus the first.
    pub difference: f64,
    /// The 95 % interval of the difference; `None` if there is no spread.
    pub interval: Option<Interval>,
    /// The two-sided p value of no difference, and the p value adjusted over all cells.
    pub p: Option<[f64; 2]>,
    /// Whether the adjusted p value is at most 0.05.
    pub told_apart: bool,
}

/// The mean difference over all cells of pairs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overall {
    /// The number of cells that enter it.
    pub cells: u32,
    /// The number of pairs that enter it.
    pub pairs: u32,
    /// The mean difference, the second study minus the first.
    pub difference: f64,
    /// The 95 % interval; `None` if a cell has one pair, or no cell has a spread.
    pub interval: Option<Interval>,
    /// The two-sided p value of no difference.
    pub p: Option<f64>,
    /// Whether the p value is at most 0.05.
    pub told_apart: bool,
}

/// One of the two studies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Side {
    /// The name by which the user asked for it.
    pub name: String,
    /// The experiment under study; `None` if all runs were taken as they are.
    pub experiment: Option<String>,
    /// Finished runs that take part: those of the study's headline recipe and, where each arm was tuned, of
    /// every arm's own.
    pub runs: u32,
    /// Finished runs that do not take part: those of other recipes or of a second engine.
    pub left_out: u32,
}

/// A property in which the runs of the two studies differ.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Differs {
    /// The name of the property.
    pub what: String,
    /// Its values in the first study.
    pub a: Vec<String>,
    /// Its values in the second study.
    pub b: Vec<String>,
}

/// A file that is not a comparison.
#[derive(Debug, thiserror::Error)]
pub enum ComparedError {
    /// The file system's error, which names the file.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The file is not JSON, or not a comparison.
    #[error("{path}: {reason}: it must be what `just compare` wrote with JSON=")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The parser's reason.
        reason: String,
    },
}

impl Compared {
    /// Reads the numbers of a comparison.
    ///
    /// # Errors
    /// The file is missing or is not a comparison.
    pub fn read(path: &Path) -> Result<Self, ComparedError> {
        serde_json::from_slice(&reading::bytes(path)?)
            .map_err(|error| ComparedError::Foreign { path: path.to_owned(), reason: error.to_string() })
    }
}
