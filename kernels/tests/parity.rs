//! The engine against the executable `PyTorch` reference: losses, weights, running statistics and logits of six updates for
//! every arm. The cases are the trainer's; `PARITY_DIR`, an absolute path, points at others of the same layout.
//!
//! The cases were computed in float64, and so is the whole trajectory here, by the plain reference of these tests. Every
//! float32 update of the engine starts from the float64 state before it and is held to the same tolerances. An activation
//! within rounding of zero, or two within rounding of each other under a pool, may decide otherwise; then the same state
//! rounded otherwise, by one unit in the last place here and there, must reproduce the exact update: rounding can tip a
//! decision, but no rounding hides a wrong formula.

#![allow(clippy::unwrap_used, reason = "a test stops where it stands")]

mod reference;

use kernels::{Engine, Instructions};
use ndarray::ArrayD;
use network::schedule::learning_rates;
use network::{Architecture, Arm, Counts};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use reference::{Reference, State, Tensor, relative};
use safetensors::SafeTensors;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

const LOSS_TOLERANCE: f64 = 1e-5;
const WEIGHT_TOLERANCE: f64 = 1e-4;
/// Roundings of a state that are tried.
const NUDGES: u64 = 64;

#[derive(Deserialize)]
struct Meta {
    rankscale: i64,
    channels: [usize; 4],
    batch: usize,
    lambda: f64,
    peak_lr: f64,
    steps_per_epoch: usize,
    epochs: usize,
    losses: BTreeMap<String, Vec<f64>>,
}

struct Case {
    directory: PathBuf,
    meta: Meta,
}

impl Case {
    fn open() -> Self {
        let default = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../trainer/tests/parity");
        let directory = std::env::var_os("PARITY_DIR").map_or(default, PathBuf::from);
        let meta = fs_err::read_to_string(directory.join("meta.json")).unwrap();
        Self { directory, meta: serde_json::from_str(&meta).unwrap() }
    }

