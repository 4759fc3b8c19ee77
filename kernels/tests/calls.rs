//! The engine from call to call: what it refuses, what one call leaves for the next, and the same bits for
//! any number of threads and for AVX2 and AVX-512.

#![allow(clippy::unwrap_used, reason = "a test stops where it stands")]

mod reference;

use kernels::{Engine, EngineError, Isa};
use network::schedule::LearningRates;
use network::{Architecture, WeightDecay};
use reference::random::{random_batch, random_state};
use std::panic::AssertUnwindSafe;

const STILL: LearningRates = LearningRates { factors: 0.0, rest: 0.0 };
const NO_DECAY: WeightDecay = WeightDecay { factors: 0.0, rest: 0.0, product: 0.0 };
const RATES: LearningRates = LearningRates { factors: 0.1, rest: 0.1 };
const DECAY: WeightDecay = WeightDecay { factors: 1e-3, rest: 1e-2, product: 1e-2 };

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
    let mut engine = Engine::new(architecture, &random_state(&architecture, 3), 1).unwrap();
    for _ in 0..2 {
        let mut fresh = Engine::new(architecture, &engine.state(), 1).unwrap();
        assert!(engine.predict(&images, &labels) == fresh.predict(&images, &labels));
        let mut silent = Engine::new(architecture, &engine.state(), 1).unwrap();
        let sums = silent.step(&images, &labels, RATES, DECAY);
        assert_eq!(engine.step(&images, &labels, RATES, DECAY), sums);
        assert!(engine.state() == silent.state());
    }
}

#[test]
fn avx2_and_avx512_round_alike() {
    let sets = [Isa::Avx2, Isa::Avx512];
    if !sets.iter().all(|set| set.is_available()) {
        return;
    }
    for (rankscale, channels) in [(2, [16, 16, 32, 64]), (5, [20, 24, 36, 40]), (31, [64, 128, 256, 512])] {
        let architecture = Architecture::new(rankscale, channels, 10).unwrap();
        let state = random_state(&architecture, 5);
        let (images, labels) = random_batch(37, 6);
        let [first, second] = sets.map(|set| {
            let mut engine = Engine::with_isa(architecture, &state, 2, set).unwrap();
            let sums = [0, 1].map(|_| engine.step(&images, &labels, RATES, DECAY));
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
    let mut runs = [1, 2, 3].map(|threads| {
        let mut engine = Engine::new(architecture, &state, threads).unwrap();
        let sums = [0, 1].map(|_| engine.step(&images, &labels, RATES, DECAY));
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
fn a_run_that_diverges_has_no_loss() {
    let architecture = Architecture::new(3, [8, 8, 8, 16], 10).unwrap();
    let (images, labels) = random_batch(5, 8);
    for isa in Isa::ALL.into_iter().filter(|set| set.is_available()) {
        for name in ["prep.conv.weight", "layer1.conv.contract.weight", "layer3.res2.conv.expand.weight"] {
            let mut state = random_state(&architecture, 7);
            *state.get_mut(name).unwrap().first_mut().unwrap() = f32::NAN;
            let mut engine = Engine::with_isa(architecture, &state, 1, isa).unwrap();
            let sums = engine.step(&images, &labels, STILL, NO_DECAY);
            assert!(sums.loss.is_nan(), "{}: {name}: {}", isa.name(), sums.loss);
        }
    }
}
