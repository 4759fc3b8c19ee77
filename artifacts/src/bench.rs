//! Lines of `just bench`: `trainer bench --json` and `tools/peer.py` say what they measured, `tools/bench.py` adds the round, and
//! `report bench` makes a table and a figure of them.
//!
//! `tools/bench_line.py` names the same fields for the tools, and a test of the tools compares the two.
//!
//! *Invariant:* a line has every field of its kind and no other.

use crate::arithmetic::{Backend, Precision};
use serde::de::Error as _;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What our trainer measured. Times are in seconds, medians where there are several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ours {
    /// `fused` or `tch`.
    pub engine: Backend,
    /// Divisor that makes ranks; 0 is the dense network.
    pub rankscale: usize,
    /// `cpu` or `cuda:N`.
    pub device: String,
    /// Of activations and products.
    pub precision: Precision,
    /// CPU threads.
    pub threads: usize,
    /// Images in an update.
    pub batch: usize,
    /// The network's.
    pub parameters: u64,
    /// Timed updates.
    pub steps: usize,
    /// Forward, backward and update.
    pub step_seconds: f64,
    /// `batch / step_seconds`.
    pub images_per_second: f64,
    /// Updates of the timed epoch.
    pub epoch_updates: usize,
    /// Augmentation, updates and evaluation.
    pub epoch_seconds: f64,
    /// Training images a second of a whole epoch.
    pub epoch_images_per_second: f64,
    /// `epoch_seconds / (epoch_updates * step_seconds)`.
    pub epoch_over_steps: f64,
    /// Images a second of evaluation.
    pub evaluation_images_per_second: f64,
    /// Rate of a large matrix product on the same threads, in 10^9 operations a second; none where it was not measured.
    pub product_gflops: Option<f64>,
    /// What products at that rate would allow.
    pub limit_images_per_second: Option<f64>,
    /// `images_per_second / limit_images_per_second`.
    pub share_of_limit: Option<f64>,
    /// The largest memory of the process so far, where the system tells.
    pub peak_memory_mib: Option<f64>,
    /// What the run took of a GPU's memory at most; none on a CPU.
    pub device_memory_mib: Option<f64>,
    /// What a sweep reckons with for such a run.
    pub planned_memory_mib: f64,
}

/// What a variant of `PyTorch` took for the same update.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Peer {
    /// `pytorch`.
    pub engine: String,
    /// `PyTorch`'s.
    pub version: String,
    /// `contiguous` or `channels_last`, and perhaps `+compile`.
    pub variant: String,
    /// As [`Ours::rankscale`].
    pub rankscale: usize,
    /// `cpu` or `cuda:N`.
    pub device: String,
    /// Of activations and products.
    pub precision: Precision,
    /// CPU threads.
    pub threads: usize,
    /// Images in an update.
    pub batch: usize,
    /// Timed updates.
    pub steps: usize,
    /// Forward, backward and update.
    pub step_seconds: f64,
    /// `batch / step_seconds`.
    pub images_per_second: f64,
    /// The largest memory of the process.
    pub peak_memory_mib: f64,
    /// What it took of a GPU's memory at most; none on a CPU.
    pub device_memory_mib: Option<f64>,
    /// The network's.
    pub parameters: u64,
    /// Whether the allocator was told to keep the pages it was given.
    pub pages_kept: bool,
}

/// Either of the two.
#[derive(Debug, Clone, PartialEq)]
pub enum Measured {
    /// Our trainer.
    Ours(Ours),
    /// `PyTorch`, whose lines alone have a variant.
    Peer(Peer),
}

/// A line: what was measured, and in which round.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Counted from 1; in a round, each program is measured once.
    pub round: u32,
    /// What was measured.
    pub measured: Measured,
}

impl Line {
    /// Reads a line.
    ///
    /// # Errors
    /// Text that is no object of JSON, lacks a field or has one too many; the message names it.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        let mut fields: Map<String, Value> = serde_json::from_str(text)?;
        let round = fields.remove("round").ok_or_else(|| serde_json::Error::missing_field("round"))?;
        let round = serde_json::from_value(round)?;
        let measured = if fields.contains_key("variant") {
            Measured::Peer(serde_json::from_value(fields.into())?)
        } else {
            Measured::Ours(serde_json::from_value(fields.into())?)
        };
        Ok(Self { round, measured })
    }
}

/// The middle value, or the mean of the middle two, as Python's `statistics.median`; none of no values.
#[must_use]
pub fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    Some(if values.len() % 2 == 1 { upper } else { f64::midpoint(values[values.len() / 2 - 1], upper) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: &str = r#"{"round":2,"engine":"pytorch","version":"2","variant":"contiguous","rankscale":8,"device":"cpu","precision":"float32","threads":2,"batch":512,"steps":3,"step_seconds":0.5,"images_per_second":1024.0,"peak_memory_mib":3000.0,"device_memory_mib":null,"parameters":7,"pages_kept":true}"#;

    #[test]
    fn a_line_of_either_kind_is_read() {
        let Line { round: 2, measured: Measured::Peer(peer) } = Line::parse(PEER).unwrap() else { panic!() };
        assert!(peer.pages_kept);
        let kept = include_str!("../../docs/bench.jsonl");
        let ours = kept.lines().map(|line| Line::parse(line).unwrap()).filter(|line| line.round == 1);
        assert!(ours.filter(|line| matches!(line.measured, Measured::Ours(_))).count() > 8);
    }

    #[test]
    fn a_field_too_few_or_too_many_is_named() {
        let error = |text: &str| Line::parse(text).unwrap_err().to_string();
        assert!(error(&PEER.replace(r#","pages_kept":true"#, "")).contains("pages_kept"));
        assert!(error(&PEER.replace("pages_kept", "pages")).contains("pages"));
        assert!(error(&PEER.replace(r#""round":2,"#, "")).contains("missing field `round`"));
        assert!(error("{\"round\":1}").contains("missing field"));
    }

    #[test]
    fn a_median_of_an_even_number_lies_between_the_middle_two() {
        assert_eq!(median([3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median([4.0, 1.0, 2.0, 9.0]), Some(3.0));
        assert_eq!(median([]), None);
    }
}
