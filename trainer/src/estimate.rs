//! How long a run will take, from a few timed updates.

use crate::augment::normalise;
use crate::engine::Engine;
use crate::images::Images;
use crate::initialise::initialise;
use crate::session::Workplace;
use anyhow::Context;
use artifacts::Configuration;
use network::schedule::LearningRates;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// An evaluation has no backward pass: about a third of an update's arithmetic.
const EVALUATION_SHARE: f64 = 1.0 / 3.0;
/// Networks that are timed; the others are interpolated by their multiply-accumulates.
const TIMED_NETWORKS: usize = 3;

/// Seconds of training an image, by multiply-accumulates of the network.
#[derive(Debug, Clone, PartialEq)]
pub struct Pace {
    /// Sorted by the first.
    points: Vec<(f64, f64)>,
}

impl Pace {
    /// Times a few updates of at most three of the networks: the smallest, the largest, and one in between.
    ///
    /// # Errors
    /// Fewer images than a batch.
    pub fn measure(workplace: &Workplace<'_>, runs: &[Configuration]) -> anyhow::Result<Self> {
        let mut networks: BTreeMap<u64, &Configuration> = BTreeMap::new();
        for run in runs {
            networks.entry(run.counts().macs).or_insert(run);
        }
        let networks: Vec<_> = networks.into_iter().collect();
        let last = networks.len().saturating_sub(1);
        let mut chosen: Vec<usize> = (0..TIMED_NETWORKS).map(|i| i * last / (TIMED_NETWORKS - 1)).collect();
        chosen.dedup();
        let mut points = Vec::new();
        for index in chosen {
            let (macs, configuration) = networks[index];
            points.push((macs as f64, time_updates(workplace, configuration)?));
        }
        Ok(Self { points })
    }

    /// Expected time of the epochs that are left of a run.
    #[must_use]
    pub fn expect(
        &self,
        configuration: &Configuration,
        epochs_left: usize,
        train: usize,
        test: usize,
    ) -> Duration {
        let images = train as f64 + test as f64 * EVALUATION_SHARE;
        let seconds =
            self.seconds_per_image(configuration.counts().macs as f64) * images * epochs_left as f64;
        Duration::from_secs_f64(seconds)
    }

    /// Piecewise linear between the timed networks, constant beyond them.
    fn seconds_per_image(&self, macs: f64) -> f64 {
        let after = self.points.partition_point(|&(at, _)| at < macs);
        match (after.checked_sub(1).map(|before| self.points[before]), self.points.get(after)) {
            (Some((x0, y0)), Some(&(x1, y1))) => y0 + (y1 - y0) * (macs - x0) / (x1 - x0),
            (None, Some(&(_, y))) | (Some((_, y)), None) => y,
            (None, None) => 0.0,
        }
    }
}

/// Seconds of training an image: one update to warm up, one to time.
fn time_updates(workplace: &Workplace<'_>, configuration: &Configuration) -> anyhow::Result<f64> {
    let architecture = configuration.architecture();
    let state = initialise(&architecture, configuration.seed);
    let mut engine = Engine::new(architecture, &state, workplace.device, configuration.precision);
    let batch = Images::new(&workplace.data.train, Some(configuration.batch), workplace.device)
        .with_context(|| format!("batch {}", configuration.batch))?;
    let images = normalise(&batch.pixels);
    let decay =
        configuration.decay.weight_decay(configuration.lambda, &configuration.counts(), configuration.batch);
    let mut seconds = 0.0;
    for _ in 0..2 {
        let start = Instant::now();
        let sums = engine.step(&images, &batch.labels, LearningRates { factors: 0.0, rest: 0.0 }, decay);
        // Reading a sum waits for the device.
        let _ = sums.correct.int64_value(&[]);
        seconds = start.elapsed().as_secs_f64();
    }
    Ok(seconds / configuration.batch as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_is_interpolated_between_timed_networks() {
        let pace = Pace { points: vec![(10.0, 1.0), (20.0, 3.0)] };
        assert_eq!(
            [5.0, 10.0, 15.0, 20.0, 99.0].map(|macs| pace.seconds_per_image(macs)),
            [1.0, 1.0, 2.0, 3.0, 3.0]
        );
    }
}
