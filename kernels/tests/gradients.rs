//! The float64 reference against finite differences, and the engine against the reference: losses, every
//! gradient, running statistics and logits, for odd batches, odd widths, every instruction set; and the same
//! bits for any number of threads.

#![allow(clippy::unwrap_used, reason = "a test stops where it stands")]

mod reference;

use kernels::{Engine, EngineError, Isa};
use network::schedule::LearningRates;
use network::{Architecture, Entry, WeightDecay};
use reference::Reference;
use reference::layers::Tensor;
use reference::random::{random_batch, random_batch_of, random_state};
use std::panic::AssertUnwindSafe;

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
fn a_label_is_below_the_number_of_classes() {
    for classes in [7, 100] {
        let architecture = Architecture::new(2, [4, 4, 4, 4], classes).unwrap();
        let (images, _) = random_batch(1, 2);
        let mut engine = Engine::new(architecture, &random_state(&architecture, 1), 1).unwrap();
        let last = classes as u8 - 1;
        assert_eq!(engine.logits(&images).dim(), (1, classes));
        engine.step(&images, &[last], STILL, NO_DECAY);
        engine.predict(&images, &[last]);
        for refused in [
            std::panic::catch_unwind(AssertUnwindSafe(|| drop(engine.predict(&images, &[last + 1])))),
            std::panic::catch_unwind(AssertUnwindSafe(|| {
                engine.step(&images, &[last + 1], STILL, NO_DECAY);
            })),
        ] {
            let message = refused.unwrap_err();
            assert_eq!(message.downcast_ref(), Some(&"labels are classes"));
        }
    }
}

#[test]
fn images_and_labels_that_do_not_fit_each_other_are_refused() {
    let architecture = Architecture::new(2, [4, 4, 4, 4], 10).unwrap();
    let (images, labels) = random_batch(2, 2);
    let mut engine = Engine::new(architecture, &random_state(&architecture, 1), 1).unwrap();
    let mut is_refused = |work: &dyn Fn(&mut Engine)| {
        std::panic::catch_unwind(AssertUnwindSafe(|| work(&mut engine))).is_err()
    };
    assert!(is_refused(&|engine| drop(engine.predict(&images, &labels[..1]))));
    assert!(is_refused(&|engine| {
        engine.step(&images, &labels[..1], STILL, NO_DECAY);
    }));
    assert!(is_refused(&|engine| drop(engine.logits(&images[1..]))));
    assert!(!is_refused(&|engine| drop(engine.predict(&images, &labels))));
}

#[test]
fn a_larger_batch_after_a_smaller_one() {
    let architecture = Architecture::new(3, [4, 8, 8, 16], 10).unwrap();
    let state = random_state(&architecture, 3);
    let (images, labels) = random_batch(9, 4);
    let mut fresh = Engine::new(architecture, &state, 1).unwrap();
    let mut used = Engine::new(architecture, &state, 1).unwrap();
    used.step(&images[..2 * 3072], &labels[..2], STILL, NO_DECAY);
    used.step(&images, &labels, STILL, NO_DECAY);
    let first = used.step(&images[..5 * 3072], &labels[..5], STILL, NO_DECAY);
    assert_eq!(fresh.step(&images[..5 * 3072], &labels[..5], STILL, NO_DECAY), first);
}

#[test]
fn updates_and_predictions_take_turns() {
    let architecture = Architecture::new(3, [4, 8, 8, 16], 10).unwrap();
    let (images, labels) = random_batch(9, 4);
    let rates = LearningRates { factors: 0.1, rest: 0.1 };
    let decay = WeightDecay { factors: 1e-3, rest: 1e-2, product: 1e-2 };
    let mut engine = Engine::new(architecture, &random_state(&architecture, 3), 1).unwrap();
    for _ in 0..2 {
        let mut fresh = Engine::new(architecture, &engine.state(), 1).unwrap();
        assert!(engine.predict(&images, &labels) == fresh.predict(&images, &labels));
        let mut silent = Engine::new(architecture, &engine.state(), 1).unwrap();
        let sums = silent.step(&images, &labels, rates, decay);
        assert_eq!(engine.step(&images, &labels, rates, decay), sums);
        assert!(engine.state() == silent.state());
    }
}

