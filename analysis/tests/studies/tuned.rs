//! From a grid on held-out images to the comparison of arms at their own optima.

use crate::made_up::Place;
use analysis::Choice;
use analysis::tuning::tune;
use artifacts::run::{DataProvenance, RunFolder, RunRecord, Status};
use artifacts::study::Verdict;
use artifacts::{Backend, Configuration, Experiment};
use fs_err as fs;
use network::Arm;

const GRID: &str = "title = 'At its best?'\n[recipe]\nvalidation_images = 5000\n[[grid]]\nrankscale = [8, 31]\n\
     decay = ['original', 'appropriate', 'original-scaled']\nseed = [7, 9]\nlambda = [2.5e-4, 5e-4, 1e-3]\npeak_learning_rate = [0.1, 0.2, 0.4]\n";

/// Each arm has an optimum of its own.
fn accuracy(run: &Configuration) -> f64 {
    let best = if run.decay == Arm::ORIGINAL { (5e-4, 0.2) } else { (1e-3, 0.4) };
    let off = (run.lambda / best.0).ln().abs() + (run.recipe.peak_learning_rate / best.1).ln().abs();
    0.9 - 0.004 * off + 0.0003 * (run.seed % 5) as f64 * (1.0 + off / 20.0)
}

fn experiment(place: &Place, text: &str) -> Experiment {
    let path = place.layout.root().join("best.toml");
    fs::create_dir_all(place.layout.root()).unwrap();
    fs::write(&path, text).unwrap();
    Experiment::read(&path).unwrap()
}

#[test]
fn each_arm_is_compared_at_the_strength_it_chose() {
    let place = Place::new();
    let grid = experiment(&place, GRID);
    for run in grid.clone().on(Backend::Fused).runs {
        place.done(&run, accuracy(&run));
    }
    let tuned = tune(&place.layout, grid.clone(), 3).unwrap();
    for says in [
        "Chosen: λ = 5e-4, peak rate 0.2. The next best is 0.27 points below; of 8 other cells, 0 cannot be told from the chosen one.",
        "Chosen: λ = 1e-3, peak rate 0.4.",
        "It has the largest λ and the largest peak rate of the grid: widen it there.",
        "| 5e-4 | ",
    ] {
        assert!(tuned.text.contains(says), "{says}: {}", tuned.text);
    }

    let compared = Experiment::read(&tuned.experiment).unwrap();
    assert_eq!(
        (compared.name.as_str(), compared.tuned, compared.runs.len()),
        ("best-tuned", true, 3 * 2 * 3)
    );
    assert!(
        compared
            .runs
            .iter()
            .all(|run| run.recipe.validation_images.is_none() && run.recipe.test_images.is_none())
    );
    let strength = |arm: Arm| {
        let run = compared.runs.iter().find(|run| run.decay == arm).unwrap();
        (run.lambda, run.recipe.peak_learning_rate)
    };
    assert_eq!(strength(Arm::ORIGINAL), (5e-4, 0.2));
    assert_eq!(strength(Arm::APPROPRIATE), (1e-3, 0.4));

    // If the comparison is incomplete, the message names what is missing, the primary arm first.
    let [plain, others]: [Vec<Configuration>; 2] = {
        let runs = compared.clone().on(Backend::Fused).runs;
        let (plain, others) = runs.into_iter().partition(|run| run.decay == Arm::ORIGINAL);
        [plain, others]
    };
    for run in &plain {
        place.done(run, 0.88 + 0.0002 * (run.seed % 3) as f64);
    }
    let choice =
        Choice::Named { experiment: tuned.experiment.display().to_string(), directory: "none".into() };
    let analyse = || analysis::analyse(&place.layout, &choice, None, &mut Vec::new()).unwrap();
    let first = analyse().summary.endpoints.remove(0);
    assert_eq!((first.decay, first.verdict), (Arm::APPROPRIATE, Verdict::NotEnoughEvidence));
    for run in &others {
        place.done(run, 0.9 + 0.0003 * (run.seed % 5) as f64);
    }
    let study = analyse();
    let [first, second] = study.summary.endpoints.as_slice() else { panic!("two comparisons") };
    assert_eq!((first.decay, second.decay), (Arm::APPROPRIATE, Arm::ORIGINAL_SCALED));
    assert_eq!((first.pairs, first.lambda, first.verdict), (6, 1e-3, Verdict::Better));
    assert!(
        first.says.contains("`original` at λ = 5e-4 and peak learning rate 0.2, `appropriate` at λ = 1e-3"),
        "{}",
        first.says
    );
    assert_eq!(study.summary.tuned.len(), 3);
    assert_eq!(study.comparisons.len(), 12);
    // The notebook's file has both of its curves, each arm at its own strength.
    let results = place.results();
    let of = |d: bool| results.as_array().unwrap().iter().filter(|entry| entry[0]["d"] == d).count();
    assert_eq!((of(false), of(true)), (6, 6));
}

