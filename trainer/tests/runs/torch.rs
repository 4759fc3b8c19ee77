//! Runs that need libtorch: half precision, and both engines in parallel.

use crate::{context, folder, prepare, tiny};
use artifacts::{Backend, Configuration, Precision, Recipe};
use trainer::data::state_dict::{self, StateDict};
use trainer::machine::stop::Stop;
use trainer::run::initialise::initialise;
use trainer::run::session::{Outcome, train};

#[test]
fn half_precision_trains_with_float32_batch_norm() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    for precision in [Precision::Bf16, Precision::Fp16] {
        let configuration =
            Configuration { recipe: Recipe { precision, ..tiny().recipe }, engine: Backend::Tch, ..tiny() };
        let Outcome::Done(_) = train(&context(&layout, &data, &stop), &configuration).unwrap() else {
            panic!("{precision} did not finish");
        };
        let rows = folder(&layout, &data, &configuration).read().unwrap().1;
        assert!(rows.iter().all(|row| row.train_loss.unwrap() < 3.0), "{precision}: {rows:?}");
    }
}

/// Trains one recipe on both engines, for two updates, the second at rate zero, because more updates would
/// amplify rounding. Even in one update rounding flips a ReLU or a max pool here and there (libtorch's
/// channels-last kernels round ten times as coarsely as its others, or ours), so the change of all weights is
/// compared as a whole, which another image, draw, rate or decay would reverse. The parity tests compare what
/// each engine computes with the reference, number by number.
#[test]
fn both_engines_train_the_same_network() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    for seed in 0..4 {
        let [(tch, first), (fused, second)] = Backend::ALL.map(|engine| {
            let configuration = Configuration {
                recipe: Recipe { epochs: 2, train_images: Some(64), ..tiny().recipe },
                engine,
                seed,
                ..tiny()
            };
            train(&context(&layout, &data, &stop), &configuration).unwrap();
            let folder = folder(&layout, &data, &configuration);
            (state_dict::load(&folder.model_path()).unwrap().0, folder.read().unwrap().1[1].clone())
        });
        let off = first.train_loss.unwrap() - second.train_loss.unwrap();
        assert!(off.abs() < 1e-4, "seed {seed}, loss: off by {off:.1e}");
        let start = initialise(&tiny().architecture(), seed);
        let distance = |from: &StateDict| {
            let squares =
                tch.iter().flat_map(|(name, end)| (end - &from[name]).mapv(|d| f64::from(d).powi(2)));
            squares.sum::<f64>().sqrt()
        };
        let off = distance(&fused) / distance(&start);
        assert!(off < 3e-3, "seed {seed}: the change is off by {off:.1e}");
    }
}
