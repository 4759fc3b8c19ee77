//! Tables derived from the runs: cells, pairs, layers over time, ledger, and statistics of a plausible size.

use super::noise;
use artifacts::run::Status;
use artifacts::study::{
    Agreement, AtRankscale, CellRow, Certainty, ClassDifference, Endpoint, Estimate, Heterogeneity,
    ImageByImage, Interval, Intraclass, LedgerRow, Noise, PairRow, Replicated, Replication, Role, RunRow,
    Secondary, Size, Study, StudyLayerRow, TrajectoryRow, Trend, Verdict, Wins,
};
use network::Arm;
use report::selection::Selection;
use std::collections::BTreeMap;

/// Derives cells, pairs, endpoints and ledger from the runs. The interval is a plain normal one, because the
/// report does not compute it.
pub fn derive(study: &mut Study) {
    let done: Vec<_> = study.runs.iter().filter(|run| run.test_accuracy.is_some()).cloned().collect();
    study.summary.done = done.len() as u32;
    study.ledger = study.runs.iter().map(ledger).collect();
    let mut cells: BTreeMap<(String, u64, u32, String), Vec<&RunRow>> = BTreeMap::new();
    for run in &done {
        let key = (run.recipe.clone(), run.lambda.to_bits(), run.rankscale, run.decay.clone());
        cells.entry(key).or_default().push(run);
    }
    study.cells = cells
        .into_iter()
        .map(|((recipe, lambda, rankscale, decay), runs)| {
            let values: Vec<_> = runs.iter().filter_map(|run| run.test_accuracy).collect();
            let (mean, sd) = moments(&values);
            CellRow {
                recipe,
                lambda: f64::from_bits(lambda),
                rankscale,
                decay,
                runs: values.len() as u32,
                mean,
                sd,
                low: sd.map(|sd| mean - sd),
                high: sd.map(|sd| mean + sd),
                min: values.iter().copied().fold(1.0, f64::min),
                max: values.iter().copied().fold(0.0, f64::max),
                parameters: runs[0].parameters,
                macs: runs[0].macs,
            }
        })
        .collect();
    study.trajectories = trajectories(study);
    study.comparisons = done
        .iter()
        .filter_map(|run| {
            let base = Selection::of(study).arm(&run.decay)?.baseline()?;
            let other = done.iter().find(|other| {
                (other.rankscale, other.seed, other.decay.as_str(), &other.recipe)
                    == (run.rankscale, run.seed, base.name(), &run.recipe)
            })?;
            let (accuracy, baseline_accuracy) = (run.test_accuracy?, other.test_accuracy?);
            Some(PairRow {
                recipe: run.recipe.clone(),
                lambda: run.lambda,
                rankscale: run.rankscale,
                seed: run.seed,
                decay: run.decay.clone(),
                baseline: base.name().to_owned(),
                accuracy,
                baseline_accuracy,
                difference: accuracy - baseline_accuracy,
            })
        })
        .collect();
    let arms = Selection::of(study).arms_named(study.comparisons.iter().map(|pair| pair.decay.as_str()));
    study.summary.endpoints = arms.into_iter().map(|arm| endpoint(study, arm)).collect();
    // The arm under test comes first.
    study.summary.endpoints.sort_by_key(|endpoint| endpoint.decay != Arm::APPROPRIATE);
}

/// Makes up statistics of a plausible size.
fn secondary(pairs: &[&PairRow]) -> Secondary {
    let around =
        |middle: f64, reach: f64| Interval { low: middle - reach, high: middle + reach, level: 0.95 };
    let mut by_rankscale: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for pair in pairs {
        by_rankscale.entry(pair.rankscale).or_default().push(pair.difference);
    }
    let wins = pairs.iter().filter(|pair| pair.difference > 0.0).count() as f64 / pairs.len() as f64;
    let enough = by_rankscale.values().all(|differences| differences.len() >= 3);
    Secondary {
        by_rankscale: by_rankscale
            .iter()
            .map(|(&rankscale, differences)| AtRankscale {
                rankscale,
                pairs: differences.len() as u32,
                difference: moments(differences).0,
                interval: enough.then(|| around(moments(differences).0, 0.001)),
                p: enough.then_some(0.01),
                p_holm: enough.then_some(0.03),
            })
            .collect(),
        wins: Some(Wins {
            share: wins,
            interval: Interval { low: wins - 0.3, high: wins.min(0.97), level: 0.95 },
        }),
        trend: enough.then_some(Trend { slope: 0.000_4, interval: around(0.000_4, 0.000_6), p: 0.2 }),
        replication: enough.then(|| Replication {
            rankscales: by_rankscale.len() as u32,
            difference: Replicated {
                notebook: -0.0058,
                ours: 0.003,
                prediction: Some(around(0.003, 0.004)),
                agreement: Agreement::Incompatible,
            },
            accuracy: Replicated {
                notebook: 0.8892,
                ours: 0.891,
                prediction: Some(around(0.891, 0.003)),
                agreement: Agreement::Compatible,
            },
            baseline: Replicated {
                notebook: 0.895,
                ours: 0.888,
                prediction: None,
                agreement: Agreement::NotEnoughEvidence,
            },
        }),
        sign_flip_p: enough.then_some(0.0003),
        probability_within_margin: enough.then_some(0.02),
        train_loss: enough.then(|| estimate(-0.012)),
        test_loss: enough.then(|| estimate(-0.004)),
        intraclass: enough.then(|| Intraclass {
            correlation: 0.05,
            interval: Interval { low: -0.3, high: 0.5, level: 0.95 },
            seeds: 5,
        }),
        diverged_as_chance: None,
        later: None,
        images: enough.then(|| ImageByImage {
            pairs: pairs.len() as u32,
            discordant: 0.031,
            significant: 1,
            classes: (0..10)
                .map(|class| {
                    let difference = 0.003 + 0.004 * noise(u64::from(class));
                    ClassDifference { class, difference, interval: Some(around(difference, 0.002)) }
                })
                .collect(),
            other_images: Some(around(0.003, 0.004)),
        }),
        noise: enough.then_some(Noise {
            runs_sd: 0.002,
            binomial_sd: 0.002_8,
            differences_sd: 0.001_5,
            detectable: 0.001_1,
            seeds_for_margin: Some(6),
            seeds_for_equivalence: Some(9),
        }),
    }
}

