//! The trainer against the executable `PyTorch` reference, computed in float64: losses, weights, running statistics and
//! logits of six updates for every arm, and the augmentation.
//!
//! `PARITY_DIR`, an absolute path, points the same tests at other cases of the same layout.

#![cfg(feature = "tch")]
#![allow(clippy::unwrap_used, reason = "a test stops where it stands")]

use artifacts::Precision;
use ndarray::ArrayD;
use network::schedule::learning_rates;
use network::{Architecture, Arm, Counts};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use safetensors::SafeTensors;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use tch::{Device, Kind, Tensor};
use trainer::arrays::Arrays;
use trainer::augment::{Draw, IMAGE, Normal};
use trainer::torch::augment::{Augmentation, Draws};
use trainer::torch::resnet::channels_last;
use trainer::torch::training::{BatchSums, Training};

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
        let default = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/parity");
        let directory = std::env::var_os("PARITY_DIR").map_or(default, PathBuf::from);
        let meta = fs_err::read_to_string(directory.join("meta.json")).unwrap();
        Self { directory, meta: serde_json::from_str(&meta).unwrap() }
    }

    fn architecture(&self) -> Architecture {
        Architecture::new(self.meta.rankscale, self.meta.channels).unwrap()
    }

    fn file(&self, name: &str) -> BTreeMap<String, Tensor> {
        let bytes = fs_err::read(self.directory.join(format!("{name}.safetensors"))).unwrap();
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        tensors
            .iter()
            .map(|(name, view)| {
                let kind = match view.dtype() {
                    safetensors::Dtype::F32 => Kind::Float,
                    safetensors::Dtype::I64 => Kind::Int64,
                    safetensors::Dtype::U8 => Kind::Uint8,
                    other => panic!("{name}: {other:?}"),
                };
                let shape: Vec<i64> = view.shape().iter().map(|&n| n as i64).collect();
                (name.to_owned(), Tensor::from_data_size(view.data(), &shape, kind))
            })
            .collect()
    }
}

fn array(tensor: &Tensor) -> ArrayD<f32> {
    let shape: Vec<usize> = tensor.size().iter().map(|&n| n as usize).collect();
    let flat = tensor.to_kind(Kind::Float).contiguous().view(-1);
    ArrayD::from_shape_vec(shape, Vec::<f32>::try_from(&flat).unwrap()).unwrap()
}

fn with_prefix(file: &BTreeMap<String, Tensor>, prefix: &str) -> Arrays {
    file.iter()
        .filter_map(|(name, tensor)| Some((name.strip_prefix(prefix)?.to_owned(), array(tensor))))
        .collect()
}

/// Euclidean norm of the difference over that of what is expected.
fn relative(found: &ArrayD<f32>, expected: &ArrayD<f32>) -> f64 {
    assert_eq!(found.shape(), expected.shape());
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>().sqrt();
    let difference = norm(&mut found.iter().zip(expected).map(|(&a, &b)| f64::from(a) - f64::from(b)));
    assert!(difference.is_finite());
    difference / norm(&mut expected.iter().map(|&value| f64::from(value))).max(f64::MIN_POSITIVE)
}

