//! The lines of `just bench`: `trainer bench --json` and `tools/peer.py` print their measurements,
//! `tools/bench.py` adds the round, and `report bench` makes a table and a figure of them.
//!
//! `tools/bench_line.py` names the same fields for the tools, and a test of the tools compares the two.
//!
//! *Invariant:* a line has exactly the fields of its kind.

use crate::arithmetic::{Backend, Precision};
use serde::de::Error as _;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A measurement of our trainer. Times are in seconds, and medians if there are several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ours {
    /// The engine, `fused` or `tch`.
    pub engine: Backend,
    /// The divisor that turns channels into ranks; 0 is the dense network.
    pub rankscale: usize,
    /// The device, `cpu` or `cuda:N`.
    pub device: String,
    /// The precision of activations and products.
    pub precision: Precision,
    /// CPU threads.
    pub threads: usize,
    /// Images per update.
    pub batch: usize,
    /// Parameters of the network.
    pub parameters: u64,
    /// The number of timed updates.
    pub steps: usize,
    /// Median time of an update: forward, backward and parameter update.
    pub step_seconds: f64,
    /// Training images per second, `batch / step_seconds`.
    pub images_per_second: f64,
    /// The number of updates of the timed epoch.
    pub epoch_updates: usize,
    /// Time of an epoch: augmentation, updates and evaluation.
    pub epoch_seconds: f64,
    /// Training images per second of a whole epoch.
    pub epoch_images_per_second: f64,
    /// The overhead of an epoch, `epoch_seconds / (epoch_updates * step_seconds)`.
    pub epoch_over_steps: f64,
    /// Images per second of an evaluation.
    pub evaluation_images_per_second: f64,
    /// The rate of a large matrix product on the same threads, in 10^9 operations per second; `None` if it
    /// was not measured.
    pub product_gflops: Option<f64>,
    /// The rate of multiply-adds whose operands stay in registers, on the same threads, in 10^9 operations
    /// per second; `None` on a GPU.
    pub multiply_add_gflops: Option<f64>,
    /// Training images per second that the larger of these two rates would allow.
    pub limit_images_per_second: Option<f64>,
    /// The fraction of the limit that is reached, `images_per_second / limit_images_per_second`.
    pub share_of_limit: Option<f64>,
    /// The peak memory of the process, if the system reports it.
    pub peak_memory_mib: Option<f64>,
    /// The GPU memory that is taken once a step was recorded; `None` on a CPU.
    pub device_memory_mib: Option<f64>,
    /// The memory that a sweep plans for such a run.
    pub planned_memory_mib: f64,
}

/// A measurement of a variant of `PyTorch` on the same update.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Peer {
    /// The engine, always `pytorch`.
    pub engine: String,
    /// The version of `PyTorch`.
    pub version: String,
    /// The variant: `contiguous` or `channels_last`, with `+compile` if compiled.
    pub variant: String,
    /// The divisor that turns channels into ranks, as [`Ours::rankscale`].
    pub rankscale: usize,
    /// The device, `cpu` or `cuda:N`.
    pub device: String,
    /// The precision of activations and products.
    pub precision: Precision,
    /// CPU threads.
    pub threads: usize,
    /// Images per update.
    pub batch: usize,
    /// The number of timed updates.
    pub steps: usize,
    /// Median time of an update: forward, backward and parameter update.
    pub step_seconds: f64,
    /// Training images per second, `batch / step_seconds`.
    pub images_per_second: f64,
    /// The peak memory of the process.
    pub peak_memory_mib: f64,
    /// The peak GPU memory; `None` on a CPU.
    pub device_memory_mib: Option<f64>,
    /// Parameters of the network.
    pub parameters: u64,
    /// Whether the allocator was configured to keep freed pages.
    pub pages_kept: bool,
}

/// A measurement of either program.
#[derive(Debug, Clone, PartialEq)]
pub enum Measured {
    /// Our trainer.
    Ours(Ours),
    /// `PyTorch`; only its lines have a variant.
    Peer(Peer),
}

/// A line: a measurement and its round.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The round, counted from 1; each program is measured once per round.
    pub round: u32,
    /// The measurement.
    pub measured: Measured,
}

impl Line {
    /// Parses a line.
    ///
    /// # Errors
    /// The text is not a JSON object, lacks a field or has an unknown one; the message names it.
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

/// Returns the median: the middle value, or the mean of the middle two, as Python's `statistics.median`;
/// `None` without values.
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
        let lines: Vec<Line> = kept.lines().map(|line| Line::parse(line).unwrap()).collect();
        for engine in Backend::ALL {
            let is_ours =
                |line: &&Line| matches!(&line.measured, Measured::Ours(ours) if ours.engine == engine);
            let rounds: Vec<u32> = lines.iter().filter(is_ours).map(|line| line.round).collect();
            assert!(rounds.contains(&1) && rounds.contains(&3), "{engine}: {rounds:?}");
        }
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
