//! Estimates how long a run will take, from a few timed updates.

use crate::data::augment::Draw;
use crate::data::images::Images;
use crate::engine::Engine;
use crate::engine::epoch::Epoch;
use crate::engine::ways::UPDATES_BEFORE_RECORDING;
use crate::machine::allocator::give_back;
use crate::machine::contained::contained;
use crate::machine::device::Device;
use crate::run::context::RunContext;
use crate::run::initialise::initialise;
use anyhow::Context;
use artifacts::Configuration;
use network::schedule::LearningRates;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// The cost of an evaluated image relative to a trained one: without a backward pass, about a third of the
/// arithmetic.
const EVALUATION_SHARE: f64 = 1.0 / 3.0;
/// Updates that are timed on a GPU, in a tenth of a second: the time of a single one is mostly the host's.
const TIMED_ON_GPU: usize = 20;
/// The largest number of networks per engine that are timed; the others are interpolated by their
/// multiply-accumulates.
const TIMED_NETWORKS: usize = 3;

/// Seconds of training per image, by engine and by multiply-accumulates of the network.
#[derive(Debug, Clone, PartialEq)]
pub struct Pace {
    /// Points (multiply-accumulates, seconds), sorted by multiply-accumulates.
    points: HashMap<artifacts::Backend, Vec<(f64, f64)>>,
}

impl Pace {
    /// Times a few updates of at most three networks per engine: the smallest, the largest, and one in
    /// between. `None` if the user asked to stop.
    #[must_use]
    pub fn measure(context: &RunContext<'_>, runs: &[Configuration]) -> Option<Self> {
        let mut points = HashMap::new();
        for engine in artifacts::Backend::ALL {
            let mut networks: BTreeMap<u64, &Configuration> = BTreeMap::new();
            for run in runs.iter().filter(|run| run.engine == engine) {
                networks.entry(run.counts().macs).or_insert(run);
            }
            let networks: Vec<_> = networks.into_iter().collect();
            let last = networks.len().saturating_sub(1);
            let mut chosen: Vec<usize> =
                (0..TIMED_NETWORKS).map(|i| i * last / (TIMED_NETWORKS - 1)).collect();
            chosen.dedup();
            let mut timed = Vec::new();
            for &(macs, run) in chosen.into_iter().filter_map(|index| networks.get(index)) {
                // A network that cannot be timed may still be trained; if not, its run says why.
                let Ok(Ok(pace)) = contained(|| time_updates(context, run)) else { continue };
                timed.push((macs as f64, pace?));
            }
            points.insert(engine, timed);
        }
        give_back();
        Some(Self { points })
    }

    /// Returns the expected time of the epochs that are left of a run.
    #[must_use]
    pub fn expect(
        &self,
        configuration: &Configuration,
        epochs_left: usize,
        train: usize,
        test: usize,
    ) -> Duration {
        let images = train as f64 + test as f64 * EVALUATION_SHARE;
        let points = self.points.get(&configuration.engine).map_or(&[][..], Vec::as_slice);
        let pace = seconds_per_image(points, configuration.counts().macs as f64);
        Duration::from_secs_f64(pace * images * epochs_left as f64)
    }
}

/// Interpolates linearly between the timed networks; constant beyond them.
fn seconds_per_image(points: &[(f64, f64)], macs: f64) -> f64 {
    let after = points.partition_point(|&(at, _)| at < macs);
    match (after.checked_sub(1).map(|before| points[before]), points.get(after)) {
        (Some((x0, y0)), Some(&(x1, y1))) => y0 + (y1 - y0) * (macs - x0) / (x1 - x0),
        (None, Some(&(_, y))) | (Some((_, y)), None) => y,
        (None, None) => 0.0,
    }
}

/// Measures the seconds of training per image, from a few updates after the first ones. `None` if the user
/// asked to stop before, between or after them.
fn time_updates(context: &RunContext<'_>, configuration: &Configuration) -> anyhow::Result<Option<f64>> {
    let (state, batch) =
        (initialise(&configuration.architecture(), configuration.seed), configuration.recipe.batch);
    let train = Images::new(&context.data.train, Some(batch)).with_context(|| format!("batch {batch}"))?;
    let test = Images::new(&context.data.train, Some(1))?;
    let RunContext { device, threads, .. } = *context;
    let mut engine = Engine::new(configuration, &state, (train, test), device, threads)?;
    let order: Vec<u32> = (0..batch as u32).collect();
    let draws = vec![Draw::CENTRE; batch];
    let decay = configuration.decay.weight_decay(configuration.lambda, &configuration.counts(), batch);
    let rates = vec![LearningRates { factors: 0.0, rest: 0.0 }; TIMED_ON_GPU];
    // The first updates, in which kernels are chosen, do not count.
    let first_and_timed =
        if device == Device::Cpu { [1, 1] } else { [UPDATES_BEFORE_RECORDING + 1, TIMED_ON_GPU] };
    let mut pace = 0.0;
    for updates in first_and_timed {
        if context.stop.is_requested() {
            return Ok(None);
        }
        let update = Epoch { order: &order, draws: &draws, batch, rates: &rates[..updates], decay };
        pace = engine.time_updates(update).into_iter().sum::<f64>() / (updates * batch) as f64;
    }
    Ok((!context.stop.is_requested()).then_some(pace))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_is_interpolated_between_timed_networks() {
        let points = [(10.0, 1.0), (20.0, 3.0)];
        assert_eq!(
            [5.0, 10.0, 15.0, 20.0, 99.0].map(|macs| seconds_per_image(&points, macs)),
            [1.0, 1.0, 2.0, 3.0, 3.0]
        );
    }
}
