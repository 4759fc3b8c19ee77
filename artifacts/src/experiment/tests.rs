use super::*;

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
fn long_lists_are_read_in_a_moment_and_keep_their_order() {
    let seeds: Vec<u64> = (0..12_500).rev().collect();
    let grid = GRID.replace("[0,1]", &format!("{seeds:?}"));
    let start = std::time::Instant::now();
    let runs = parse(&format!("{grid}{}", grid.replace("title='t'", ""))).unwrap().runs;
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
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
fn equal_strengths_are_one_cell() {
    let twice = GRID.replace("seed=[0,1]", "seed=[0]\nlambda=[0.0, -0.0, 5e-4, 0.0005]");
    assert_eq!(parse(&twice).unwrap().runs.len(), 8);
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
fn every_shipped_experiment_is_valid() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../experiments");
    let names = known(&directory);
    for name in ["smoke", "quick", "seeds", "pilot", "notebook", "decisive", "desktop", "replication"] {
        assert!(names.iter().any(|known| known == name), "{name} is missing");
        assert_eq!(Experiment::find(name, &directory).unwrap().name, name);
    }
    let message = Experiment::find("quik", &directory).unwrap_err().to_string();
    assert!(message.contains("quik") && message.contains("decisive, desktop, notebook"), "{message}");
}
