//! Generated studies: recognisably made up, with a planted effect.
#![allow(dead_code, reason = "every test program uses its part")]

mod derived;

use artifacts::Configuration;
use artifacts::run::Status;
use artifacts::study::{RecipeSummary, RunRow, Standing, Study, StudyEpochRow, StudyLayerRow, Summary};
pub use derived::derive;
use network::{Arm, Filter};

pub const FINGERPRINT: &str = "synthetic";

/// The parameters of a generated study.
pub struct Plan {
    pub rankscales: Vec<usize>,
    pub arms: Vec<Arm>,
    pub seeds: u64,
    pub recipe: Configuration,
    /// The effect that is added to the arms that are not a baseline, a fraction.
    pub effect: f64,
    /// The accuracy at rankscale 2.
    pub top: f64,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            rankscales: vec![2, 8, 31],
            arms: vec![Arm::ORIGINAL, Arm::APPROPRIATE],
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

/// The index of an arm, as a part of a key; an arm that is not of the house comes after those that are.
fn place(arm: Arm) -> u64 {
    Arm::HOUSE.iter().position(|of| *of == arm).unwrap_or(Arm::HOUSE.len()) as u64
}

impl Plan {
    pub fn runs(&self) -> Vec<Configuration> {
        let mut runs = Vec::new();
        for seed in 0..self.seeds {
            for &rankscale in &self.rankscales {
                for &decay in &self.arms {
                    if rankscale > 0 || decay == Arm::ORIGINAL {
                        runs.push(Configuration { rankscale, decay, seed, ..self.recipe.clone() });
                    }
                }
            }
        }
        runs
    }

    fn accuracy(&self, run: &Configuration, epoch: usize) -> f64 {
        let key = (run.rankscale as u64) << 32 | run.seed << 8 | place(run.decay);
        let progress = 1.0 - 0.6 * (-6.0 * epoch as f64 / run.recipe.epochs as f64).exp();
        let at_end = self.top - 0.0019 * (run.rankscale as f64 - 2.0).max(-12.0);
        let planted = if run.decay.baseline().is_some() { self.effect } else { 0.0 };
        let wobble = noise(key) * 0.0015
            + noise(key << 16 | epoch as u64) * 0.02 * (1.0 - epoch as f64 / run.recipe.epochs as f64);
        ((at_end + planted + wobble) * progress / (1.0 - 0.6 * (-6.0f64).exp())).clamp(0.0, 1.0)
    }

    /// The study of finished runs, with endpoints computed in a simple way.
    pub fn study(&self) -> Study {
        let runs: Vec<RunRow> = self.runs().iter().map(|run| self.row(run)).collect();
        let epochs = self.runs().iter().flat_map(|run| self.epochs(run)).collect();
        let mut study = Study {
            summary: Summary {
                experiment: Some("synthetic".to_owned()),
                title: Some("Made-up runs with a planted effect?".to_owned()),
                planned: runs.len() as u32,
                done: runs.len() as u32,
                diverged: 0,
                recipes: vec![RecipeSummary {
                    recipe: self.recipe.recipe.hash(FINGERPRINT),
                    runs: runs.len() as u32,
                    configuration: self.recipe.clone(),
                }],
                standing: Standing {
                    sealed: None,
                    exploratory: vec!["it is made up".to_owned()],
                    looks: None,
                },
                endpoints: vec![],
                identical: vec![],
                arms: self.arms.iter().copied().filter(|arm| !arm.is_of_the_house()).collect(),
                tuned: Vec::new(),
                rules: vec!["A made-up rule: differences below 0.1 points do not matter.".to_owned()],
                sealed: None,
                data: vec!["no images at all (synthetic)".to_owned()],
            },
            ledger: vec![],
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
        let accuracy = self.accuracy(run, run.recipe.epochs);
        RunRow {
            run: run.run_name(FINGERPRINT),
            status: Status::Done,
            planned: true,
            imported: false,
            recipe: run.recipe.hash(FINGERPRINT),
            rankscale: run.rankscale as u32,
            decay: run.decay.name().to_owned(),
            seed: run.seed,
            lambda: run.lambda,
            channels: run.recipe.channels.map(|c| c.to_string()).join("-"),
            epochs: run.recipe.epochs as u32,
            epochs_done: run.recipe.epochs as u32,
            batch: run.recipe.batch as u32,
            train_images: run.recipe.train_images.map(|n| n as u32),
            test_images: run.recipe.test_images.map(|n| n as u32),
            precision: run.recipe.precision,
            engine: run.engine,
            dataset: run.recipe.dataset,
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
            instructions: None,
            libtorch: Some("2.13.0".to_owned()),
        }
    }

    fn epochs(&self, run: &Configuration) -> Vec<StudyEpochRow> {
        (1..=run.recipe.epochs)
            .map(|epoch| StudyEpochRow {
                run: run.run_name(FINGERPRINT),
                recipe: run.recipe.hash(FINGERPRINT),
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

/// Layer norms that grow with the rank, and more so under less decay.
fn layers(run: &Configuration) -> Vec<StudyLayerRow> {
    let low_rank = |filter: Filter| matches!(filter, Filter::LowRank { .. });
    let blocks = run.architecture().blocks().into_iter().enumerate();
    blocks
        .filter(|(_, block)| low_rank(block.filter))
        .map(|(at, block)| {
            let more = if run.decay.baseline().is_some() { 1.4 } else { 1.0 };
            let size = more * (1.0 + 0.05 * noise(run.seed << 8 | at as u64));
            StudyLayerRow {
                run: run.run_name(FINGERPRINT),
                recipe: run.recipe.hash(FINGERPRINT),
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

/// A study without a run.
pub fn empty() -> Study {
    let mut study = Plan { seeds: 0, ..Plan::default() }.study();
    study.summary.recipes.clear();
    study.summary.data.clear();
    study
}

/// Makes the runs that `which` selects diverge: their results are removed.
pub fn diverge(study: &mut Study, which: impl Fn(&RunRow) -> bool) {
    for run in study.runs.iter_mut().filter(|run| which(run)) {
        run.status = Status::Diverged;
        run.epochs_done = 3;
        (run.test_accuracy, run.test_loss) = (None, None);
        (run.train_accuracy, run.train_loss) = (None, None);
        study.epochs.retain(|row| row.run != run.run || row.epoch <= 3);
        study.layers.retain(|row| row.run != run.run);
    }
    derive(study);
}
