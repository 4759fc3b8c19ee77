//! Reports of studies that are not one grid of the notebook's two arms: many arms, several recipes, a sweep
//! of λ, tuned arms, images held out.

use crate::checked::checked;
use crate::support::{Plan, derive, diverge};
use artifacts::study::{Endpoint, Identical, Interval, TunedArm};
use artifacts::{Configuration, Recipe};
use network::Arm;
use network::arm::Declaration;
use report::Report;
use report::figure::Figure;
use std::collections::BTreeSet;

#[test]
fn all_arms_all_ranks_and_the_dense_network() {
    let plan = Plan { rankscales: (0..32).collect(), arms: Arm::HOUSE.to_vec(), seeds: 3, ..Plan::default() };
    let report = checked(&plan.study());
    // All figures except the sweep of strengths and the A/A check.
    assert_eq!(report.figures.len(), report::figure::FILES.len() - 2);
    let parameters = report.figures.iter().find(|figure| figure.file == "parameters.svg").unwrap();
    assert!(parameters.svg.contains("dense") && parameters.svg.contains("depthwise separable"));
    let detail = report.markdown.split("## In detail").nth(1).unwrap().split("\n## ").next().unwrap();
    assert!(
        detail.contains("<summary>published-appropriate against published-original</summary>"),
        "{detail}"
    );
    // One for each arm; which arms have a curve in the notebook is decided by the analysis.
    assert_eq!(detail.matches("Replication: ").count(), Arm::HOUSE.len() - 2);
}

