//! A work folder with plans of several experiments: which of them an analysis is of.

use crate::made_up::{Place, finish, grid};
use analysis::planning::power::known_sd;
use analysis::{Choice, analyse, publish};
use artifacts::{Configuration, Experiment, Layout, Recipe};
use network::Arm;
use std::path::PathBuf;

fn planned(place: &Place, name: &str, runs: &[Configuration]) {
    let (title, runs) = (format!("{name}?"), runs.to_vec());
    let experiment = Experiment { name: name.into(), title, tuned: false, verdict: None, runs };
    experiment.write_plans(&place.layout).unwrap();
}

/// Two finished experiments, swept in this order, and one whose first run is still to come.
fn three(order: [&str; 3]) -> Place {
    let place = Place::new();
    for name in order {
        let runs = match name {
            "first" => grid(&[8], 2),
            "second" => grid(&[8, 16], 3),
            _ => grid(&[31], 1),
        };
        planned(&place, name, &runs);
        if name != "third" {
            finish(&place, &runs, 0.001);
        }
    }
    place
}

fn named(experiment: &str) -> Choice {
    Choice::Named { experiment: experiment.into(), directory: PathBuf::from("none") }
}

/// Returns the experiment that the analysis is of, its numbers of planned and finished runs, and the
/// messages; or the refusal.
fn found(place: &Place, choice: &Choice) -> Result<(String, u32, u32, String), String> {
    let mut said = Vec::new();
    let summary =
        analyse(&place.layout, choice, None, &mut said).map_err(|error| format!("{error:#}"))?.summary;
    let said = String::from_utf8(said).unwrap();
    Ok((summary.experiment.unwrap(), summary.planned, summary.done, said))
}

#[test]
fn it_is_of_the_newest_sweep_or_of_the_one_that_is_named_and_says_so() {
    for order in [
        ["first", "second", "third"],
        ["second", "first", "third"],
        ["third", "second", "first"],
        ["third", "first", "second"],
    ] {
        let place = three(order);
        let counts = |name: &str| match name {
            "first" => (4, 4),
            "second" => (12, 12),
            _ => (2, 0),
        };
        for (choice, name) in [
            (Choice::Newest, order[2]),
            (named("first"), "first"),
            (named("second"), "second"),
            (named("third"), "third"),
        ] {
            let (experiment, planned, done, said) = found(&place, &choice).unwrap();
            assert_eq!((experiment.as_str(), (planned, done)), (name, counts(name)), "{order:?}");
            assert!(said.contains(&format!("experiment {name}")), "{said}");
            let others: Vec<_> =
                ["first", "second", "third"].into_iter().filter(|other| *other != name).collect();
            assert!(said.contains(&format!("also plans of {} (EXPERIMENT=)", others.join(", "))), "{said}");
        }
    }
}

#[test]
fn an_experiment_that_is_not_here_takes_no_other_ones_place() {
    let place = three(["first", "second", "third"]);
    found(&place, &named("first")).unwrap();
    let summary = || fs_err::read(place.layout.analysis().join("summary.json")).unwrap();
    let before = summary();
    let message = found(&place, &named("frist")).unwrap_err();
    assert!(
        message.contains("no experiment `frist`") && message.contains("first, second, third"),
        "{message}"
    );
    let file = place.layout.root().join("fourth.toml");
    let text = "title = 'Fourth?'\n[[grid]]\nrankscale = [4]\ndecay = ['original']\nseed = [9]\n";
    fs_err::write(&file, text).unwrap();
    let message = found(&place, &named(&file.display().to_string())).unwrap_err();
    assert!(
        message.contains("neither a plan nor a run of fourth (it has plans of first, second, third)"),
        "{message}"
    );
    assert_eq!(summary(), before, "what was there stays");
    // With one run of the experiment, the analysis is of that experiment.
    let runs = Experiment::read(&file).unwrap().on(artifacts::Backend::Fused).runs;
    place.done(&runs[0], 0.9);
    assert_eq!(found(&place, &named(&file.display().to_string())).unwrap().0, "fourth");
}

#[test]
fn an_experiment_is_kept_by_its_name_and_no_two_in_one_place() {
    let place = three(["second", "first", "third"]);
    let results = place.layout.root().join("results");
    let keep = |experiment, name| {
        let kept = publish::keep(&place.layout, experiment, &results, name, &mut Vec::new());
        kept.map_err(|error| error.to_string())
    };
    let runs = |kept: &Layout| artifacts::run::folders(&kept.runs()).unwrap().len();
    let kept = keep(Some("first"), "a").unwrap();
    assert_eq!((runs(&kept), Experiment::read_plan(&kept.plan()).unwrap().name.as_str()), (4, "first"));
    assert!(keep(None, "b").unwrap_err().contains("no finished run to keep"), "the newest sweep's has none");
    planned(&place, "second", &grid(&[8, 16], 3));
    let message = keep(None, "a").unwrap_err();
    assert!(
        message.contains(
            "keeps the experiment first, and this is second: give another NAME, or EXPERIMENT=first"
        ),
        "{message}"
    );
    assert_eq!(runs(&kept), 4);
    // Either alternative that the message offers works.
    assert_eq!(keep(Some("first.toml"), "a").map(|kept| runs(&kept)), Ok(4));
    assert_eq!(keep(None, "b").map(|kept| runs(&kept)), Ok(12));
    let message = keep(Some("../first"), "a").and(keep(Some("frist"), "a")).unwrap_err();
    assert!(message.contains("no plan of frist; it has those of first, second, third"), "{message}");
    // A run of neither experiment takes no part.
    place.done(&crate::made_up::configuration(2, Arm::NO_DECAY, 0), 0.9);
    assert_eq!(keep(None, "b").map(|kept| runs(&kept)), Ok(12));
}

#[test]
fn the_spread_of_an_analysis_is_known_to_experiments_of_its_recipe() {
    let place = three(["third", "first", "second"]);
    let summary = place.analyse().summary;
    let noise = summary.endpoints[0].secondary.noise.unwrap();
    let known = |runs: Vec<Configuration>| {
        let (name, title) = ("next".into(), "Next?".into());
        known_sd(&summary, &Experiment { name, title, tuned: false, verdict: None, runs })
    };
    let (sd, pairs) = known(grid(&[31], 9)).unwrap();
    assert!((sd - 100.0 * noise.differences_sd).abs() < 1e-12, "{sd}");
    assert_eq!(pairs, 6);
    let shorter = |run: Configuration| Configuration { recipe: Recipe { epochs: 64, ..run.recipe }, ..run };
    assert_eq!(known(grid(&[31], 9).into_iter().map(shorter).collect()), None);
}
