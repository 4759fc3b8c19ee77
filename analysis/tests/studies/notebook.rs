//! The round trip of a notebook's `results.json`: imported as runs, analysed, and exported again.

use crate::made_up::{Place, configuration, finish, grid};
use analysis::{Choice, analyse, import};
use artifacts::study::{Agreement, Study, Verdict};
use fs_err as fs;
use network::Arm;
use serde_json::json;

fn import_text(place: &Place, text: &str) -> anyhow::Result<String> {
    fs::create_dir_all(place.layout.root()).unwrap();
    let file = place.layout.root().join("results.json");
    fs::write(&file, text).unwrap();
    let mut said = Vec::new();
    import(&[file], &place.layout, &mut said)?;
    Ok(String::from_utf8(said).unwrap())
}

/// A made-up file with one run per cell.
pub fn notebook() -> serde_json::Value {
    let entry = |rankscale: u32, d: bool| {
        let accuracy = 0.93 - f64::from(rankscale) * 0.002 - if d { 0.006_8 } else { 0.0 };
        json!([{"rankscale": rankscale, "d": d}, {"epoch": 128, "lr": 0.0, "train time": 9.5, "train loss": 0.1,
            "train acc": 0.97, "test time": 0.5, "test loss": 0.3, "test acc": accuracy, "total time": 1200.0}])
    };
    let entries = (2..=31).flat_map(|rankscale| [entry(rankscale, false), entry(rankscale, true)]);
    entries.collect::<Vec<_>>().into()
}

#[test]
fn an_imported_file_is_a_study_and_comes_out_as_it_went_in() {
    let place = Place::new();
    assert!(import_text(&place, &notebook().to_string()).unwrap().starts_with("imported 60 runs"));
    assert!(import_text(&place, &notebook().to_string()).unwrap().contains("60 were there already"));
    let study = place.analyse();
    assert_eq!(study.runs.len(), 60);
    assert!(study.runs.iter().all(|run| run.imported && run.epochs_done == 128 && run.seconds.is_none()));
    let endpoint = &study.summary.endpoints[0];
    assert_eq!((endpoint.decay, endpoint.baseline), (Arm::PUBLISHED_APPROPRIATE, Arm::PUBLISHED_ORIGINAL));
    assert_eq!((endpoint.verdict, endpoint.pairs), (Verdict::NotEnoughEvidence, 30));
    assert!((endpoint.difference.unwrap() + 0.006_8).abs() < 1e-12);
    let key = |entry: &serde_json::Value| (entry[0]["rankscale"].as_u64(), entry[0]["d"].as_bool());
    let results = place.results();
    for entry in notebook().as_array().unwrap() {
        let found = results.as_array().unwrap().iter().find(|found| key(found) == key(entry)).unwrap();
        for name in
            ["epoch", "lr", "train time", "train loss", "train acc", "test time", "test loss", "test acc"]
        {
            assert_eq!(found[1][name], entry[1][name], "{name}");
        }
        assert!(found[1].get("total time").is_none(), "the runs do not keep it");
    }
}

#[test]
fn what_we_export_can_be_imported() {
    let (here, there) = (Place::new(), Place::new());
    finish(&here, &grid(&[2, 8], 2), 0.001);
    here.analyse();
    import_text(&there, &here.results().to_string()).unwrap();
    there.analyse();
    let accuracies = |place: &Place| {
        let entries = place.results();
        let of = |entry: &serde_json::Value| (entry[0].clone(), entry[1]["test acc"].clone());
        entries.as_array().unwrap().iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(accuracies(&here), accuracies(&there));
}

#[test]
fn imported_runs_join_a_planned_study_without_touching_its_numbers() {
    let place = Place::new();
    let runs = grid(&[2, 8], 1);
    place.plan(&runs);
    finish(&place, &runs, 0.001);
    let before = place.analyse();
    import_text(&place, &notebook().to_string()).unwrap();
    let after = place.analyse();
    assert_eq!(after.summary.endpoints[0], before.summary.endpoints[0]);
    assert_eq!(after.summary.endpoints.last().unwrap().decay, Arm::PUBLISHED_APPROPRIATE);
    assert_eq!(after.summary.recipes.len(), 2);
    assert!(after.ledger.iter().filter(|row| row.planned).count() == 4);
}

#[test]
fn a_broken_file_is_named_and_leaves_nothing() {
    let place = Place::new();
    let broken = notebook().to_string().replacen("\"d\":true", "\"d\":1", 1);
    let message = format!("{:#}", import_text(&place, &broken).unwrap_err());
    assert!(message.contains("results.json: entry 2: `d` must be true or false, but is 1"), "{message}");
    assert!(!place.layout.runs().exists());
    let mut imported = place.done(&configuration(8, Arm::ORIGINAL, 0), 0.9).read().unwrap().0;
    imported.origin = artifacts::run::Origin::Imported;
    artifacts::run::RunFolder::new(place.layout.run(&imported.name)).write_record(&imported).unwrap();
    let failure = analyse(&place.layout, &Choice::Newest, None, &mut Vec::new()).unwrap_err().to_string();
    assert!(failure.contains("what is there cannot be used"), "{failure}");
    let study = Study::read(&place.layout).unwrap();
    assert!(
        study.ledger[0].reason.contains("an imported run must have one row"),
        "{}",
        study.ledger[0].reason
    );
}

/// Four pairs are too few for a verdict, but they have a spread, so a prediction interval for another study
/// exists.
#[test]
fn the_notebook_is_held_against_few_pairs_as_well() {
    let place = Place::new();
    let entry = |rankscale: u32, seed: u32, d: bool| {
        let accuracy = 0.9 + if d { 0.05 + 0.0003 * f64::from(seed) } else { 0.0 };
        json!([{"rankscale": rankscale, "d": d, "seed": seed}, {"epoch": 128, "test acc": accuracy}])
    };
    let cells = [8, 16].into_iter().flat_map(|rankscale| [1, 2].map(|seed| (rankscale, seed)));
    let entries: Vec<_> =
        cells.flat_map(|(rankscale, seed)| [false, true].map(|d| entry(rankscale, seed, d))).collect();
    import_text(&place, &serde_json::Value::from(entries).to_string()).unwrap();
    let endpoint = &place.analyse().summary.endpoints[0];
    assert_eq!((endpoint.verdict, endpoint.pairs), (Verdict::NotEnoughEvidence, 4));
    let replication = endpoint.secondary.replication.unwrap();
    assert_eq!(
        replication.difference.agreement,
        Agreement::Incompatible,
        "five points better, where the notebook is worse"
    );
}
