//! Sentences that hold for some studies only: each is said where it is true.

use crate::checked::checked;
use crate::support::{Plan, derive};
use artifacts::dataset::Task;
use artifacts::study::{
    ClassDifference, Endpoint, Interval, Later, RecipeSummary, Role, Size, Study, TunedArm, Verdict,
};
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
fn a_p_value_that_is_not_adjusted_does_not_stand_among_those_that_are() {
    let mut study = Plan::default().study();
    let first = study.summary.endpoints[0].clone();
    study.summary.endpoints.push(Endpoint { decay: Arm::NO_DECAY, role: Role::Secondary, ..first });
    let report = checked(&study);
    let rows = |arm: Arm| format!("| `{arm}` | `original` | 3 | 15 |");
    let row = |arm| report.markdown.lines().find(|line| line.starts_with(&rows(arm))).unwrap();
    assert!(row(Arm::NO_DECAY).contains("%) | – | – | **"), "{}", row(Arm::NO_DECAY));
    assert!(row(Arm::APPROPRIATE).contains("%) | < 0.001 | 0.980 | **"), "{}", row(Arm::APPROPRIATE));
}

#[test]
fn no_meaningful_difference_stands_beside_the_interval_that_lies_within_the_margin() {
    let mut study = Plan { effect: 0.0, ..Plan::default() }.study();
    let endpoint = &mut study.summary.endpoints[0];
    assert_eq!(endpoint.verdict, Verdict::NoMeaningfulDifference);
    let within = Interval { low: -0.0004, high: 0.0006, level: 0.9 };
    endpoint.certainty.as_mut().unwrap().equivalence = within;
    assert_eq!(endpoint.interval(), Some(within));
    let report = checked(&study);
    assert!(report.headline.contains("(90 % interval −0.04 to +0.06; "), "{}", report.headline);
    assert!(report.markdown.contains("| −0.04 to +0.06 (90 %) |"), "{}", report.markdown);
}

#[test]
fn diverged_runs_are_counted_by_arm_and_what_they_could_change_is_said() {
    let mut study = Plan::default().study();
    study.summary.endpoints[0].diverged = [2, 1];
    study.summary.endpoints[0].secondary.diverged_as_chance = Some(-0.05);
    let report = checked(&study);
    for said in [
        "; 2 runs of `appropriate` and 1 run of `original` diverged, and their pairs are left out.",
        "- Diverged runs, which have no accuracy: 2 of `appropriate`, 1 of `original`\n",
        "- If every diverged run counted as guessing, and its partner as an average run of its arm, \
         the difference would be about −5.00.\n",
    ] {
        assert!(report.markdown.contains(said), "{said}: {}", report.markdown);
    }
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

#[test]
fn all_pairs_stand_beside_those_of_the_look_and_of_what_it_said() {
    let mut study = Plan::default().study();
    let interval = Some(Interval { low: -0.006, high: -0.002, level: 0.95 });
    study.summary.endpoints[0].secondary.later = Some(Later { pairs: 20, difference: -0.004, interval });
    for (verdict, look) in [
        (Verdict::Better, "the look, whose verdict stands"),
        (Verdict::NotEnoughEvidence, "the last look, which reached no verdict"),
    ] {
        study.summary.endpoints[0].verdict = verdict;
        let said = format!(
            "- This section rests on the 15 pairs of {look}. All 20 pairs so far differ by −0.40 \
             (95 % interval −0.60 to −0.20).\n"
        );
        let report = checked(&study);
        assert!(report.markdown.contains(&said), "{said}: {}", report.markdown);
    }
}

#[test]
fn a_verdict_says_how_large_the_difference_is_and_how_many_seeds_would_find_it() {
    let mut study = Plan::default().study();
    study.summary.endpoints[0].secondary.noise.as_mut().unwrap().seeds_for_margin = None;
    for (verdict, size, words) in [
        (Verdict::Better, Size::Relevant, "relevantly better"),
        (Verdict::Worse, Size::Negligible, "worse, negligibly"),
        (Verdict::Worse, Size::Open, "worse"),
    ] {
        (study.summary.endpoints[0].verdict, study.summary.endpoints[0].size) = (verdict, Some(size));
        let page = checked(&study).markdown;
        assert!(page.contains(&format!(" | **{words}** | ")), "{words}: {page}");
        assert!(page.contains("that often takes more than 100,000 seeds at every rankscale; to show that"));
    }
}

#[test]
fn comparisons_of_several_recipes_or_strengths_say_which_they_are_of() {
    let mut study = Plan::default().study();
    let first = study.summary.endpoints[0].clone();
    let alone = checked(&study).markdown;
    assert!(alone.contains("\n| Arm | Against | Rankscales |") && !alone.contains("is primary"), "{alone}");
    let recipe = first.recipe.clone();
    study.summary.endpoints.push(Endpoint { recipe: "f0".into(), lambda: 1e-3, ..first });
    let page = checked(&study).markdown;
    for said in [
        "\n| Arm | Against | Recipe | λ | Rankscales |",
        &format!("\n| `appropriate` | `original` | `{recipe}` | 5e-4 | 3 | 15 |"),
        "\n| `appropriate` | `original` | `f0` | 1e-3 | 3 | 15 |",
        "\n- `appropriate` in the first row is primary; the p values of the other rows are adjusted",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
}
