//! The layer tables: what decay does to the weights of the layers, during training and at the end.
//!
//! *Invariant:* only finished runs under study enter.

use crate::join::finished::Finished;
use crate::runs::trajectory::names;
use artifacts::Exact;
use artifacts::study::{StudyLayerRow, TrajectoryRow};
use std::collections::BTreeMap;

/// Returns the layers of every run after its last epoch, in the order of the runs.
#[must_use]
pub fn layers(finished: &[Finished<'_>]) -> Vec<StudyLayerRow> {
    let runs = finished.iter().map(|finished| finished.run);
    let rows = runs.flat_map(|run| run.layers.iter().map(move |layer| (run, layer)));
    rows.map(|(run, layer)| {
        let configuration = &run.record.configuration;
        StudyLayerRow {
            run: run.record.name.clone(),
            recipe: run.recipe(),
            rankscale: configuration.rankscale as u32,
            decay: configuration.decay.name().to_owned(),
            seed: configuration.seed,
            lambda: configuration.lambda,
            layer: layer.layer.clone(),
            weight_norm: layer.weight_norm,
            product_norm: layer.product_norm,
            stable_rank: layer.stable_rank,
        }
    })
    .collect()
}

/// Number of runs, sum of norms, sum of stable ranks.
type Sums = (u32, f64, f64);

/// Returns the means over the runs of a cell, sorted by recipe, lambda, rankscale, arm, layer and epoch.
#[must_use]
pub fn trajectories(finished: &[Finished<'_>]) -> Vec<TrajectoryRow> {
    let mut cells: BTreeMap<_, BTreeMap<(u8, u32), Sums>> = BTreeMap::new();
    for run in finished.iter().map(|finished| finished.run) {
        let configuration = &run.record.configuration;
        let (rankscale, lambda) = (configuration.rankscale as u32, Exact::of(configuration.lambda));
        let cell = cells.entry((run.recipe(), lambda, rankscale, configuration.decay.name())).or_default();
        for point in &run.trajectory {
            let (number, norms, ranks) = cell.entry((point.block, point.epoch)).or_default();
            *number += 1;
            *norms += point.product_norm;
            *ranks += point.stable_rank;
        }
    }
    let names = names();
    let mut rows = Vec::new();
    for ((recipe, lambda, rankscale, decay), cell) in cells {
        rows.extend(cell.into_iter().map(|((block, epoch), (number, norms, ranks))| TrajectoryRow {
            recipe: recipe.clone(),
            lambda: lambda.value(),
            rankscale,
            decay: decay.to_owned(),
            layer: names[usize::from(block)].to_owned(),
            epoch,
            runs: number,
            product_norm: norms / f64::from(number),
            stable_rank: ranks / f64::from(number),
        }));
    }
    rows
}
