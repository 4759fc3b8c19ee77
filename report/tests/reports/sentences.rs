//! Sentences that hold for some studies only: each is said where it is true.

use crate::checked::checked;
use crate::support::{Plan, derive};
use artifacts::dataset::Task;
use artifacts::study::{ClassDifference, RecipeSummary, Study, TunedArm};
use artifacts::words::percent;
use artifacts::{Backend, Configuration, Precision, Recipe};
use network::Arm;
use report::Report;
use report::chart::Scale;

fn of(recipe: Recipe) -> Plan {
    Plan { recipe: Configuration { recipe, ..Configuration::default() }, ..Plan::default() }
}

fn tuned() -> Study {
    let mut study = Plan::default().study();
    let recipe = study.summary.recipes[0].recipe.clone();
    let arm = |decay| TunedArm { decay, recipe: recipe.clone(), lambda: 5e-4, peak_learning_rate: 0.2 };
    study.summary.tuned = [Arm::ORIGINAL, Arm::APPROPRIATE].map(arm).to_vec();
    study
}

fn card<'a>(report: &'a Report, file: &str) -> &'a str {
    &report.cards.iter().find(|card| card.file == file).unwrap().text
}

/// The same study as one whose images are CIFAR-10's.
fn on_cifar10(mut study: Study) -> Study {
    let known = Task::Cifar10.fingerprints().unwrap();
    let recipe = Recipe::default().hash(&known);
    study.runs.iter_mut().for_each(|row| row.recipe.clone_from(&recipe));
    study.epochs.iter_mut().for_each(|row| row.recipe.clone_from(&recipe));
    study.layers.iter_mut().for_each(|row| row.recipe.clone_from(&recipe));
    study.summary.recipes[0].recipe = recipe;
    study.summary.data = vec![known];
    derive(&mut study);
    study
}

#[test]
fn an_import_beside_a_study_of_cifar_10_leaves_it_one() {
    let mut study = on_cifar10(Plan::default().study());
    let alone = checked(&study);
    assert!(card(&alone, "model.md").contains("uoft-cs/cifar10"));
    let import = "imported:abc".to_owned();
    let recipe = Recipe::default().hash(&import);
    study.summary.recipes.push(RecipeSummary { recipe, ..study.summary.recipes[0].clone() });
    study.summary.data.push(import);
    let report = checked(&study);
    assert!(report.markdown.contains(" on CIFAR-10 at rankscales 2, 8 and 31"), "{}", report.markdown);
    assert_eq!(card(&report, "model.md"), card(&alone, "model.md"));
    assert!(!card(&report, "dataset.md").contains("not that of CIFAR-10"));
    assert!(!report.markdown.contains("imported:"), "its hash is no fingerprint of images");
    study.runs[0].imported = true;
    let report = checked(&study);
    assert!(report.markdown.contains("1 run comes from a notebook's `results.json`"), "{}", report.markdown);
    // Nothing is known of its making that could be published with it.
    let unknown = ["Cards to publish", "## Methods"];
    assert!(report.cards.is_empty() && !unknown.iter().any(|words| report.markdown.contains(words)));
    // What is made up is not called CIFAR-10.
    let made_up = checked(&Plan::default().study());
    assert!(made_up.markdown.contains("images that are not, or not all, those of CIFAR-10"));
}

#[test]
fn the_notebooks_curve_is_of_the_same_recipe_only_where_it_is() {
    let caption = |study: &Study| checked(study).figures[0].caption.clone();
    let (pale, others) = ("2018 notebook's two curves", "and so not of the same recipe");
    let half = Recipe { precision: Precision::Bf16, ..Recipe::default() };
    for study in [Plan::default().study(), of(half).study()] {
        assert!(caption(&study).contains(pale) && !caption(&study).contains(others), "{}", caption(&study));
    }
    let lambda = Configuration { lambda: 1e-3, ..Configuration::default() };
    for study in [
        of(Recipe { batch: 256, ..Recipe::default() }).study(),
        of(Recipe { peak_learning_rate: 0.1, ..Recipe::default() }).study(),
        of(Recipe { test_images: Some(2000), ..Recipe::default() }).study(),
        Plan { recipe: lambda, ..Plan::default() }.study(),
        tuned(),
    ] {
        assert!(caption(&study).contains(pale) && caption(&study).contains(others), "{}", caption(&study));
    }
    for (study, why) in [
        (of(Recipe { validation_images: Some(5000), ..Recipe::default() }).study(), "it is of test images"),
        (
            of(Recipe { channels: [32, 64, 128, 256], ..Recipe::default() }).study(),
            "networks have other widths",
        ),
        (of(Recipe { dataset: Task::Cifar100, ..Recipe::default() }).study(), "it is of CIFAR-10"),
        (Plan { rankscales: vec![64], ..Plan::default() }.study(), "it has none of these rankscales"),
    ] {
        let caption = caption(&study);
        assert!(caption.contains("left out: ") && caption.ends_with(&format!("{why}.")), "{caption}");
    }
}

