use super::find::known;
use super::*;
use crate::layout::Layout;

fn parse(text: &str) -> Result<Experiment, ExperimentError> {
    Experiment::parse("test", Path::new("test.toml"), text)
}

const GRID: &str = "title='t'\n[[grid]]\nrankscale=[2,8]\ndecay=['original','none']\nseed=[0,1]\n";

#[test]
fn a_grid_is_every_combination_once() {
    let twice = format!("{GRID}[[grid]]\nrankscale=[8,31]\ndecay=['none']\nseed=[0]\n");
    let runs = parse(&twice).unwrap().runs;
    assert_eq!(runs.len(), 8 + 1);
    assert!(runs[..4].iter().all(|run| run.seed == 0));
}

#[test]
fn long_lists_keep_their_order_and_lose_what_is_there_twice() {
    let seeds: Vec<u64> = (0..12_500).rev().collect();
    let grid = GRID.replace("[0,1]", &format!("{seeds:?}"));
    let runs = parse(&format!("{grid}{}", grid.replace("title='t'", ""))).unwrap().runs;
    assert_eq!(runs.len(), 50_000);
    assert!(runs.chunks(4).zip(seeds).all(|(runs, seed)| runs.iter().all(|run| run.seed == seed)));
}

#[test]
fn replicates_give_every_rankscale_seeds_of_its_own() {
    let runs = parse(&GRID.replace("seed=[0,1]", "replicates=3")).unwrap().runs;
    let seeds: Vec<(usize, u64)> = runs.iter().map(|run| (run.rankscale, run.seed)).collect();
    assert_eq!(seeds[..4], [(2, 2), (2, 2), (8, 8), (8, 8)], "replicate by replicate");
    assert_eq!(seeds[8..], [(2, 202), (2, 202), (8, 208), (8, 208)]);
    for (from, to, needle) in [
        ("seed=[0,1]", "", "seed is missing"),
        ("seed=[0,1]", "seed=[0]\nreplicates=2", "replicates and seed"),
        ("seed=[0,1]", "replicates=0", "replicates 0: must be between"),
    ] {
        let message = parse(&GRID.replace(from, to)).unwrap_err().to_string();
        assert!(message.contains("test.toml") && message.contains(needle), "{message}");
    }
}

#[test]
fn whether_a_run_is_there_already_is_not_asked_of_every_other_run() {
    use std::cell::Cell;
    use std::hash::{Hash, Hasher};
    thread_local!(static COMPARISONS: Cell<usize> = const { Cell::new(0) });
    #[derive(Eq)]
    struct Key(usize);
    impl PartialEq for Key {
        fn eq(&self, other: &Self) -> bool {
            COMPARISONS.set(COMPARISONS.get() + 1);
            self.0 == other.0
        }
    }
    impl Hash for Key {
        fn hash<H: Hasher>(&self, state: &mut H) {
            self.0.hash(state);
        }
    }
    // Each item is compared with the one that equals it, and hardly any with a third.
    let once = each_once((0..20_000).map(|item| item / 2), |&item| Key(item));
    assert_eq!(once.len(), 10_000);
    assert!(COMPARISONS.get() < 40_000, "{} comparisons", COMPARISONS.get());
}

#[test]
fn what_is_no_toml_is_said_in_one_line_with_file_line_key_and_reason() {
    for (text, needle) in [
        (GRID.replace("seed=[0,1]", "seed=['x']"), "test.toml: line 5, `seed`: invalid type: string \"x\""),
        (GRID.replace("[0,1]", "[\n0,\n-1,\n]"), "test.toml: line 7, `seed`: "),
        (GRID.replace("[0,1]", "[99999999999999999999999]"), "test.toml: line 5, `seed`: "),
        (GRID.replace("[0,1]", "["), "test.toml: line 5, `seed`: "),
        (GRID.replace("[[grid]]", "[[grit]]"), "test.toml: line 2, `[[grit]]`: unknown field `grit`"),
        (format!("{GRID}[recipe]\nepochs = nan\n"), "test.toml: line 7, `epochs`: invalid type"),
        (format!("{GRID}seed=[1]\n"), "test.toml: line 6, `seed`: duplicate key"),
        ("title='t'\n[[grid]]\nrankscale=[2]\ndecay=['none']\n".to_owned(), "seed is missing"),
        (String::new(), "test.toml: "),
    ] {
        let message = parse(&text).unwrap_err().to_string();
        assert!(message.contains(needle), "{message}");
        assert_eq!(message.lines().count(), 1, "{message}");
    }
}

#[test]
fn equal_strengths_are_one_cell() {
    let twice = GRID.replace("seed=[0,1]", "seed=[0]\nlambda=[0.0, -0.0, 5e-4, 0.0005]");
    assert_eq!(parse(&twice).unwrap().runs.len(), 8);
}