#[test]
fn accuracies_on_held_out_images_are_not_passed_off_as_the_notebooks() {
    let place = Place::new();
    for run in experiment(&place, GRID).on(Backend::Fused).runs {
        place.done(&run, accuracy(&run));
    }
    assert!(!place.analyse().comparisons.is_empty());
    assert_eq!(place.results(), serde_json::json!([]));
}

#[test]
fn a_grid_that_is_not_done_or_holds_nothing_out_chooses_nothing() {
    let place = Place::new();
    let grid = experiment(&place, GRID);
    let runs = grid.clone().on(Backend::Fused).runs;
    for run in &runs[1..] {
        place.done(run, accuracy(run));
    }
    let message = tune(&place.layout, grid.clone(), 3).unwrap_err().to_string();
    assert!(message.contains("best: 1 run of 108 not done") && message.contains("just sweep"), "{message}");
    // A diverged run has ended, too; its cell cannot be chosen.
    place.run(&runs[0], Status::Diverged, 1, 0.1);
    let text = tune(&place.layout, grid, 3).unwrap().text;
    assert!(text.contains("| diverged |"), "{text}");
    let on_test = experiment(&place, &GRID.replace("validation_images = 5000", ""));
    let message = tune(&place.layout, on_test, 3).unwrap_err().to_string();
    assert!(message.contains("no `validation_images`"), "{message}");
}

#[test]
fn a_choice_rests_on_runs_of_one_set_of_images() {
    let place = Place::new();
    let grid = experiment(&place, GRID);
    let runs = grid.clone().on(Backend::Fused).runs;
    let folders: Vec<_> = runs.iter().map(|run| place.done(run, accuracy(run))).collect();
    // The images were prepared anew, and the grid was begun again.
    let name = runs[0].run_name("other images");
    let again = RunFolder::new(place.layout.run(&name));
    let record = folders[0].read_record().unwrap();
    let data = DataProvenance { fingerprint: "other images".to_owned(), ..record.data.clone() };
    again.write_record(&RunRecord { name, data, ..record }).unwrap();
    fs::copy(folders[0].epochs_path(), again.epochs_path()).unwrap();
    let message = tune(&place.layout, grid, 3).unwrap_err().to_string();
    assert!(message.contains("best: its runs are of 2 sets of images"), "{message}");
}

#[test]
fn a_comparison_has_the_title_of_its_grid_whatever_is_in_it() {
    let place = Place::new();
    let title = "50\u{a0}% of \\ or\u{7f} \"\u{200b}all\"?";
    let grid = Experiment { title: title.to_owned(), ..experiment(&place, GRID) };
    for run in grid.clone().on(Backend::Fused).runs {
        place.done(&run, accuracy(&run));
    }
    let compared = Experiment::read(&tune(&place.layout, grid, 3).unwrap().experiment).unwrap();
    assert_eq!(compared.title, format!("{title} Each arm at its own optimum"));
}

#[test]
fn a_comparison_that_has_begun_stays_as_it_is() {
    let place = Place::new();
    let grid = experiment(&place, GRID);
    for run in grid.clone().on(Backend::Fused).runs {
        place.done(&run, accuracy(&run));
    }
    let written = fs::read_to_string(tune(&place.layout, grid.clone(), 3).unwrap().experiment).unwrap();
    let again = tune(&place.layout, grid.clone(), 4).unwrap();
    assert_ne!(fs::read_to_string(&again.experiment).unwrap(), written, "nothing has begun");
    let seal = place.layout.seal("best-tuned");
    fs::create_dir_all(seal.parent().unwrap()).unwrap();
    fs::write(&seal, "{}").unwrap();
    tune(&place.layout, grid.clone(), 4).unwrap();
    let message = tune(&place.layout, grid, 3).unwrap_err().to_string();
    assert!(
        message.contains("the comparison has begun") && message.contains("give the grid another name"),
        "{message}"
    );
}

#[test]
fn an_arm_of_ones_own_is_tuned_and_declared_again() {
    let place = Place::new();
    let arm = "[[arm]]\nname = 'half-power'\nbaseline = 'original'\nfactors = { ratio = 'full', power = 0.5 }\n[[grid]]";
    let text = GRID.replace("[[grid]]", arm).replace("'appropriate', 'original-scaled'", "'half-power'");
    let grid = experiment(&place, &text);
    let own = grid.runs[1].decay;
    for run in grid.clone().on(Backend::Fused).runs {
        place.done(&run, accuracy(&run));
    }
    let tuned = tune(&place.layout, grid, 3).unwrap();
    let compared = Experiment::read(&tuned.experiment).unwrap();
    assert_eq!(compared.verdict.as_ref().unwrap().primary, own);
    assert_eq!(compared.runs.iter().filter(|run| run.decay == own).count(), 2 * 3);
}
