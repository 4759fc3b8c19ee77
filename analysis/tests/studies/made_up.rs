//! Made-up runs with made-up numbers, in a temporary directory. Nothing was trained.

use analysis::Choice;
use artifacts::run::{
    DataProvenance, EpochRow, FORMAT, LayerRow, Origin, PredictionRow, Provenance, RunFolder, RunRecord,
    Status,
};
use artifacts::study::{LedgerRow, Study};
use artifacts::{Configuration, Experiment, Layout, table};
use fs_err as fs;
use network::{Arm, Block, Filter};
use std::path::Path;

/// A work directory that is deleted with the test.
pub struct Place {
    _directory: Option<tempfile::TempDir>,
    pub layout: Layout,
}

impl Place {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let layout = Layout::new(directory.path().join("work"));
        Self { _directory: Some(directory), layout }
    }

    /// A work directory that is kept.
    pub fn at(directory: impl AsRef<Path>) -> Self {
        Self { _directory: None, layout: Layout::new(directory.as_ref()) }
    }

    /// Writes a run that ends at `accuracy`, or stops early with another status.
    pub fn run(
        &self,
        configuration: &Configuration,
        status: Status,
        epochs: usize,
        accuracy: f64,
    ) -> RunFolder {
        let name = configuration.run_name("made up");
        let folder = RunFolder::new(self.layout.run(&name));
        let record = RunRecord {
            format: FORMAT,
            name,
            status,
            configuration: configuration.clone(),
            counts: configuration.counts(),
            data: DataProvenance { fingerprint: "made up".into(), source: "made up".into() },
            origin: Origin::Trained(provenance()),
            continued: Vec::new(),
            sealed: None,
        };
        folder.write_record(&record).unwrap();
        let rows: Vec<EpochRow> =
            (1..=epochs).map(|epoch| row(epoch, configuration.recipe.epochs, accuracy)).collect();
        table::write(&folder.epochs_path(), &rows).unwrap();
        folder
    }

    pub fn done(&self, configuration: &Configuration, accuracy: f64) -> RunFolder {
        self.run(configuration, Status::Done, configuration.recipe.epochs, accuracy)
    }

    /// Finishes a run with all that a real one leaves but its weights: layers that grow from epoch to epoch,
    /// and a prediction for each of `images` images.
    pub fn done_in_full(&self, configuration: &Configuration, accuracy: f64, images: u32) -> RunFolder {
        let folder = self.done(configuration, accuracy);
        let blocks = configuration.architecture().blocks();
        let epochs = 0..=configuration.recipe.epochs as u32;
        let layers: Vec<LayerRow> =
            epochs.flat_map(|epoch| blocks.iter().map(move |block| layer(epoch, block))).collect();
        table::write(&folder.layers_path(), &layers).unwrap();
        let scramble = |image: u32| {
            image.wrapping_mul(2_654_435_761).wrapping_add(configuration.seed as u32 * 40_503) % 100_000
        };
        let prediction = |image: u32| {
            let label = (image % 10) as u8;
            let right = f64::from(scramble(image)) < accuracy * 1e5;
            PredictionRow {
                image,
                label,
                prediction: if right { label } else { (label + 1) % 10 },
                loss: 0.3,
            }
        };
        table::write(&folder.predictions_path(), &(0..images).map(prediction).collect::<Vec<_>>()).unwrap();
        folder
    }

    pub fn plan(&self, runs: &[Configuration]) {
        let experiment = Experiment {
            name: "made-up".into(),
            title: "Made up?".into(),
            tuned: false,
            verdict: None,
            runs: runs.to_vec(),
        };
        experiment.write_plan(&self.layout.plan()).unwrap();
    }

    /// Analyses, and compares the returned study with the written one.
    pub fn analyse(&self) -> Study {
        let study = analysis::analyse(&self.layout, &Choice::Newest, None, &mut Vec::new()).unwrap();
        assert_eq!(study, Study::read(&self.layout).unwrap());
        study
    }

    pub fn results(&self) -> serde_json::Value {
        let path = self.layout.analysis().join("results.json");
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
    }
}

pub fn provenance() -> Provenance {
    Provenance {
        git_revision: "0123abc".into(),
        git_dirty: true,
        device: "cpu".into(),
        device_name: "made up".into(),
        threads: 2,
        version: "0".into(),
        instructions: None,
        libtorch: None,
        host: "made up".into(),
        started_unix_seconds: 0,
    }
}

fn layer(epoch: u32, block: &Block) -> LayerRow {
    let low_rank = matches!(block.filter, Filter::LowRank { .. });
    LayerRow {
        epoch,
        layer: block.name.to_owned(),
        weight_norm: 3.0,
        product_norm: low_rank.then(|| 1.0 + f64::from(epoch)),
        stable_rank: low_rank.then_some(2.0),
    }
}

/// Epochs whose accuracy rises in a straight line to `accuracy`.
fn row(epoch: usize, epochs: usize, accuracy: f64) -> EpochRow {
    let share = epoch as f64 / epochs as f64;
    EpochRow {
        epoch: epoch as u32,
        learning_rate: Some(0.2 * (1.0 - share)),
        train_loss: Some(2.0 - share),
        train_accuracy: Some(accuracy * share),
        test_loss: Some(1.5),
        test_accuracy: if epoch == epochs { accuracy } else { accuracy * share },
        train_seconds: Some(2.0),
        test_seconds: Some(0.5),
        images_per_second: Some(100.0 + epoch as f64),
    }
}

/// The notebook's recipe.
pub fn configuration(rankscale: usize, decay: Arm, seed: u64) -> Configuration {
    Configuration { rankscale, decay, seed, ..Configuration::default() }
}

/// Noise of the size of that between runs: a standard deviation of about 0.2 points, and the same value for
/// the same key.
pub fn noise(rankscale: usize, seed: u64, arm: usize) -> f64 {
    let x = (rankscale as f64 * 12.9898 + seed as f64 * 78.233 + arm as f64 * 37.719).sin() * 43_758.545_3;
    (x - x.floor() - 0.5) * 0.007
}

/// Every configuration of a full grid of both arms.
pub fn grid(rankscales: &[usize], seeds: u64) -> Vec<Configuration> {
    let mut runs = Vec::new();
    for &rankscale in rankscales {
        for seed in 0..seeds {
            runs.extend([Arm::ORIGINAL, Arm::APPROPRIATE].map(|arm| configuration(rankscale, arm, seed)));
        }
    }
    runs
}

/// Finishes every run of a grid, `effect` better for `appropriate`.
pub fn finish(place: &Place, grid: &[Configuration], effect: f64) {
    for run in grid {
        place.done(run, accuracy(run, effect));
    }
}

/// The accuracy of a run, `effect` better for `appropriate`.
pub fn accuracy(run: &Configuration, effect: f64) -> f64 {
    let treated = usize::from(run.decay == Arm::APPROPRIATE);
    let noise = noise(run.rankscale, run.seed, treated);
    0.93 - 0.001 * run.rankscale as f64 + noise + effect * treated as f64
}

pub fn ledger<'a>(study: &'a Study, run: &str) -> &'a LedgerRow {
    study.ledger.iter().find(|row| row.run == run).unwrap_or_else(|| panic!("{run} is not in the ledger"))
}
