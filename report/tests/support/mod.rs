//! Generated studies: made up, seen at a glance to be so, with an effect that was planted.
#![allow(dead_code, reason = "every test program uses its part")]

use artifacts::Configuration;
use artifacts::study::{
    Agreement, AtRankscale, CellRow, ClassDifference, Endpoint, ImageByImage, Interval, LedgerRow, Noise,
    PairRow, RecipeSummary, Replication, RunRow, Secondary, Study, StudyEpochRow, StudyLayerRow, Summary,
    TrajectoryRow, Trend, Verdict, Wins,
};
use network::{Arm, Filter};
use std::collections::BTreeMap;

pub const FINGERPRINT: &str = "synthetic";

/// What to make up.
pub struct Plan {
    pub rankscales: Vec<usize>,
    pub arms: Vec<Arm>,
    pub seeds: u64,
    pub recipe: Configuration,
    /// Added to the arms that are not a baseline, as a fraction.
    pub effect: f64,
    /// Accuracy at rankscale 2.
    pub top: f64,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            rankscales: vec![2, 8, 31],
            arms: vec![Arm::Original, Arm::Appropriate],
            seeds: 5,
            recipe: Configuration::default(),
            effect: 0.003,
            top: 0.92,
        }
    }
}

/// A number between -1 and 1 that looks random and is the same on every machine.
fn noise(key: u64) -> f64 {
    let mut x = key.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((x ^ (x >> 31)) >> 11) as f64 / (1u64 << 52) as f64 - 1.0
}

fn baseline(arm: Arm) -> Option<Arm> {
    match arm {
        Arm::Original | Arm::PublishedOriginal => None,
        Arm::PublishedAppropriate => Some(Arm::PublishedOriginal),
        _ => Some(Arm::Original),
    }
}

impl Plan {
    pub fn runs(&self) -> Vec<Configuration> {
        let mut runs = Vec::new();
        for seed in 0..self.seeds {
            for &rankscale in &self.rankscales {
                for &decay in &self.arms {
                    if rankscale > 0 || decay == Arm::Original {
                        runs.push(Configuration { rankscale, decay, seed, ..self.recipe.clone() });
                    }
                }
            }
        }
        runs
    }

    fn accuracy(&self, run: &Configuration, epoch: usize) -> f64 {
        let key = (run.rankscale as u64) << 32 | run.seed << 8 | run.decay as u64;
        let progress = 1.0 - 0.6 * (-6.0 * epoch as f64 / run.epochs as f64).exp();
        let at_end = self.top - 0.0019 * (run.rankscale as f64 - 2.0).max(-12.0);
        let planted = if baseline(run.decay).is_some() { self.effect } else { 0.0 };
        let wobble = noise(key) * 0.0015
            + noise(key << 16 | epoch as u64) * 0.02 * (1.0 - epoch as f64 / run.epochs as f64);
        ((at_end + planted + wobble) * progress / (1.0 - 0.6 * (-6.0f64).exp())).clamp(0.0, 1.0)
    }

    /// The study of finished runs, with endpoints computed the plain way.
    pub fn study(&self) -> Study {
        let runs: Vec<RunRow> = self.runs().iter().map(|run| self.row(run)).collect();
        let epochs = self.runs().iter().flat_map(|run| self.epochs(run)).collect();
        let mut study = Study {
            summary: Summary {
                experiment: Some("synthetic".to_owned()),
                title: Some("Made-up runs with a planted effect?".to_owned()),
                planned: runs.len() as u32,
                done: runs.len() as u32,
                recipes: vec![RecipeSummary {
                    recipe: self.recipe.recipe(FINGERPRINT),
                    runs: runs.len() as u32,
                    configuration: self.recipe.clone(),
                }],
                endpoints: vec![],
                identical: vec![],
                rules: vec!["A made-up rule: differences below 0.1 points do not matter.".to_owned()],
                data: vec!["no images at all (synthetic)".to_owned()],
            },
            ledger: runs.iter().map(ledger).collect(),
            cells: vec![],
            comparisons: vec![],
            classes: vec![],
            layers: self.runs().iter().flat_map(layers).collect(),
            trajectories: vec![],
            runs,
            epochs,
        };
        derive(&mut study);
        study
    }

    fn row(&self, run: &Configuration) -> RunRow {
        let counts = run.counts();
        let accuracy = self.accuracy(run, run.epochs);
        RunRow {
            run: run.run_name(FINGERPRINT),
            status: "done".to_owned(),
            planned: true,
            imported: false,
            recipe: run.recipe(FINGERPRINT),
            rankscale: run.rankscale as u32,
            decay: run.decay.name().to_owned(),
            seed: run.seed,
            lambda: run.lambda,
            channels: run.channels.map(|c| c.to_string()).join("-"),
            epochs: run.epochs as u32,
            epochs_done: run.epochs as u32,
            batch: run.batch as u32,
            train_images: run.train_images.map(|n| n as u32),
            test_images: run.test_images.map(|n| n as u32),
            precision: run.precision.name().to_owned(),
            engine: run.engine.name().to_owned(),
            parameters: counts.parameters,
            macs: counts.macs,
            ratio_full: counts.ratio_full,
            ratio_separable: counts.ratio_separable,
            test_accuracy: Some(accuracy),
            test_loss: Some(1.0 - accuracy),
            train_accuracy: Some((accuracy + 0.03 - 0.001 * run.rankscale as f64).min(1.0)),
            train_loss: Some(0.9 - accuracy),
            seconds: Some(1000.0),
            images_per_second: Some(300.0 + 12.0 * run.rankscale as f64 + 8.0 * noise(run.seed)),
            device: Some("cpu".to_owned()),
            device_name: Some("Imaginary Processor 3000 with a long name".to_owned()),
            threads: Some(2),
            git_revision: Some("0123456789ab+".to_owned()),
            libtorch: Some("2.13.0".to_owned()),
        }
    }

