//! The engine against the executable `PyTorch` reference. The case, and what is asked on it, lie in
//! `reference/`; the exact trajectory comes from the plain reference of these tests.

#![allow(clippy::unwrap_used, reason = "a test stops where it stands")]

#[path = "../../reference/case.rs"]
mod case;
mod reference;

use case::{Case, check, with_prefix};
use kernels::{Engine, Isa};
use ndarray::ArrayD;
use network::Arm;
use reference::layers::Tensor;
use reference::{Reference, State};
use std::collections::BTreeSet;

/// Channels innermost, as the engine takes them.
fn nhwc(images: &ArrayD<f32>) -> Vec<f32> {
    images.view().permuted_axes(vec![0, 2, 3, 1]).iter().copied().collect()
}

fn check_arm(arm: Arm) {
    let case = Case::open();
    let architecture = case.architecture();
    let expected = case.file(arm.name());
    let start = with_prefix(&case.common, "start.");
    let first = nhwc(&case.images(0));
    let engine = |state: &State| Engine::new(architecture, state, 2).unwrap();
    let logits = |state: &State| engine(state).logits(&first).into_dyn();
    check("logits before training", &logits(&start), &case.common["eval_logits"]);

    let mut exact = Reference::new(architecture, &start);
    for update in case.updates(arm) {
        let (images, labels) = (nhwc(&update.images), &update.labels);
        let tensor = Tensor::from_nhwc(&images, labels.len(), 3, 32);
        let before = exact.state();
        let (loss, _) = exact.step(&tensor, labels, update.rates, update.decay);
        update.check_loss("float64", loss);
        update.check_rounded(&before, &exact.model(), |state| {
            let mut rounded = engine(state);
            let sums = rounded.step(&images, labels, update.rates, update.decay);
            (sums.loss / labels.len() as f64, rounded.model())
        });
    }
    let found = exact.state();
    for (name, expected) in with_prefix(&expected, "end.") {
        check(&name, &found[&name], &expected);
    }
    check("logits after training", &logits(&found), &expected["end_logits"]);
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
fn the_parity_case_holds_exactly_the_arms_there_are() {
    let there_are: BTreeSet<_> = Arm::HOUSE.into_iter().map(Arm::name).collect();
    for found in Case::open().arms() {
        assert_eq!(found.iter().map(String::as_str).collect::<BTreeSet<_>>(), there_are);
    }
}

/// The first logits of every instruction set, on a case that this crate did not make.
#[test]
fn parity_of_every_instruction_set() {
    let case = Case::open();
    let start = with_prefix(&case.common, "start.");
    for isa in Isa::ALL.into_iter().filter(|set| set.is_available()) {
        let mut engine = Engine::with_isa(case.architecture(), &start, 1, isa).unwrap();
        let logits = engine.logits(&nhwc(&case.images(0))).into_dyn();
        check(isa.name(), &logits, &case.common["eval_logits"]);
    }
}
