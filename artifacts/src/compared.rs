//! What two studies say of each other: the numbers that `analysis compare` writes and `report compare` draws.
//!
//! *Invariant:* accuracies and differences are fractions.

use crate::reading;
use crate::study::Interval;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};

/// What two studies say of each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compared {
    /// The first study.
    pub a: Side,
    /// The second study.
    pub b: Side,
    /// Runs that both have, by name: they are the same to the last bit.
    pub same_runs: u32,
    /// What else differs between the runs that were compared.
    pub differs: Vec<Differs>,
    /// By network, arm and λ, where both studies have runs.
    pub cells: Vec<Cell>,
    /// The mean over the cells of pairs; none without pairs.
    pub overall: Option<Overall>,
}

/// The runs of one network, arm and λ in both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// 0 for the dense network.
    pub rankscale: u32,
    /// The arm's name.
    pub decay: String,
    /// Base strength of weight decay.
    pub lambda: f64,
    /// Finished runs in the first and in the second study.
    pub runs: [u32; 2],
    /// Their mean accuracies, as fractions.
    pub accuracies: [f64; 2],
    /// Seeds that both have; where there is none, the runs are compared unpaired.
    pub pairs: u32,
    /// The second study minus the first.
    pub difference: f64,
    /// Of the difference, at 95 %; none where there is no spread to tell by.
    pub interval: Option<Interval>,
    /// Two-sided p of no difference, and that adjusted over all cells.
    pub p: Option<[f64; 2]>,
    /// Whether the adjusted p is at most 0.05.
    pub told_apart: bool,
}

/// The mean difference over all cells of pairs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overall {
    /// Cells and pairs that enter it.
    pub cells: u32,
    /// As above.
    pub pairs: u32,
    /// The second study minus the first.
    pub difference: f64,
    /// At 95 %; none where a cell has one pair, or none of them a spread.
    pub interval: Option<Interval>,
    /// Two-sided p of no difference.
    pub p: Option<f64>,
    /// Whether p is at most 0.05.
    pub told_apart: bool,
}

/// A study that takes part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Side {
    /// As it was asked for.
    pub name: String,
    /// The experiment under study; none where all runs were taken as they are.
    pub experiment: Option<String>,
    /// Finished runs that take part: those of the recipe that most of them have.
    pub runs: u32,
    /// Finished runs of other recipes or of a second engine, which do not.
    pub left_out: u32,
}

/// A property that the runs of the two studies do not share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Differs {
    /// What it is.
    pub what: String,
    /// Its values in the first study.
    pub a: Vec<String>,
    /// Its values in the second study.
    pub b: Vec<String>,
}

/// A file that is no comparison.
#[derive(Debug, thiserror::Error)]
pub enum ComparedError {
    /// The file system's word, which names the file.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Not JSON, or of something else.
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
    /// A file that is missing, or no comparison.
    pub fn read(path: &Path) -> Result<Self, ComparedError> {
        serde_json::from_slice(&reading::bytes(path)?)
            .map_err(|error| ComparedError::Foreign { path: path.to_owned(), reason: error.to_string() })
    }
}