/// The state with each number left, or moved to one of its two neighbours among the float32 numbers.
fn nudged(state: &Arrays, attempt: u64) -> Arrays {
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

/// Six updates in float64, and each of them again in float32.
///
/// The case was computed in float64, and so is the whole trajectory here. In float32 a trajectory of its own would not do:
/// an activation within rounding of zero, or two within rounding of each other under a pool, decides otherwise, and later
/// updates magnify that. (The `PyTorch` reference itself, run on the shipped case in float32 with one and with two threads, ends
/// between 9e-7 and 5e-2 off in its weights, by arm and thread count: more than the tolerance in six of fourteen.) So
/// every float32 update starts from the float64 state before it, and is held to the same tolerances. Where such a decision
/// still falls the other way, the same state rounded otherwise, by one unit in the last place here and there, must
/// reproduce the exact update: rounding can tip a decision, but no rounding hides a wrong formula.
///
/// Batch norm is computed either way: of what comes out of a bottleneck, and through it.
fn check_arm(arm: Arm) {
    for share in [0.0, 2.0] {
        check_arm_with(arm, share);
    }
}

fn check_arm_with(arm: Arm, share: f64) {
    let case = Case::open();
    let (meta, architecture) = (&case.meta, case.architecture());
    let common = case.file("common");
    let expected = case.file(arm.name());
    let counts = Counts::of(&architecture);
    let decay = arm.weight_decay(meta.lambda, &counts, meta.batch);
    let start = with_prefix(&common, "start.");
    let mut exact = Training::in_float64(architecture, &start, Device::Cpu).through_bottlenecks_below(share);
    let single = |state: &Arrays| {
        Training::new(architecture, state, Device::Cpu, Precision::Float32).through_bottlenecks_below(share)
    };

    let first = channels_last(&common["images"].get(0));
    check("logits before training", &array(&single(&start).logits(&first)), &array(&common["eval_logits"]));

    let total = meta.steps_per_epoch * meta.epochs;
    let losses = &meta.losses[arm.name()];
    assert_eq!(losses.len(), total);
    for (k, &expected) in (1..).zip(losses) {
        let images = channels_last(&common["images"].get(k - 1));
        let labels = common["labels"].get(k - 1);
        let rates = learning_rates(arm, meta.peak_lr, k as usize, total);
        let before = exact.state();
        let sums = exact.step(&images.to_kind(Kind::Double), &labels, rates, decay);
        check_loss(&format!("float64, update {k}"), &sums, meta.batch, expected);
        let after = exact.model();
        let mut worst = (f64::INFINITY, String::new());
        for attempt in 0..NUDGES {
            let mut rounded = single(&nudged(&before, attempt));
            let sums = rounded.step(&images, &labels, rates, decay);
            check_loss(&format!("float32, update {k}"), &sums, meta.batch, expected);
            let found = rounded.model();
            let errors = after.iter().map(|(name, exact)| (relative(&found[name], exact), name.clone()));
            let this = errors.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
            if this.0 < worst.0 {
                worst = this;
            }
            if worst.0 <= WEIGHT_TOLERANCE {
                break;
            }
        }
        assert!(worst.0 <= WEIGHT_TOLERANCE, "float32, update {k}, {}: off by {:.1e}", worst.1, worst.0);
    }
    let weights = with_prefix(&expected, "end.");
    let found = exact.model();
    assert_eq!(found.keys().collect::<Vec<_>>(), weights.keys().collect::<Vec<_>>());
    for (name, expected) in &weights {
        check(name, &found[name], expected);
    }
    let logits = array(&single(&found).logits(&first));
    check("logits after training", &logits, &array(&expected["end_logits"]));
}

fn check_loss(what: &str, sums: &BatchSums, batch: usize, expected: f64) {
    let loss = sums.loss.double_value(&[]) / batch as f64;
    let error = (loss - expected).abs() / expected.abs();
    assert!(error <= LOSS_TOLERANCE, "{what}: loss {loss} against {expected}, off by {error:.1e}");
}

fn check(what: &str, found: &ArrayD<f32>, expected: &ArrayD<f32>) {
    let error = relative(found, expected);
    assert!(error <= WEIGHT_TOLERANCE, "{what}: off by {error:.1e}");
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

#[test]
fn parity_covers_every_arm_of_the_case() {
    let case = Case::open();
    for name in case.meta.losses.keys() {
        name.parse::<Arm>().unwrap();
    }
}

#[test]
fn parity_augmentation() {
    let case = Case::open().file("augment");
    let draws: Vec<Draw> = {
        let column = |name: &str| Vec::<i64>::try_from(&case[name]).unwrap();
        let [crop_x, crop_y, flip, cut_x, cut_y] = ["crop_x", "crop_y", "flip", "cut_x", "cut_y"].map(column);
        (0..flip.len())
            .map(|i| Draw {
                crop_x: crop_x[i] as usize,
                crop_y: crop_y[i] as usize,
                flip: flip[i] != 0,
                cut_x: cut_x[i] as usize,
                cut_y: cut_y[i] as usize,
            })
            .collect()
    };
    let images = &case["images"];
    let chosen = Tensor::arange(draws.len() as i64, (Kind::Int64, Device::Cpu));
    let augmentation = Augmentation::new(Device::Cpu);
    let found = augmentation.augment(images, &chosen, &Draws::new(&draws, Device::Cpu));
    let expected = array(&case["expected"]);
    assert!(relative(&array(&found), &expected) <= 1e-6, "on the device");

    let pixels = Vec::<u8>::try_from(&images.view(-1)).unwrap();
    let mut found = vec![0f32; pixels.len()];
    for ((image, out), &draw) in pixels.chunks_exact(IMAGE).zip(found.chunks_exact_mut(IMAGE)).zip(&draws) {
        Normal::default().augment(image, draw, out);
    }
    let found = ArrayD::from_shape_vec(vec![draws.len(), 32, 32, 3], found).unwrap();
    let found = found.permuted_axes(vec![0, 3, 1, 2]).as_standard_layout().into_owned();
    assert!(relative(&found, &expected) <= 1e-6, "on the host");
}