    fn epochs(&self, run: &Configuration) -> Vec<StudyEpochRow> {
        (1..=run.epochs)
            .map(|epoch| StudyEpochRow {
                run: run.run_name(FINGERPRINT),
                recipe: run.recipe(FINGERPRINT),
                rankscale: run.rankscale as u32,
                decay: run.decay.name().to_owned(),
                seed: run.seed,
                lambda: run.lambda,
                epoch: epoch as u32,
                learning_rate: Some(0.1),
                train_loss: Some(1.0),
                train_accuracy: Some(0.5),
                test_loss: Some(1.0),
                test_accuracy: self.accuracy(run, epoch),
            })
            .collect()
    }
}

/// Norms that grow with the rank, and more under less decay.
fn layers(run: &Configuration) -> Vec<StudyLayerRow> {
    let low_rank = |filter: Filter| matches!(filter, Filter::LowRank { .. });
    let blocks = run.architecture().blocks().into_iter().enumerate();
    blocks
        .filter(|(_, block)| low_rank(block.filter))
        .map(|(at, block)| {
            let more = if baseline(run.decay).is_some() { 1.4 } else { 1.0 };
            let size = more * (1.0 + 0.05 * noise(run.seed << 8 | at as u64));
            StudyLayerRow {
                run: run.run_name(FINGERPRINT),
                recipe: run.recipe(FINGERPRINT),
                rankscale: run.rankscale as u32,
                decay: run.decay.name().to_owned(),
                seed: run.seed,
                lambda: run.lambda,
                layer: block.name.to_owned(),
                weight_norm: 3.0 * size,
                product_norm: Some(6.0 * size / (run.rankscale as f64).sqrt()),
                stable_rank: Some(1.0 + 12.0 * size / run.rankscale as f64),
            }
        })
        .collect()
}

/// Layers that approach their end by halves.
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
        state: run.status.clone(),
        planned: run.planned,
        epochs_done: run.epochs_done,
        epochs: run.epochs,
        reason: if run.status == "done" { String::new() } else { "the loss was not finite".to_owned() },
    }
}

/// Cells, pairs, endpoints and ledger that follow from the runs. The interval is a plain normal one: how it is really
/// made is not the report's business.
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
            let base = baseline(run.decay.parse().expect("an arm"))?;
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
    let arms: Vec<Arm> = Arm::ALL
        .into_iter()
        .filter(|arm| study.comparisons.iter().any(|pair| pair.decay == arm.name()))
        .collect();
    study.summary.endpoints = arms.into_iter().map(|arm| endpoint(study, arm)).collect();
    // The arm in question comes first.
    study.summary.endpoints.sort_by_key(|endpoint| endpoint.decay != Arm::Appropriate);
}

/// Made up like all else, but of the right size.
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
            notebook: -0.0058,
            difference: 0.003,
            prediction: Some(around(0.003, 0.004)),
            agreement: Agreement::Disagrees,
        }),
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
        }),
        noise: enough.then_some(Noise {
            runs_sd: 0.002,
            binomial_sd: 0.002_8,
            differences_sd: 0.001_5,
            detectable: 0.001_1,
            seeds_for_margin: 6,
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
    let (verdict, rule) = match interval {
        _ if !enough => (Verdict::NotEnoughEvidence, "fewer than 3 seeds at a rankscale"),
        Interval { low, .. } if low > 0.0 => (Verdict::Better, "the interval lies above zero"),
        Interval { high, .. } if high < 0.0 => (Verdict::Worse, "the interval lies below zero"),
        _ => (Verdict::NoMeaningfulDifference, "the interval lies within 0.1 points of zero"),
    };
    Endpoint {
        decay: arm,
        baseline: baseline(arm).expect("an arm with a baseline"),
        recipe: pairs[0].recipe.clone(),
        lambda: pairs[0].lambda,
        rankscales,
        pairs: pairs.len() as u32,
        seeds,
        difference: Some(difference),
        interval: enough.then_some(interval),
        p: enough.then_some(0.000_2),
        verdict,
        rule: rule.to_owned(),
        secondary: secondary(&pairs),
        missing: if enough { vec![] } else { vec![format!("{} more seeds at every rankscale", 3 - seeds)] },
    }
}

fn moments(values: &[f64]) -> (f64, Option<f64>) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (values.len() > 1).then(|| (squares / (n - 1.0)).sqrt()))
}

/// A study without a run.
pub fn empty() -> Study {
    let mut study = Plan { seeds: 0, ..Plan::default() }.study();
    study.summary.recipes.clear();
    study.summary.data.clear();
    study
}

/// Takes the result of the runs that `which` picks, as if their loss had left the numbers.
pub fn diverge(study: &mut Study, which: impl Fn(&RunRow) -> bool) {
    for run in study.runs.iter_mut().filter(|run| which(run)) {
        "diverged".clone_into(&mut run.status);
        run.epochs_done = 3;
        (run.test_accuracy, run.test_loss) = (None, None);
        (run.train_accuracy, run.train_loss) = (None, None);
        study.epochs.retain(|row| row.run != run.run || row.epoch <= 3);
        study.layers.retain(|row| row.run != run.run);
    }
    derive(study);
}