fn endpoint(study: &Study, arm: Arm) -> Endpoint {
    let pairs: Vec<_> = study.comparisons.iter().filter(|pair| pair.decay == arm.name()).collect();
    let differences: Vec<_> = pairs.iter().map(|pair| pair.difference).collect();
    let (difference, sd) = moments(&differences);
    let mut rankscales: Vec<_> = pairs.iter().map(|pair| pair.rankscale).collect();
    rankscales.sort_unstable();
    rankscales.dedup();
    let seeds = (pairs.len() / rankscales.len()) as u32;
    let enough = seeds >= 3;
    let half = sd.unwrap_or(0.0) * 1.96 / (differences.len() as f64).sqrt();
    let interval = Interval { low: difference - half, high: difference + half, level: 0.95 };
    let certainty = Certainty {
        error: half / 1.96,
        freedom: 11.5,
        interval,
        equivalence: Interval { level: 0.9, ..interval },
        p: 0.000_2,
        p_adjusted: None,
        p_equivalence: 0.98,
        p_equivalence_adjusted: None,
    };
    let (verdict, rule) = match interval {
        _ if !enough => (Verdict::NotEnoughEvidence, "fewer than 3 seeds at a rankscale"),
        Interval { low, .. } if low > 0.0 => (Verdict::Better, "the interval lies above zero"),
        Interval { high, .. } if high < 0.0 => (Verdict::Worse, "the interval lies below zero"),
        _ => (Verdict::NoMeaningfulDifference, "the interval lies within 0.1 points of zero"),
    };
    Endpoint {
        decay: arm,
        baseline: arm.baseline().expect("an arm with a baseline"),
        recipe: pairs[0].recipe.clone(),
        lambda: pairs[0].lambda,
        role: Role::Primary,
        alpha: 0.05,
        margin: 0.001,
        rankscales,
        pairs: pairs.len() as u32,
        seeds,
        difference: Some(difference),
        certainty: enough.then_some(certainty),
        heterogeneity: enough.then_some(Heterogeneity { f: 0.7, freedom: [2, 12], p: 0.52 }),
        diverged: [0, 0],
        look: None,
        verdict,
        size: matches!(verdict, Verdict::Better | Verdict::Worse).then_some(Size::Open),
        qualifiers: vec![],
        differs: vec![],
        says: match verdict {
            Verdict::Better => format!("Exploratory: `{arm}` weight decay is better than `original`"),
            Verdict::Worse => format!("Exploratory: `{arm}` weight decay is worse than `original`"),
            Verdict::NoMeaningfulDifference => {
                format!("`{arm}` weight decay makes no meaningful difference to `original`")
            }
            Verdict::NotEnoughEvidence => {
                format!("Not enough evidence to say whether `{arm}` weight decay is better than `original`")
            }
        },
        rule: rule.to_owned(),
        secondary: secondary(&pairs),
        missing: if enough { vec![] } else { vec![format!("{} more seeds at every rankscale", 3 - seeds)] },
    }
}

fn estimate(difference: f64) -> Estimate {
    let interval = Interval { low: difference - 0.006, high: difference + 0.006, level: 0.95 };
    Estimate { difference, interval, p: 0.01 }
}

fn moments(values: &[f64]) -> (f64, Option<f64>) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (values.len() > 1).then(|| (squares / (n - 1.0)).sqrt()))
}

/// Layers that approach their final values by halves.
fn trajectories(study: &Study) -> Vec<TrajectoryRow> {
    let mut cells: BTreeMap<(u32, &str, &str), &StudyLayerRow> = BTreeMap::new();
    for layer in &study.layers {
        cells.entry((layer.rankscale, &layer.decay, &layer.layer)).or_insert(layer);
    }
    let epochs = study.runs.iter().map(|run| run.epochs).max().unwrap_or(0);
    let rows = cells.values().flat_map(|end| (0..=epochs).map(move |epoch| (end, epoch)));
    rows.map(|(end, epoch)| {
        let share = 1.0 - 0.5f64.powi(epoch as i32 + 1);
        TrajectoryRow {
            recipe: end.recipe.clone(),
            lambda: end.lambda,
            rankscale: end.rankscale,
            decay: end.decay.clone(),
            layer: end.layer.clone(),
            epoch,
            runs: 5,
            product_norm: share * end.product_norm.expect("all are low-rank"),
            stable_rank: 1.0 + share * end.stable_rank.expect("all are low-rank"),
        }
    })
    .collect()
}

fn ledger(run: &RunRow) -> LedgerRow {
    LedgerRow {
        run: run.run.clone(),
        state: run.status.into(),
        planned: run.planned,
        epochs_done: run.epochs_done,
        epochs: run.epochs,
        reason: if run.status == Status::Done { String::new() } else { "the loss was not finite".to_owned() },
    }
}
