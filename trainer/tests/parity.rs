//! Tests libtorch's engine and the augmentation against the executable `PyTorch` reference, computed in
//! float64.
//!
//! `PARITY_DEVICE`, for example `cuda:0`, is the device for everything that is computed in float32; float64
//! stays on the CPU. On a GPU the convolutions must not round to TF32, which is coarser than the tolerances:
//! `NVIDIA_TF32_OVERRIDE=0`.

#![cfg(feature = "tch")]
#![allow(clippy::unwrap_used, reason = "a test stops where it stands")]

#[path = "../../reference/case.rs"]
mod case;

use artifacts::Precision;
use case::{Case, check, relative, with_prefix};
use ndarray::ArrayD;
use network::Arm;
use tch::{Device, Kind, Tensor};
use trainer::data::augment::{Draw, IMAGE, Normal};
use trainer::data::state_dict::StateDict;
use trainer::engine::torch::augment::{Augmentation, Draws};
use trainer::engine::torch::resnet::channels_last;
use trainer::engine::torch::training::Training;
use trainer::engine::ways::Ways;

fn tensor(array: &ArrayD<f32>) -> Tensor {
    let shape: Vec<i64> = array.shape().iter().map(|&n| n as i64).collect();
    Tensor::from_slice(array.as_slice().unwrap()).reshape(shape)
}

fn device() -> Device {
    let asked = std::env::var("PARITY_DEVICE").unwrap_or_default();
    match asked.strip_prefix("cuda:") {
        Some(index) => Device::Cuda(index.parse().unwrap()),
        None if ["", "cpu"].contains(&asked.as_str()) => Device::Cpu,
        None => panic!("PARITY_DEVICE={asked}: must be cpu or cuda:N"),
    }
}

fn array(tensor: &Tensor) -> ArrayD<f32> {
    let shape: Vec<usize> = tensor.size().iter().map(|&n| n as usize).collect();
    let flat = tensor.to_device(Device::Cpu).to_kind(Kind::Float).contiguous().view(-1);
    ArrayD::from_shape_vec(shape, Vec::<f32>::try_from(&flat).unwrap()).unwrap()
}

/// Checks every way of computing a step: batch norm after and through the bottleneck, separate filters and
/// one filter, and on a GPU batch norm by our own kernels.
fn check_arm(arm: Arm) {
    for one_filter in [None, Some(1), Some(8)] {
        for bottleneck_below in [0.0, 2.0] {
            check_arm_with(arm, Ways { bottleneck_below, one_filter, ..Ways::CPU });
        }
        if device() != Device::Cpu {
            check_arm_with(arm, Ways { bottleneck_below: 0.0, one_filter, norm_in_one: true, ..Ways::CPU });
        }
    }
}

fn check_arm_with(arm: Arm, ways: Ways) {
    let case = Case::open();
    let architecture = case.architecture();
    let expected = case.file(arm.name());
    let start = with_prefix(&case.common, "start.");
    let mut exact = Training::in_float64(architecture, &start, Device::Cpu, ways);
    let single = |state: &StateDict| Training::new(architecture, state, device(), Precision::Float32, ways);

    let first = channels_last(&tensor(&case.images(0))).to_device(device());
    check("logits before training", &array(&single(&start).logits(&first)), &case.common["eval_logits"]);

    for update in case.updates(arm) {
        let images = channels_last(&tensor(&update.images));
        let labels = Tensor::from_slice(&update.labels).to_kind(Kind::Int64);
        let step = |training: &mut Training, images: &Tensor| {
            let sums = training.step(images, &labels.to_device(images.device()), update.rates, update.decay);
            sums.loss.double_value(&[]) / update.labels.len() as f64
        };
        let before = exact.state();
        update.check_loss("float64", step(&mut exact, &images.to_kind(Kind::Double)));
        update.check_rounded(&before, &exact.model(), |state| {
            let mut rounded = single(state);
            (step(&mut rounded, &images.to_device(device())), rounded.model())
        });
    }
    let weights = with_prefix(&expected, "end.");
    let found = exact.model();
    assert_eq!(found.keys().collect::<Vec<_>>(), weights.keys().collect::<Vec<_>>());
    for (name, expected) in &weights {
        check(name, &found[name], expected);
    }
    check("logits after training", &array(&single(&found).logits(&first)), &expected["end_logits"]);
}

#[test]
fn parity_of_every_arm() {
    case::every_arm(check_arm);
}

#[test]
fn nudges_are_far_below_the_tolerances() {
    case::check_nudges();
}

#[test]
fn parity_augmentation() {
    let case = Case::open().file("augment");
    let draws: Vec<Draw> = {
        let column = |name: &str| case[name].iter().map(|&value| value as usize).collect::<Vec<_>>();
        let [crop_x, crop_y, flip, cut_x, cut_y] = ["crop_x", "crop_y", "flip", "cut_x", "cut_y"].map(column);
        (0..flip.len())
            .map(|i| Draw {
                crop_x: crop_x[i],
                crop_y: crop_y[i],
                flip: flip[i] != 0,
                cut_x: cut_x[i],
                cut_y: cut_y[i],
            })
            .collect()
    };
    let images = &case["images"];
    let chosen = Tensor::arange(draws.len() as i64, (Kind::Int64, device()));
    let augmentation = Augmentation::new(device());
    let bytes = tensor(images).to_kind(Kind::Uint8).to_device(device());
    let found = augmentation.augment(&bytes, &chosen, &Draws::new(&draws, device()));
    let expected = &case["expected"];
    assert!(relative(&array(&found), expected) <= 1e-6, "on the device");

    let pixels: Vec<u8> = images.iter().map(|&value| value as u8).collect();
    let mut found = vec![0f32; pixels.len()];
    for ((image, out), &draw) in pixels.chunks_exact(IMAGE).zip(found.chunks_exact_mut(IMAGE)).zip(&draws) {
        Normal::default().augment(image, draw, out);
    }
    let found = ArrayD::from_shape_vec(vec![draws.len(), 32, 32, 3], found).unwrap();
    let found = found.permuted_axes(vec![0, 3, 1, 2]).as_standard_layout().into_owned();
    assert!(relative(&found, expected) <= 1e-6, "on the host");
}

/// The order of a sum, and with it ties, depends on the number of threads, which libtorch reads when a
/// process starts.
#[test]
fn an_update_with_ties_is_exact_with_any_number_of_threads() {
    for threads in [1, 3] {
        let mut program = std::process::Command::new(std::env::current_exe().unwrap());
        program.args(["--exact", "parity_of_every_arm"]).env("PARITY_ARM", "published-appropriate");
        program.env("OMP_NUM_THREADS", threads.to_string());
        // More threads than cores must not spin while they wait for each other.
        program.env("OMP_WAIT_POLICY", "passive");
        let ended = program.output().unwrap();
        let said = String::from_utf8_lossy(&ended.stdout);
        assert!(ended.status.success() && said.contains("1 passed"), "{threads} threads: {said}");
    }
}
