//! An axis: its ends and its ticks, chosen from the values it has to show.
//!
//! *Invariant:* every value lies between the ends; ticks lie between the ends, ascend, and are round numbers.

use artifacts::words;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use std::ops::Range;

/// The margin around the outermost values, as a fraction of their range.
const ROOM: f64 = 0.05;

/// An axis and how its values map to positions along it.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// Position of the lower end.
    pub low: f64,
    /// Position of the upper end.
    pub high: f64,
    /// Positions of the ticks, with their labels.
    pub ticks: Vec<(f64, String)>,
    logarithmic: bool,
}

impl Axis {
    /// Makes a linear axis over `values`, at least `least` wide, with about `count` ticks.
    #[must_use]
    pub fn linear(values: impl IntoIterator<Item = f64>, least: f64, count: usize) -> Self {
        let (low, high) = ends(values, least);
        let room = (high - low) * ROOM;
        Self::between(low - room, high + room, count)
    }

    /// Makes a linear axis with given ends.
    #[must_use]
    pub fn between(low: f64, high: f64, count: usize) -> Self {
        let step = round_step((high - low) / count as f64);
        let decimals = usize::try_from((-step.log10()).ceil() as i64).unwrap_or(0);
        let first = (low / step).ceil() as i64;
        let last = (high / step).floor() as i64;
        let ticks = (first..=last)
            .map(|k| k as f64 * step)
            .map(|value| (value, words::fixed(value, decimals)))
            .collect();
        Self { low, high, ticks, logarithmic: false }
    }

    /// Makes an axis of whole numbers. Its ticks are at `values` if their labels have room, that is, if
    /// neighbours are at least `spacing` (a fraction of the axis) apart; otherwise they are at round numbers.
    #[must_use]
    pub fn whole(values: &[u32], least: f64, spacing: f64) -> Self {
        let (low, high) = ends(values.iter().copied().map(f64::from), least);
        let room = ((high - low) * ROOM).max(0.5);
        let (low, high) = (low - room, high + room);
        let gaps = values.windows(2).map(|pair| f64::from(pair[1] - pair[0]) / (high - low));
        if values.len() <= 16 && gaps.fold(1.0, f64::min) >= spacing {
            let ticks = values.iter().map(|value| (f64::from(*value), value.to_string())).collect();
            return Self { low, high, ticks, logarithmic: false };
        }
        let count = (1.0 / (3.0 * spacing)).clamp(3.0, 8.0) as usize;
        let mut axis = Self::between(low, high, count);
        axis.ticks.retain(|(value, _)| value.fract() == 0.0);
        axis
    }

    /// Makes an axis with names at 0, 1, 2, and so on.
    #[must_use]
    pub fn named(names: &[&str]) -> Self {
        let ticks = (0..).zip(names).map(|(at, name)| (f64::from(at), (*name).to_owned())).collect();
        Self { low: -0.5, high: names.len() as f64 - 0.5, ticks, logarithmic: false }
    }

    /// Makes a logarithmic axis over positive `values`, with ticks at 1, 2 and 5 times powers of ten, or at
    /// powers of ten alone on a long axis.
    #[must_use]
    pub fn logarithmic(values: impl IntoIterator<Item = f64>) -> Self {
        let (low, high) = ends(values.into_iter().filter(|value| *value > 0.0).map(f64::log10), 0.5);
        let room = (high - low) * ROOM;
        let (low, high) = (low - room, high + room);
        let marks: &[u32] = if high - low < 2.5 { &[1, 2, 5] } else { &[1] };
        let ticks = (low.floor() as i32..=high.ceil() as i32)
            .flat_map(|power| marks.iter().map(move |mark| f64::from(*mark) * 10f64.powi(power)))
            .map(|value| (value.log10(), abbreviated(value)))
            .filter(|(position, _)| (low..=high).contains(position))
            .collect();
        Self { low, high, ticks, logarithmic: true }
    }

    /// Returns the position of a value along the axis.
    #[must_use]
    pub fn position(&self, value: f64) -> f64 {
        if self.logarithmic { value.log10() } else { value }
    }
}

/// The interface to plotters. It receives positions, not values: logarithms are taken beforehand.
impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, position: &f64, (start, end): (i32, i32)) -> i32 {
        let share = (position - self.low) / (self.high - self.low);
        (f64::from(start) + share * f64::from(end - start)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() {
            return Vec::new();
        }
        self.ticks.iter().map(|(position, _)| *position).collect()
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Axis {
    /// Returns the label of a tick: plotters passes back exactly the positions it was given.
    fn format_ext(&self, position: &f64) -> String {
        let tick = self.ticks.iter().find(|(tick, _)| tick.to_bits() == position.to_bits());
        tick.map_or_else(String::new, |(_, label)| label.clone())
    }
}

/// Returns the lowest and the highest value, widened to `least` around their middle; around zero if there is
/// no value.
fn ends(values: impl IntoIterator<Item = f64>, least: f64) -> (f64, f64) {
    let (low, high) = values
        .into_iter()
        .filter(|value| value.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    let (low, high) = if low <= high { (low, high) } else { (0.0, 0.0) };
    let missing = (least - (high - low)).max(0.0);
    (low - missing / 2.0, high + missing / 2.0)
}

/// Returns the smallest of 1, 2 and 5 times a power of ten that is not below `step`.
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    // The division may miss a whole number by one ulp.
    let mantissa = step / power * (1.0 - 1e-9);
    power * [1.0, 2.0, 5.0].into_iter().find(|round| mantissa <= *round).unwrap_or(10.0)
}

/// Abbreviates thousands, millions and billions: `50k`, `2M`.
fn abbreviated(value: f64) -> String {
    let (value, suffix) = match value {
        value if value >= 1e9 => (value / 1e9, "G"),
        value if value >= 1e6 => (value / 1e6, "M"),
        value if value >= 1e3 => (value / 1e3, "k"),
        value => (value, ""),
    };
    format!("{}{suffix}", (value * 1000.0).round() / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn linear_ticks_are_round_and_inside() {
        let axis = Axis::linear([86.0, 92.45], 1.0, 6);
        assert_eq!(labels(&axis), ["86", "88", "90", "92"]);
        assert!(axis.low < 86.0 && axis.high > 92.45);
        assert_eq!(labels(&Axis::between(-0.31, 0.3, 6)), ["−0.2", "0.0", "0.2"]);
    }

    #[test]
    fn rankscales_are_their_own_ticks_where_there_is_room() {
        assert_eq!(labels(&Axis::whole(&[2, 8, 31], 4.0, 0.03)), ["2", "8", "31"]);
        assert_eq!(
            labels(&Axis::whole(&(2..32).collect::<Vec<_>>(), 4.0, 0.03)),
            ["5", "10", "15", "20", "25", "30"]
        );
        assert_eq!(labels(&Axis::whole(&[8], 4.0, 0.03)), ["8"]);
    }

    #[test]
    fn logarithmic_ticks_are_abbreviated() {
        let axis = Axis::logarithmic([78_000.0, 842_000.0]);
        assert_eq!(labels(&axis), ["100k", "200k", "500k"]);
        assert!(axis.position(1e5) > axis.low);
        assert_eq!(labels(&Axis::logarithmic([1e4, 1e8])), ["10k", "100k", "1M", "10M", "100M"]);
    }

    #[test]
    fn an_axis_without_values_still_has_ends() {
        let axis = Axis::linear([], 1.0, 5);
        assert!(axis.low < axis.high);
        assert!(!axis.ticks.is_empty());
    }
}