#[test]
fn a_grid_may_list_peak_rates_and_hold_images_out() {
    let grid = GRID.replace("seed=[0,1]", "seed=[0]\nlambda=[1e-3,5e-4]\npeak_learning_rate=[0.1,0.2]");
    let runs = parse(&format!("{grid}[recipe]\nvalidation_images=5000\n")).unwrap().runs;
    assert_eq!(runs.len(), 2 * 2 * 4);
    assert!(
        runs.iter().all(|run| run.recipe.validation_images == Some(5000) && run.recipe.test_images.is_none())
    );
    let strengths: Vec<(f64, f64)> =
        runs.chunks(4).map(|runs| (runs[0].lambda, runs[0].recipe.peak_learning_rate)).collect();
    assert_eq!(strengths, [(1e-3, 0.1), (5e-4, 0.1), (1e-3, 0.2), (5e-4, 0.2)]);
}

#[test]
fn a_tuned_arm_has_one_strength() {
    let grid = |decay: &str, lambda: &str| {
        format!("[[grid]]\nrankscale=[2,8]\ndecay=['{decay}']\nseed=[0]\nlambda=[{lambda}]\n")
    };
    let of = |lambda: &str| {
        parse(&format!("title='t'\ntuned=true\n{}{}", grid("original", "1e-3"), grid("none", lambda)))
    };
    let experiment = of("5e-4").unwrap();
    assert!(experiment.tuned && experiment.runs.len() == 4);
    let message = of("5e-4,1e-3").unwrap_err().to_string();
    assert!(message.contains("peak_learning_rate of none: must be one for each arm"), "{message}");
}

#[test]
fn a_misspelt_key_is_an_error_that_names_the_keys() {
    let message = parse(&GRID.replace("seed", "sede")).unwrap_err().to_string();
    assert!(message.contains("test.toml") && message.contains("`sede`"), "{message}");
    assert!(message.contains("`seed`"), "{message}");
    let message = parse(&format!("{GRID}\n[recipe]\nepoch=3\n")).unwrap_err().to_string();
    assert!(message.contains("`epoch`") && message.contains("`epochs`"), "{message}");
}

#[test]
fn impossible_values_are_named() {
    for (from, to, needle) in [
        ("[2,8]", "[1000]", "rankscale 1000"),
        ("[2,8]", "[-1]", "rankscale -1"),
        ("'none'", "'nothing'", "unknown decay arm `nothing`"),
        ("seed=[0,1]", "seed=[]", "grids are empty"),
    ] {
        let message = parse(&GRID.replace(from, to)).unwrap_err().to_string();
        assert!(message.contains("test.toml") && message.contains(needle), "{message}");
    }
}

#[test]
fn lists_that_make_more_runs_than_a_memory_holds_are_named() {
    let seeds: Vec<String> = (0..5000).map(|seed| seed.to_string()).collect();
    let text = GRID.replace("seed=[0,1]", &format!("seed=[{0}]\nlambda=[{0}]", seeds.join(",")));
    let message = parse(&text).unwrap_err().to_string();
    assert!(message.contains("test.toml: grid ") && message.contains("at most 100000"), "{message}");
}

#[test]
fn every_shipped_experiment_is_valid() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../experiments");
    let (names, nowhere) = (known(&directory), Layout::new("nowhere"));
    assert!(names.iter().any(|name| name == "desktop"), "{names:?}");
    let readme = fs_err::read_to_string(directory.join("../README.md")).unwrap();
    for name in &names {
        let found = Experiment::find(name, &directory, &nowhere).unwrap();
        assert_eq!(&found.name, name);
        let row = format!("| `{name}` | {} |", found.runs.len());
        assert!(readme.contains(&row), "README.md has no row `{row}`");
    }
    let message = Experiment::find("quik", &directory, &nowhere).unwrap_err().to_string();
    assert!(
        message.contains("quik") && message.contains("decisive, desktop, gpu, gpu-replication, notebook"),
        "{message}"
    );
}

#[test]
fn whoever_does_what_a_message_says_has_an_experiment() {
    for (from, to, advice, mended) in [
        (GRID, "title='t'\n", "add `[[grid]]` with rankscale, decay and seed", GRID),
        ("seed=[0,1]", "", "list the seeds, or say how many `replicates` there are", "seed=[0,1]"),
        ("seed=[0,1]", "", "list the seeds, or say how many `replicates` there are", "replicates=2"),
        ("seed=[0,1]", "seed=[0]\nreplicates=2", "give one of them", "seed=[0]"),
        ("seed=[0,1]", "seed=[0]\nreplicates=2", "give one of them", "replicates=2"),
    ] {
        let message = parse(&GRID.replace(from, to)).unwrap_err().to_string();
        assert!(message.contains(advice), "{message}");
        assert!(parse(&GRID.replace(from, mended)).is_ok(), "{advice}: {mended}");
    }
}