    /// The float32 arrays of a file, and its labels if it has some.
    fn file(&self, name: &str) -> (State, Vec<u8>) {
        let bytes = fs_err::read(self.directory.join(format!("{name}.safetensors"))).unwrap();
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        let (mut arrays, mut labels) = (State::new(), Vec::new());
        for (name, view) in tensors.iter() {
            let data = view.data();
            if view.dtype() == safetensors::Dtype::F32 {
                let values = data.chunks(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
                arrays.insert(name.to_owned(), ArrayD::from_shape_vec(view.shape(), values).unwrap());
            } else {
                labels = data.chunks(8).map(|b| b[0]).collect();
            }
        }
        (arrays, labels)
    }
}

fn with_prefix(file: &State, prefix: &str) -> State {
    file.iter()
        .filter_map(|(name, array)| Some((name.strip_prefix(prefix)?.to_owned(), array.clone())))
        .collect()
}

fn values(array: &ArrayD<f32>) -> Vec<f64> {
    array.iter().map(|&value| f64::from(value)).collect()
}

/// The state with each number left, or moved to one of its two neighbours among the float32 numbers.
fn nudged(state: &State, attempt: u64) -> State {
    let mut generator = ChaCha8Rng::seed_from_u64(attempt);
    let mut nudge = |value: f32| match generator.random_range(0..3) {
        0 => value.next_up(),
        1 => value.next_down(),
        _ => value,
    };
    let moved = |(name, array): (&String, &ArrayD<f32>)| {
        (name.clone(), if attempt == 0 { array.clone() } else { array.mapv(&mut nudge) })
    };
    state.iter().map(moved).collect()
}

fn check(what: &str, found: &[f32], expected: &[f64]) {
    let error = relative(found, expected);
    assert!(error <= WEIGHT_TOLERANCE, "{what}: off by {error:.1e}");
}

fn check_loss(what: &str, loss: f64, expected: f64) {
    let error = (loss - expected).abs() / expected.abs();
    assert!(error <= LOSS_TOLERANCE, "{what}: loss {loss} against {expected}, off by {error:.1e}");
}

fn check_arm(arm: Arm) {
    let case = Case::open();
    let meta = &case.meta;
    let architecture = Architecture::new(meta.rankscale, meta.channels).unwrap();
    let (common, labels) = case.file("common");
    let (expected, _) = case.file(arm.name());
    let decay = arm.weight_decay(meta.lambda, &Counts::of(&architecture), meta.batch);
    let start = with_prefix(&common, "start.");
    // [updates, batch, channels, height, width] to a batch at a time, channels innermost.
    let images: Vec<Vec<f32>> = common["images"]
        .outer_iter()
        .map(|batch| {
            batch
                .into_dimensionality::<ndarray::Ix4>()
                .unwrap()
                .permuted_axes([0, 2, 3, 1])
                .iter()
                .copied()
                .collect()
        })
        .collect();
    let engine = |state: &State| Engine::new(architecture, state, 2).unwrap();
    let logits = engine(&start).logits(&images[0]);
    check("logits before training", logits.as_slice().unwrap(), &values(&common["eval_logits"]));

    let mut exact = Reference::new(architecture, &start);
    let total = meta.steps_per_epoch * meta.epochs;
    let losses = &meta.losses[arm.name()];
    assert_eq!(losses.len(), total);
    for (k, ((images, labels), &loss)) in (1..).zip(images.iter().zip(labels.chunks(meta.batch)).zip(losses))
    {
        let rates = learning_rates(arm, meta.peak_lr, k, total);
        let before = exact.state();
        let tensor = Tensor::from_nhwc(images, meta.batch, 3, 32);
        check_loss(&format!("float64, update {k}"), exact.step(&tensor, labels, rates, decay).0, loss);
        let mut worst = (f64::INFINITY, String::new());
        for attempt in 0..NUDGES {
            let mut rounded = engine(&nudged(&before, attempt));
            let sums = rounded.step(images, labels, rates, decay);
            check_loss(&format!("float32, update {k}"), sums.loss / meta.batch as f64, loss);
            let errors = rounded
                .model()
                .into_iter()
                .map(|(name, found)| (relative(found.as_slice().unwrap(), &exact.values[&name]), name));
            let this = errors.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
            if this.0 < worst.0 {
                worst = this;
            }
            if worst.0 <= WEIGHT_TOLERANCE {
                break;
            }
        }
        assert!(worst.0 <= WEIGHT_TOLERANCE, "update {k}, {}: off by {:.1e}", worst.1, worst.0);
    }
    let found = exact.state();
    for (name, expected) in with_prefix(&expected, "end.") {
        check(&name, found[&name].as_slice().unwrap(), &values(&expected));
    }
    let logits = engine(&found).logits(&images[0]);
    check("logits after training", logits.as_slice().unwrap(), &values(&expected["end_logits"]));
}

macro_rules! parity {
    ($($test:ident: $arm:expr),* $(,)?) => {$(
        #[test]
        fn $test() {
            check_arm($arm);
        }
    )*};
}

parity! {
    parity_original: Arm::Original,
    parity_appropriate: Arm::Appropriate,
    parity_appropriate_separable: Arm::AppropriateSeparable,
    parity_frobenius: Arm::Frobenius,
    parity_none: Arm::None,
    parity_published_original: Arm::PublishedOriginal,
    parity_published_appropriate: Arm::PublishedAppropriate,
}

/// The first loss of every instruction set, on a case that this crate did not make.
#[test]
fn parity_of_every_instruction_set() {
    let case = Case::open();
    let architecture = Architecture::new(case.meta.rankscale, case.meta.channels).unwrap();
    let (common, _) = case.file("common");
    let first = common["images"].outer_iter().next().unwrap().into_dimensionality::<ndarray::Ix4>().unwrap();
    let images: Vec<f32> = first.permuted_axes([0, 2, 3, 1]).iter().copied().collect();
    for instructions in Instructions::ALL.into_iter().filter(|set| set.is_available()) {
        let start = with_prefix(&common, "start.");
        let mut engine = Engine::with_instructions(architecture, &start, 1, instructions).unwrap();
        let logits = engine.logits(&images);
        check(instructions.name(), logits.as_slice().unwrap(), &values(&common["eval_logits"]));
    }
}
