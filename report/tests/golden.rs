//! The page and the figures of a made-up study with a planted effect, byte for byte.
//!
//! `UPDATE_EXPECT=1 cargo test --release -p report` writes the golden files anew: look at them before
//! committing.

mod support;

use artifacts::{Configuration, Recipe};
use expect_test::expect_file;
use network::Arm;
use report::render;
use support::Plan;

fn short(plan: Plan) -> Plan {
    // Short learning curves keep the golden files readable.
    Plan {
        recipe: Configuration {
            recipe: Recipe { epochs: 6, ..Recipe::default() },
            ..Configuration::default()
        },
        ..plan
    }
}

#[test]
fn a_planted_effect_of_three_tenths_of_a_point_is_told_as_it_is() {
    let report = render(&short(Plan::default()).study());
    expect_file!["golden/planted.md"].assert_eq(&report.markdown);
    for card in &report.cards {
        expect_file![format!("golden/planted/{}", card.file)].assert_eq(&card.text);
    }
    for figure in &report.figures {
        expect_file![format!("golden/planted/{}", figure.file)].assert_eq(&figure.svg);
    }
    assert!(
        report.headline.contains("appropriate weight decay is better than original"),
        "{}",
        report.headline
    );
    assert!(report.headline.contains("0.3"), "{}", report.headline);
}

#[test]
fn without_an_effect_nothing_is_called_better() {
    let report = render(&short(Plan { effect: 0.0, ..Plan::default() }).study());
    assert!(report.headline.contains("no meaningful difference"), "{}", report.headline);
}

#[test]
fn one_seed_is_not_enough_evidence() {
    let report = render(&short(Plan { seeds: 1, ..Plan::default() }).study());
    expect_file!["golden/one-seed.md"].assert_eq(&report.markdown);
    assert!(report.headline.starts_with("Not enough evidence"), "{}", report.headline);
}

#[test]
fn the_order_of_rows_changes_no_byte() {
    let study =
        short(Plan { arms: Arm::HOUSE.to_vec(), rankscales: vec![0, 2, 8, 31], ..Plan::default() }).study();
    let mut turned = study.clone();
    turned.runs.reverse();
    turned.epochs.reverse();
    turned.cells.reverse();
    turned.comparisons.reverse();
    turned.ledger.reverse();
    assert_eq!(render(&study), render(&study));
    assert_eq!(render(&study), render(&turned));
}

#[test]
fn after_a_short_schedule_the_notebook_curve_makes_room() {
    let near = render(&short(Plan::default()).study());
    assert!(near.figures[0].svg.contains("2018 notebook"));
    let far = render(&short(Plan { top: 0.41, ..Plan::default() }).study());
    assert!(!far.figures[0].svg.contains("2018 notebook"));
    assert!(far.figures[0].caption.contains("notebook's curve is left out"), "{}", far.figures[0].caption);
}