/// An own arm, another one compared with it, and a grid of both.
const OWN: &str = "title='t'\n[[arm]]\nname='half-power'\nbaseline='original'\nfactors={ratio='full',power=0.5}\nrest=1\n\
                   [[arm]]\nname='constant'\nbaseline='half-power'\nfactors=2\nschedule={rest='constant'}\n\
                   [[grid]]\nrankscale=[2]\ndecay=['original','half-power','constant']\nseed=[0]\n\
                   [verdict]\nprimary='half-power'\nlooks=[1]\nalpha=0.05\nmargin=0.001\n";

#[test]
fn an_experiment_may_have_arms_of_its_own() {
    let found = parse(&OWN.replace("looks=[1]", "looks=[2]").replace("seed=[0]", "seed=[0,1]")).unwrap();
    let [plain, half, constant] = [0, 1, 2].map(|at| &found.runs[at]);
    assert_eq!((plain.decay, half.decay.baseline()), (Arm::ORIGINAL, Some(Arm::ORIGINAL)));
    assert_eq!(constant.decay.baseline(), Some(half.decay));
    assert_eq!(found.verdict.as_ref().unwrap().primary, half.decay);
    let decay = half.decay.weight_decay(5e-4, &half.counts(), 512);
    assert_eq!((decay.factors, decay.rest), (5e-4 * half.counts().ratio_full.powf(0.5), 5e-4));
    assert_eq!(constant.decay.learning_rates(0.2, 9, 9).rest, 0.2);
    assert!(half.run_name("data").starts_with("r02-half-power-s0-"), "{}", half.run_name("data"));
    // The other settings of an arm are part of the identity as well, and survive the plan.
    let other = parse(
        &OWN.replace("looks=[1]", "looks=[2]").replace("seed=[0]", "seed=[0,1]").replace("0.5", "0.25"),
    );
    assert_ne!(other.unwrap().runs[1].identity(""), half.identity(""));
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("plan.json");
    found.write_plan(&path).unwrap();
    assert_eq!(Experiment::read_plan(&path).unwrap(), found);
    let text = declarations(&[constant.decay, half.decay, plain.decay]);
    let grid = "\n[[grid]]\nrankscale=[2]\ndecay=['original','half-power','constant']\nseed=[0,1]\n";
    assert_eq!(parse(&format!("title='t'\n{text}{grid}")).unwrap().runs, found.runs, "{text}");
}

#[test]
fn an_arm_that_cannot_be_is_named_with_file_key_and_rule() {
    for (from, to, needle) in [
        (
            "name='half-power'",
            "name='original'",
            "arm `original`, name original: is that of an arm of the house",
        ),
        ("name='constant'", "name='half-power'", "arm `half-power`, name half-power: is declared twice"),
        ("name='constant'", "name='a/b'", "name \"a/b\": must be 1 to 40"),
        ("rest=1", "rset=1", "unknown field `rset`"),
        ("rest=1", "rest=-1", "arm `half-power`, rest -1: must be zero"),
        ("rest=1", "product=-0.5", "arm `half-power`, product -0.5: must be zero"),
        ("power=0.5", "pwoer=0.5", "unknown field `pwoer`"),
        ("ratio='full'", "ratio='dense'", "unknown variant `dense`"),
        ("rest='constant'", "rest='linear'", "unknown variant `linear`"),
        (
            "baseline='half-power'",
            "baseline='halfpower'",
            "arm `constant`, baseline halfpower: must be an arm of the house",
        ),
        ("baseline='original'", "baseline='constant'", "arm `half-power`, baseline constant: must be"),
        (
            "'original','half-power'",
            "'original','half'",
            "unknown decay arm `half`: expected one of original",
        ),
        ("primary='half-power'", "primary='half'", "verdict.primary half: must be an arm of the grids"),
    ] {
        assert!(OWN.contains(from), "{from}");
        let message = parse(&OWN.replace(from, to)).unwrap_err().to_string();
        assert!(message.contains("test.toml") && message.contains(needle), "{message}");
        assert!(!message.contains('\n'), "{message}");
    }
    let message = parse(&OWN.replace("'original','half-power'", "'half'")).unwrap_err().to_string();
    assert!(message.contains("published-appropriate, half-power, constant;"), "{message}");
}

#[test]
fn a_plan_has_one_arm_of_a_name() {
    let mut found = parse(OWN.split("[verdict]").next().unwrap()).unwrap();
    let other = parse(&OWN.split("[verdict]").next().unwrap().replace("0.5", "0.25")).unwrap();
    found.runs.push(other.runs[1].clone());
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("plan.json");
    found.write_plan(&path).unwrap();
    let message = Experiment::read_plan(&path).unwrap_err().to_string();
    assert!(message.contains("decay half-power: is the name of two different arms"), "{message}");
}

#[test]
fn the_documented_experiment_can_be_run() {
    let page = include_str!("../../../docs/extending.md");
    let text = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let names: Vec<&str> = arms(&parse(text).unwrap().runs).into_iter().map(Arm::name).collect();
    assert_eq!(names, ["original", "half-power", "half-power-constant"]);
}