#[test]
fn avx2_and_avx512_round_alike() {
    let sets = [Isa::Avx2, Isa::Avx512];
    if !sets.iter().all(|set| set.is_available()) {
        return;
    }
    let rates = LearningRates { factors: 0.1, rest: 0.1 };
    let decay = WeightDecay { factors: 1e-3, rest: 1e-2, product: 1e-2 };
    for (rankscale, channels) in [(2, [16, 16, 32, 64]), (5, [20, 24, 36, 40]), (31, [64, 128, 256, 512])] {
        let architecture = Architecture::new(rankscale, channels, 10).unwrap();
        let state = random_state(&architecture, 5);
        let (images, labels) = random_batch(37, 6);
        let [first, second] = sets.map(|set| {
            let mut engine = Engine::with_isa(architecture, &state, 2, set).unwrap();
            let sums = [0, 1].map(|_| engine.step(&images, &labels, rates, decay));
            let predictions = engine.predict(&images, &labels);
            (sums, engine.state(), predictions)
        });
        assert!(first == second, "rankscale {rankscale}");
    }
}

/// 130 images are 17 chunks, 128 are 32.
#[test]
fn a_smaller_batch_of_more_chunks_after_a_larger_one() {
    let architecture = Architecture::new(3, [4, 4, 4, 4], 10).unwrap();
    let state = random_state(&architecture, 3);
    let (images, labels) = random_batch(130, 4);
    let mut fresh = Engine::new(architecture, &state, 2).unwrap();
    let mut used = Engine::new(architecture, &state, 2).unwrap();
    used.step(&images, &labels, STILL, NO_DECAY);
    let first = used.step(&images[..128 * 3072], &labels[..128], STILL, NO_DECAY);
    assert_eq!(fresh.step(&images[..128 * 3072], &labels[..128], STILL, NO_DECAY), first);
    assert!(used.predict(&[], &[]).classes.is_empty());
}

#[test]
fn the_same_bits_for_any_number_of_threads() {
    let architecture = Architecture::new(2, [16, 16, 32, 64], 10).unwrap();
    let state = random_state(&architecture, 5);
    let (images, labels) = random_batch(45, 6);
    let rates = LearningRates { factors: 0.1, rest: 0.1 };
    let decay = WeightDecay { factors: 1e-3, rest: 1e-2, product: 1e-2 };
    let mut runs = [1, 2, 3].map(|threads| {
        let mut engine = Engine::new(architecture, &state, threads).unwrap();
        let sums = [0, 1].map(|_| engine.step(&images, &labels, rates, decay));
        let predictions = engine.predict(&images, &labels);
        (sums, engine.state(), predictions)
    });
    let first = &runs[0].clone();
    for run in &mut runs {
        assert!(run == first);
    }
}

#[test]
fn what_the_engine_cannot_do_is_an_error() {
    for (rankscale, channels) in [(0, [4, 4, 4, 4]), (2, [3, 4, 4, 4])] {
        let dense = Architecture::new(rankscale, channels, 10).unwrap();
        let error = Engine::new(dense, &random_state(&dense, 1), 1).unwrap_err();
        assert!(matches!(error, EngineError::Dense("layer1")), "{error}");
    }
    let architecture = Architecture::new(2, [4, 4, 4, 4], 10).unwrap();
    let mut state = random_state(&architecture, 1);
    let other = random_state(&Architecture::new(2, [4, 4, 4, 8], 10).unwrap(), 1);
    state.insert("linear.weight".to_owned(), other["linear.weight"].clone());
    let message = Engine::new(architecture, &state, 1).unwrap_err().to_string();
    assert!(message.contains("linear.weight") && message.contains("[10, 8]"), "{message}");
    state.remove("linear.weight");
    assert!(Engine::new(architecture, &state, 1).unwrap_err().to_string().contains("linear.weight"));
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

#[test]
fn a_run_that_diverges_has_no_loss() {
    let architecture = Architecture::new(3, [8, 8, 8, 16], 10).unwrap();
    let (images, labels) = random_batch(5, 8);
    for isa in available() {
        for name in ["prep.conv.weight", "layer1.conv.contract.weight", "layer3.res2.conv.expand.weight"] {
            let mut state = random_state(&architecture, 7);
            *state.get_mut(name).unwrap().first_mut().unwrap() = f32::NAN;
            let mut engine = Engine::with_isa(architecture, &state, 1, isa).unwrap();
            let sums = engine.step(&images, &labels, STILL, NO_DECAY);
            assert!(sums.loss.is_nan(), "{}: {name}: {}", isa.name(), sums.loss);
        }
    }
}
