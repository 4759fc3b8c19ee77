//! How far a verdict was fixed before the data.

use serde::{Deserialize, Serialize};

/// How far the verdict was fixed before the data, and what has been spent of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// What was sealed before the first run; none where nothing was.
    pub sealed: Option<Sealed>,
    /// Why the result is exploratory, one reason a line; empty where it is confirmatory.
    pub exploratory: Vec<String>,
    /// The planned looks; none where none is planned.
    pub looks: Option<Looks>,
}

/// A seal, as far as a reader needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    /// When, in seconds since 1970 (UTC).
    pub unix_seconds: u64,
    /// Commit of the program that sealed it.
    pub git_revision: String,
    /// SHA-256 of the plan.
    pub plan_sha256: String,
    /// SHA-256 of the rules' texts; none where the seal does not hold it.
    pub rules_sha256: Option<String>,
    /// Whether that is the hash of the rules that judged these runs; none where the seal does not hold one.
    pub rules_hold: Option<bool>,
}

/// The looks of an experiment at its primary comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Looks {
    /// Pairs at every rankscale at each of them.
    pub planned: Vec<u32>,
    /// How many of them the runs allow.
    pub reached: u32,
    /// The look that reached a verdict, counted from 1; none so far.
    pub decided: Option<u32>,
    /// Runs missing for the next look; none where all are reached.
    pub missing: Option<u32>,
}
