//! The vertical scale of a chart, and its ticks.
//!
//! *Invariant:* the scale contains every value that it was made for, and never has zero height.

use super::desk::Measure;

/// A vertical scale: per cent, or logarithms to base ten.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    measure: Measure,
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Scale {
    /// Creates a scale that contains all values, with a small margin; its height is never zero.
    pub(super) fn of(measure: Measure, values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = values
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        if low > high {
            return Self { measure, low: 0.0, high: 1.0 };
        }
        let room = if high > low { 0.03 * (high - low) } else { 0.5 };
        let most = if measure == Measure::Accuracy { 100.0 } else { f64::INFINITY };
        Self { measure, low: low - room, high: (high + room).min(most).max(low) }
    }

    /// Returns the position of a value, as a fraction of the height.
    pub(super) fn share(self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }

    /// Returns at most `most` round numbers, with their labels.
    pub(super) fn ticks(self, most: usize) -> Vec<(f64, String)> {
        let whole = |step: f64| {
            let first = (self.low / step).ceil();
            (0..1000_u16).map(move |at| (first + f64::from(at)) * step).take_while(move |at| *at <= self.high)
        };
        let steps: &[f64] = if self.measure == Measure::Accuracy {
            &[0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0]
        } else {
            // For powers of ten: every one, or every so many.
            &[1.0, 2.0, 3.0, 5.0, 10.0]
        };
        if self.measure == Measure::Loss && whole(1.0).count() < 2 {
            let between = [1.0, 2.0, 5.0]
                .into_iter()
                .flat_map(|digit| (-8..8).map(move |power| digit * 10_f64.powi(power)));
            let inside = between.filter(|loss| (self.low..=self.high).contains(&loss.log10()));
            return inside.take(most).map(|loss| (loss.log10(), format!("{loss}"))).collect();
        }
        let step = steps.iter().copied().find(|step| whole(*step).count() <= most).unwrap_or(100.0);
        let said = |at: f64| match self.measure {
            Measure::Accuracy if step < 1.0 => format!("{at:.1}"),
            Measure::Accuracy => format!("{at:.0}"),
            Measure::Loss if (-3.0..4.0).contains(&at) => format!("{}", 10_f64.powf(at)),
            Measure::Loss => format!("1e{at:.0}"),
        };
        whole(step).map(|at| (at, said(at))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_holds_all_values_and_has_round_numbers() {
        let ticks = |measure, values: &[f64]| {
            let scale = Scale::of(measure, values.iter().copied());
            assert!(
                scale.low < scale.high && values.iter().all(|value| (scale.low..=scale.high).contains(value))
            );
            scale.ticks(5).into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(ticks(Measure::Accuracy, &[37.0, 100.0]), "40 60 80 100");
        assert_eq!(ticks(Measure::Accuracy, &[91.9, 92.9]), "92.0 92.2 92.4 92.6 92.8");
        assert_eq!(ticks(Measure::Loss, &[-2.9, 1.4]), "0.001 0.01 0.1 1 10");
        assert_eq!(ticks(Measure::Loss, &[-7.0, 1.4]), "1e-6 1e-4 0.01 1");
        assert_eq!(ticks(Measure::Loss, &[0.05, 0.8]), "2 5");
        assert_eq!(ticks(Measure::Accuracy, &[100.0]), "99.6 99.8 100.0");
        assert_eq!(ticks(Measure::Accuracy, &[]), "0.0 0.5 1.0");
    }
}