#[test]
fn the_dense_network_is_no_factored_one_and_no_rankscale() {
    let mut study = Plan { rankscales: vec![0, 8, 31], ..Plan::default() }.study();
    let headline = study.summary.endpoints.clone();
    let short = Recipe { epochs: 4, ..Recipe::default() };
    let other = Plan { rankscales: vec![0, 8, 31], seeds: 1, ..of(short) }.study();
    let means = other.cells.iter().filter(|cell| cell.decay == "original" && cell.rankscale > 0);
    let mean = percent(means.map(|cell| cell.mean).sum::<f64>() / 2.0);
    study.runs.extend(other.runs);
    study.summary.recipes.extend(other.summary.recipes);
    derive(&mut study);
    study.summary.endpoints = headline;
    let report = checked(&study);
    let said = "at rankscales 8 and 31: 20 runs, of 10 combinations of rankscale and seed, and 5 runs of the dense network.";
    assert!(report.markdown.contains(said), "{}", report.markdown);
    let both = format!("| 5e-4 | `original` | rankscales 8 and 31 | 2 | {mean} |");
    for row in ["| `original` | dense | 1 |", &both] {
        assert!(report.markdown.contains(row), "{row}: {}", report.markdown);
    }
}

#[test]
fn weights_are_said_to_come_out_again_only_where_the_engine_sees_to_it() {
    let again = "the same configuration and seed train them again";
    let kind = "train networks of the same kind, not the same weights";
    for (engine, says, not) in [(Backend::Fused, again, kind), (Backend::Tch, kind, again)] {
        let recipe = Configuration { engine, ..Configuration::default() };
        let report = checked(&Plan { recipe, ..Plan::default() }.study());
        let text = card(&report, "model.md");
        assert!(text.contains(says) && !text.contains(not), "{text}");
    }
}

#[test]
fn a_recipe_is_called_the_notebooks_only_where_it_is() {
    for (study, says) in [
        (Plan::default().study(), "the recipe is that of a notebook of 2018, held fixed"),
        (of(Recipe { epochs: 6, ..Recipe::default() }).study(), "and was not searched for accuracy"),
        (tuned(), "nothing of it but λ and peak learning rate was searched for accuracy"),
    ] {
        let report = checked(&study);
        assert!(card(&report, "model.md").contains(says), "{says}: {}", card(&report, "model.md"));
    }
}

#[test]
fn recipes_and_images_are_counted() {
    let mut study = Plan::default().study();
    let report = checked(&study);
    assert!(card(&report, "dataset.md").contains("one recipe and one set of images."));
    study.summary.recipes.push(RecipeSummary { recipe: "f".into(), ..study.summary.recipes[0].clone() });
    study.summary.data.push("others".to_owned());
    let report = checked(&study);
    assert!(card(&report, "dataset.md").contains("2 recipes and 2 sets of images."));
}

#[test]
fn a_tuned_study_is_not_said_to_have_one_strength() {
    let mut study = tuned();
    let other = of(Recipe { epochs: 4, ..Recipe::default() }).study();
    study.runs.extend(other.runs);
    let report = checked(&study);
    let said = "This page shows the runs of each arm at its own λ and peak learning rate; 30 finished runs of others";
    assert!(report.markdown.contains(said), "{}", report.markdown);
}

#[test]
fn images_that_nothing_verifies_are_not_called_known_and_of_many_classes_the_extremes_are_shown() {
    let mut study = of(Recipe { dataset: Task::Cifar100, ..Recipe::default() }).study();
    let images = study.summary.endpoints[0].secondary.images.as_mut().unwrap();
    let difference = |class: u8| (f64::from(class) - 50.0) / 1000.0;
    let row = |class| ClassDifference { class, difference: difference(class), interval: None };
    images.classes = (0..100).rev().map(row).collect();
    let report = checked(&study);
    for said in
        [" on CIFAR-100 (unverified) at rankscales 2, 8 and 31", "CIFAR-100; channels 64-128-256-512;"]
    {
        assert!(report.markdown.contains(said), "{said}: {}", report.markdown);
    }
    for file in ["model.md", "dataset.md"] {
        let text = card(&report, file);
        assert!(text.contains("By the runs' own word CIFAR-100, 100 classes;") && !text.contains("uoft-cs"));
    }
    let figure = report.figures.iter().find(|figure| figure.file == "classes.svg").unwrap();
    let names = Task::Cifar100.class_names();
    let shown = [&names[..5], &names[95..]].concat().iter().map(ToString::to_string).collect();
    assert_eq!(figure.plot.scale, Scale::Named(shown));
    let ends = ["(the 5 largest either way of 100 classes): apple −5.00,", ", worm +4.90."];
    assert!(ends.iter().all(|end| figure.alt.contains(end)), "{}", figure.alt);
    assert!(figure.caption.contains("chosen for being extreme"), "{}", figure.caption);
}
