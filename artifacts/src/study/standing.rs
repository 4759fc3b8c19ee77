//! How much of a verdict was fixed before the data were seen.

use serde::{Deserialize, Serialize};

/// How much of the verdict was fixed before the data were seen, and the looks so far.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// What was sealed before the first run; `None` if nothing was.
    pub sealed: Option<Sealed>,
    /// The reasons why the result is exploratory, one per line; empty if it is confirmatory.
    pub exploratory: Vec<String>,
    /// The planned looks; `None` if none are planned.
    pub looks: Option<Looks>,
}

/// The part of a seal that a reader needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    /// The time of sealing, in seconds since 1970 (UTC).
    pub unix_seconds: u64,
    /// The commit of the program that sealed it.
    pub git_revision: String,
    /// The SHA-256 of the plan.
    pub plan_sha256: String,
    /// The number of its runs that were trained or begun before it was sealed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub runs_before: u64,
    /// The SHA-256 of the rules' texts; `None` if the seal does not record it.
    pub rules_sha256: Option<String>,
    /// Whether that is the hash of the rules that judged these runs; `None` if the seal does not record one.
    pub rules_hold: Option<bool>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(runs: &u64) -> bool {
    *runs == 0
}

/// The looks (interim analyses) of an experiment at its primary comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Looks {
    /// The number of pairs per rankscale at each look.
    pub planned: Vec<u32>,
    /// The number of looks that have been reached.
    pub reached: u32,
    /// The look that reached a verdict, counted from 1; `None` so far.
    pub decided: Option<u32>,
    /// The number of runs missing for the next look; `None` if all are reached.
    pub missing: Option<u32>,
}