#[test]
fn arms_of_ones_own_are_said_and_drawn_like_those_of_the_house() {
    let own = |name: &str, baseline| {
        let declaration = Declaration { name: name.into(), baseline, ..Arm::APPROPRIATE.into() };
        declaration.arm().unwrap()
    };
    let zeta = own("zeta", Some(Arm::ORIGINAL));
    let alpha = own("alpha", Some(zeta));
    let report = checked(&Plan { arms: vec![Arm::ORIGINAL, zeta, alpha], ..Plan::default() }.study());
    assert!(report.markdown.contains("- `zeta`: Factors decay by λ × parameters"), "{}", report.markdown);
    assert!(report.markdown.contains("compared with `zeta`."), "{}", report.markdown);
    let figures = ["rankscale.svg", "difference.svg", "learning-curves.svg", "parameters.svg", "norms.svg"];
    for figure in report.figures.iter().filter(|figure| figures.contains(&figure.file)) {
        for part in ["zeta", "alpha", "#009E73", "#C28200"] {
            assert!(figure.svg.contains(part), "{}: {part}", figure.file);
        }
    }
    assert!(report.html.contains(r##"{"name":"zeta","color":"#009e73"}"##), "the page's own charts");
}

#[test]
fn a_study_of_several_recipes_shows_the_headline_and_lists_the_others() {
    let mut study = Plan::default().study();
    let other = Plan {
        recipe: Configuration {
            recipe: Recipe { epochs: 4, ..Recipe::default() },
            ..Configuration::default()
        },
        seeds: 1,
        ..Plan::default()
    }
    .study();
    study.runs.extend(other.runs);
    study.epochs.extend(other.epochs);
    study.summary.recipes.extend(other.summary.recipes);
    let headline = study.summary.endpoints.clone();
    derive(&mut study);
    study.summary.endpoints = headline;
    let report = checked(&study);
    assert!(report.markdown.contains("6 finished runs of others"), "{}", report.markdown);
    assert!(report.markdown.contains("other recipes or strengths of decay"));
}

#[test]
fn without_a_pair_the_recipe_of_most_runs_is_shown() {
    let of = |epochs, seeds| {
        let recipe =
            Configuration { recipe: Recipe { epochs, ..Recipe::default() }, ..Configuration::default() };
        Plan { recipe, seeds, arms: vec![Arm::APPROPRIATE], ..Plan::default() }.study()
    };
    for (epochs, seeds) in [([4, 6], [1, 2]), ([6, 4], [2, 1])] {
        let [mut study, other] = [0, 1].map(|at| of(epochs[at], seeds[at]));
        study.runs.extend(other.runs);
        study.summary.recipes.extend(other.summary.recipes);
        derive(&mut study);
        let report = checked(&study);
        assert!(report.markdown.contains("3 finished runs of others"), "{}", report.markdown);
        assert!(
            report.markdown.contains("6 runs, of 6 combinations of rankscale and seed. Recipe: channels")
        );
    }
}

#[test]
fn a_sweep_of_strengths_and_identical_networks_have_figures_of_their_own() {
    let mut study = Plan::default().study();
    for (lambda, difference) in [(1e-4, 0.004), (2e-3, -0.001)] {
        let endpoint = study.summary.endpoints[0].clone();
        study.summary.endpoints.push(Endpoint { lambda, difference: Some(difference), ..endpoint });
    }
    study.summary.identical = [(Arm::ORIGINAL, 0.0), (Arm::APPROPRIATE, 0.0004)]
        .map(|(decay, difference)| Identical {
            rankscales: [27, 28],
            decay,
            pairs: 5,
            equal: u32::from(difference == 0.0) * 5,
            difference,
            interval: (difference > 0.0).then_some(Interval { low: -0.001, high: 0.0018, level: 0.95 }),
            p: (difference > 0.0).then_some(0.4),
        })
        .to_vec();
    let report = checked(&study);
    assert_eq!(report.figures.len(), report::figure::FILES.len());
    let check = report.figures.iter().find(|figure| figure.file == "identical.svg").unwrap();
    assert!(check.alt.contains("28 minus 27, appropriate: +0.04"), "{}", check.alt);
    for said in [
        "27 and 28 build one network. With `original` decay their runs are equal to the last digit in 5 pairs.",
        "With `appropriate` decay their runs are equal in 0 of 5 pairs, and +0.04 apart on average \
         (95 % interval −0.10 to +0.18; p = 0.400).",
    ] {
        assert!(report.markdown.contains(said), "{said}: {}", report.markdown);
    }
    let figure = report.figures.iter().find(|figure| figure.file == "lambda.svg").unwrap();
    assert!(figure.alt.contains("0.40 at 1e-4") && figure.svg.contains("2e-3"), "{}", figure.alt);
    assert!(!figure.caption.contains("λ = 0"));
    let without = Endpoint { lambda: 0.0, ..study.summary.endpoints[0].clone() };
    study.summary.endpoints.push(without);
    let report = checked(&study);
    let same = report.figures.iter().find(|figure| figure.file == "lambda.svg").unwrap();
    assert_eq!(same.svg, figure.svg, "λ = 0 lies nowhere on a logarithmic axis");
    assert!(same.caption.contains("λ = 0 has no place"), "{}", same.caption);
}

#[test]
fn runs_that_the_plan_does_not_name_are_in_the_ledger_and_in_no_number() {
    let mut study = Plan::default().study();
    study.runs.iter_mut().filter(|run| run.seed == 4).for_each(|run| run.planned = false);
    derive(&mut study);
    let report = checked(&study);
    let dots = |report: &Report| report.figures[0].plot.series().map(|one| one.dots.len()).sum::<usize>();
    assert_eq!(dots(&report), 24);
    for said in [": 24 runs, of 12 combinations", "| done | 24 | 6 |", "| **all** | 24 | 6 |"] {
        assert!(report.markdown.contains(said), "{said}: {}", report.markdown);
    }
    (study.summary.experiment, study.summary.planned) = (None, 0);
    let report = checked(&study);
    assert_eq!(dots(&report), 30);
    let said = "\n\nNo experiment was named: every run found is taken as it is. 30 runs found.\n";
    assert!(report.markdown.contains(said), "{}", report.markdown);
}

#[test]
fn the_mean_of_learning_curves_is_of_finished_runs_alone() {
    let mut study = Plan::default().study();
    diverge(&mut study, |run| (run.rankscale, run.seed, run.decay.as_str()) == (8, 0, "original"));
    let report = checked(&study);
    let curves = report.figures.iter().find(|figure| figure.file == "learning-curves.svg").unwrap();
    let [_, (_, series), _] = &curves.plot.panels[..] else { panic!("three rankscales") };
    assert_eq!((series[0].name.as_str(), series[0].lines.len()), ("original", 5));
    assert!(series[0].means.iter().all(|mean| mean.runs == 4), "{:?}", series[0].means);
}

#[test]
fn layers_are_compared_from_epoch_to_epoch_at_the_rankscales_that_all_arms_have() {
    let mut study = Plan::default().study();
    study.trajectories.retain(|row| row.decay != "appropriate" || row.rankscale != 31);
    let report = checked(&study);
    let norms = report.figures.iter().find(|figure| figure.file == "norms-epochs.svg").unwrap();
    assert!(norms.caption.contains("over rankscales 2 and 8 of"), "{}", norms.caption);
    let runs: BTreeSet<u32> =
        norms.plot.series().flat_map(|series| &series.means).map(|mean| mean.runs).collect();
    assert_eq!(runs, BTreeSet::from([10]));
}

/// Rankscales 27 and 28 build one network: their pairs are pooled, and both show the pooled mean.
#[test]
fn rankscales_of_one_network_share_their_mean() {
    let mut study = Plan { rankscales: vec![8, 27, 28], ..Plan::default() }.study();
    let rows = &mut study.summary.endpoints[0].secondary.by_rankscale;
    let at = rows.iter().position(|row| row.rankscale == 28).unwrap();
    rows.remove(at);
    let pooled = rows.iter_mut().find(|row| row.rankscale == 27).unwrap();
    (pooled.pairs, pooled.difference) = (10, 0.0123);
    let report = checked(&study);
    let figure = report.figures.iter().find(|figure| figure.file == "difference.svg").unwrap();
    assert!(figure.alt.contains("to 1.23 points at rankscale 28"), "{}", figure.alt);
    assert!(figure.caption.contains("Rankscales that build one network share"), "{}", figure.caption);
    let said = "Rankscale 28 builds the network of a smaller rankscale, whose row has its pairs, too.";
    assert!(report.markdown.contains(said), "{}", report.markdown);
}

#[test]
fn a_tuned_study_gives_every_arm_its_own_strength() {
    let mut study = Plan::default().study();
    let recipe = &study.summary.recipes[0].recipe;
    let arm = |decay, lambda, peak_learning_rate| TunedArm {
        decay,
        recipe: recipe.clone(),
        lambda,
        peak_learning_rate,
    };
    study.summary.tuned = vec![arm(Arm::ORIGINAL, 5e-4, 0.2), arm(Arm::APPROPRIATE, 1e-3, 0.4)];
    let report = checked(&study);
    let own = "each arm's own: `original` λ = 5e-4 and 0.2 and `appropriate` λ = 1e-3 and 0.4";
    let (_, methods) = report.markdown.split_once("## Methods, to copy").unwrap();
    let (methods, _) = methods.split_once("```").unwrap();
    assert!(
        methods.contains(own) && methods.contains("learning rate from each arm's own peak down"),
        "{methods}"
    );
    let (_, table) = report.markdown.split_once("## What was run").unwrap();
    assert!(table.split_once("\n| ").unwrap().0.contains(own));
    let model = report.cards.iter().find(|card| card.file == "model.md").unwrap();
    assert!(model.text.contains(own), "{}", model.text);
}

#[test]
fn a_study_judged_by_held_out_images_says_so_wherever_it_shows_an_accuracy() {
    let held_out = Recipe { validation_images: Some(5000), ..Recipe::default() };
    let recipe = Configuration { recipe: held_out, ..Configuration::default() };
    let report = checked(&Plan { recipe, ..Plan::default() }.study());
    let heading = |figure: &Figure| figure.heading.to_owned();
    assert!(!report.figures.iter().map(heading).any(|heading| heading.contains("test")));
    let texts = |figure: &Figure| [&figure.svg, &figure.alt, &figure.caption].map(String::clone);
    for text in report.figures.iter().flat_map(texts).chain([report.markdown]) {
        // The notebook's curve is of test images, and is left out.
        let text = text.to_lowercase().replace("curve is left out: it is of test images", "");
        assert!(!text.contains("test accuracy") && !text.contains("test images"), "{text}");
    }
    let axis = |file: &str| report.figures.iter().find(|figure| figure.file == file).unwrap().plot.y.clone();
    assert_eq!(axis("rankscale.svg"), "Held-out accuracy (%)");
    let tables = report.cards.iter().find(|card| card.file == "dataset.md").unwrap();
    assert!(tables.text.contains("a pair of runs, the held-out images of one class"), "{}", tables.text);
    assert_eq!(axis("gap.svg"), "Train minus held-out accuracy (percentage points)");
}
