//! The float64 reference against finite differences, and the engine against the reference: losses, every
//! gradient, running statistics and logits, for odd batches, odd widths, every instruction set.

#![allow(clippy::unwrap_used, reason = "a test stops where it stands")]

mod reference;

use kernels::{Engine, Isa};
use network::schedule::LearningRates;
use network::{Architecture, Entry, WeightDecay};
use reference::Reference;
use reference::layers::Tensor;
use reference::random::{random_batch, random_batch_of, random_state};

const STILL: LearningRates = LearningRates { factors: 0.0, rest: 0.0 };
const NO_DECAY: WeightDecay = WeightDecay { factors: 0.0, rest: 0.0, product: 0.0 };

fn tensor(images: &[f32]) -> Tensor {
    Tensor::from_nhwc(images, images.len() / 3072, 3, 32)
}

/// Euclidean norm of the difference over that of what is expected.
fn relative(found: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>().sqrt();
    let difference = norm(&mut found.iter().zip(expected).map(|(&a, &b)| f64::from(a) - b));
    assert!(difference.is_finite());
    difference / norm(&mut expected.iter().copied()).max(f64::MIN_POSITIVE)
}

#[test]
fn the_reference_agrees_with_finite_differences() {
    for classes in [7, 10, 100] {
        finite_differences(Architecture::new(3, [2, 3, 4, 5], classes).unwrap());
    }
}

fn finite_differences(architecture: Architecture) {
    let reference = Reference::new(architecture, &random_state(&architecture, 1));
    let (images, labels) = random_batch_of(architecture.classes, 2, 2);
    let images = tensor(&images);
    let (_, _, gradients) = reference.clone().gradients(&images, &labels);
    let loss = |name: &str, at: usize, by: f64| {
        let mut moved = reference.clone();
        moved.values.get_mut(name).unwrap()[at] += by;
        moved.gradients(&images, &labels).0
    };
    for (name, gradient) in &gradients {
        for at in [0, gradient.len() / 2, gradient.len() - 1] {
            let step = 1e-6;
            let slope = (loss(name, at, step) - loss(name, at, -step)) / (2.0 * step);
            let scale = gradient.iter().map(|g| g.abs()).fold(1e-6, f64::max);
            let error = (slope - gradient[at]).abs() / scale;
            assert!(error < 1e-4, "{name}[{at}]: {} against {slope}", gradient[at]);
        }
    }
}

/// Every gradient is the momentum after one step from rest.
fn check(rankscale: i64, channels: [usize; 4], batch: usize, isa: Isa) {
    check_classes(10, rankscale, channels, batch, isa);
}

fn check_classes(classes: usize, rankscale: i64, channels: [usize; 4], batch: usize, isa: Isa) {
    let what = format!("{classes} {rankscale} {channels:?} {batch} {}", isa.name());
    let architecture = Architecture::new(rankscale, channels, classes).unwrap();
    let state = random_state(&architecture, 3);
    let (images, labels) = random_batch_of(classes, batch, 4);
    let mut reference = Reference::new(architecture, &state);
    let mut engine = Engine::with_isa(architecture, &state, 2, isa).unwrap();
    let (loss, correct, gradients) = reference.gradients(&tensor(&images), &labels);
    let sums = engine.step(&images, &labels, STILL, NO_DECAY);
    let found = engine.state();
    let error = (sums.loss / batch as f64 - loss).abs() / loss;
    assert!(error < 1e-6, "{what}: loss off by {error:.1e}");
    assert_eq!(sums.correct, correct, "{what}");
    for (name, expected) in &gradients {
        let error = relative(found[&format!("velocity.{name}")].as_slice().unwrap(), expected);
        assert!(error < 5e-5, "{what}: gradient of {name} off by {error:.1e}");
    }
    for Entry { name, .. } in architecture.buffers() {
        let error = relative(found[&name].as_slice().unwrap(), &reference.values[&name]);
        assert!(error < 1e-6, "{what}: {name} off by {error:.1e}");
    }
    let expected: Vec<f64> = reference.logits(&tensor(&images)).into_iter().flatten().collect();
    let error = relative(engine.logits(&images).as_slice().unwrap(), &expected);
    assert!(error < 1e-5, "{what}: logits off by {error:.1e}");
    let predictions = engine.predict(&images, &labels);
    for (image, logits) in expected.chunks(classes).enumerate() {
        let loss = logits.iter().map(|l| l.exp()).sum::<f64>().ln() - logits[usize::from(labels[image])];
        assert!((f64::from(predictions.losses[image]) - loss).abs() < 1e-5, "{what}");
        let largest = logits.iter().copied().fold(f64::MIN, f64::max);
        assert!(logits[usize::from(predictions.classes[image])] > largest - 1e-6, "{what}");
    }
}

fn available() -> impl Iterator<Item = Isa> {
    Isa::ALL.into_iter().filter(|set| set.is_available())
}

#[test]
fn gradients_of_narrow_networks() {
    for isa in available() {
        check(3, [8, 16, 32, 64], 5, isa);
    }
}

#[test]
fn gradients_of_odd_widths_and_batches() {
    for isa in available() {
        check(2, [5, 7, 19, 33], 3, isa);
        check(4, [6, 20, 17, 41], 6, isa);
    }
}

#[test]
fn gradients_at_rank_one_and_at_full_rank() {
    for isa in available() {
        check(41, [4, 9, 20, 41], 2, isa);
        check(1, [9, 18, 24, 40], 5, isa);
    }
}

#[test]
fn gradients_and_logits_of_other_numbers_of_classes() {
    for isa in available() {
        for classes in [2, 7, 100, 256] {
            check_classes(classes, 3, [8, 16, 16, 33], 5, isa);
        }
    }
}

#[test]
fn codes_far_from_zero_keep_their_covariance() {
    let architecture = Architecture::new(3, [8, 16, 16, 32], 10).unwrap();
    let state = random_state(&architecture, 7);
    let (mut images, labels) = random_batch(6, 8);
    for value in &mut images {
        *value += 30.0;
    }
    let mut reference = Reference::new(architecture, &state);
    let (loss, _, gradients) = reference.gradients(&tensor(&images), &labels);
    for isa in available() {
        let mut engine = Engine::with_isa(architecture, &state, 2, isa).unwrap();
        let sums = engine.step(&images, &labels, STILL, NO_DECAY);
        let error = (sums.loss / 6.0 - loss).abs() / loss;
        assert!(error < 1e-5, "{}: loss off by {error:.1e}", isa.name());
        let found = engine.state();
        for (name, expected) in &gradients {
            let error = relative(found[&format!("velocity.{name}")].as_slice().unwrap(), expected);
            assert!(error < 5e-3, "{}: gradient of {name} off by {error:.1e}", isa.name());
        }
    }
}
