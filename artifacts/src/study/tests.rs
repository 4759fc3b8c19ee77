use super::*;

fn study(of: u32) -> Study {
    let summary = Summary {
        experiment: None,
        title: None,
        planned: of,
        done: 0,
        diverged: 0,
        recipes: vec![],
        standing: Standing { sealed: None, exploratory: vec![], looks: None },
        endpoints: vec![],
        identical: vec![],
        arms: vec![],
        tuned: vec![],
        rules: vec![],
        data: vec![],
        sealed: None,
    };
    let row = |at| LedgerRow {
        run: format!("run {of}"),
        state: State::Missing,
        reason: String::new(),
        planned: true,
        epochs_done: at,
        epochs: 3,
    };
    Study {
        summary,
        runs: vec![],
        epochs: vec![],
        cells: vec![],
        comparisons: vec![],
        classes: vec![],
        layers: vec![],
        trajectories: vec![],
        ledger: (0..of).map(row).collect(),
    }
}

fn place() -> (tempfile::TempDir, Layout) {
    let directory = tempfile::tempdir().unwrap();
    let layout = Layout::new(directory.path());
    (directory, layout)
}

#[test]
fn every_flipped_bit_of_an_analysis_is_noticed_or_harmless() {
    let (_directory, layout) = place();
    let study = study(2);
    study.write(&layout).unwrap();
    assert_eq!(Study::read(&layout).unwrap(), study);
    for file in ["summary.json", "ledger.parquet", "cells.parquet"] {
        let path = layout.analysis().join(file);
        let bytes = fs::read(&path).unwrap();
        for byte in (0..bytes.len()).step_by(7) {
            let mut flipped = bytes.clone();
            flipped[byte] ^= 1 << (byte % 8);
            fs::write(&path, flipped).unwrap();
            let message = Study::read(&layout).unwrap_err().to_string();
            assert!(message.contains(file), "{message}");
        }
        fs::write(&path, &bytes[..bytes.len() - 9]).unwrap();
        assert!(Study::read(&layout).is_err());
        fs::write(&path, vec![0; bytes.len()]).unwrap();
        assert!(Study::read(&layout).is_err());
        fs::write(&path, bytes).unwrap();
    }
    assert_eq!(Study::read(&layout).unwrap(), study);
}

#[test]
fn tables_of_two_analyses_are_no_analysis_and_its_message_helps() {
    let (_first, old) = place();
    let (_second, new) = place();
    study(1).write(&old).unwrap();
    study(2).write(&new).unwrap();
    fs::copy(table_path(&new, "ledger"), table_path(&old, "ledger")).unwrap();
    let message = Study::read(&old).unwrap_err().to_string();
    assert!(message.contains("ledger.parquet") && message.contains("just analyse"), "{message}");
    study(2).write(&old).unwrap();
    assert_eq!(Study::read(&old).unwrap(), study(2));
}

#[test]
fn an_analysis_without_sums_is_read_but_does_not_stay_beside_newer_tables() {
    let (_directory, layout) = place();
    study(1).write(&layout).unwrap();
    atomic::write(&layout.summary(), atomic::json(&study(1).summary).unwrap()).unwrap();
    assert_eq!(Study::read(&layout).unwrap(), study(1));
    // The last table cannot be written, which has the effect of a kill before it.
    fs::remove_file(table_path(&layout, "ledger")).unwrap();
    fs::create_dir_all(table_path(&layout, "ledger").join("in the way")).unwrap();
    assert!(study(2).write(&layout).is_err());
    assert!(!layout.summary().exists());
}

#[test]
fn two_analyses_at_once_end_as_one_of_them_and_leave_nothing() {
    let (_directory, layout) = place();
    std::thread::scope(|scope| {
        for of in 1..=4 {
            let layout = &layout;
            scope.spawn(move || (0..5).for_each(|_| study(of).write(layout).unwrap()));
        }
    });
    let found = Study::read(&layout).unwrap();
    assert!((1..=4).any(|of| found == study(of)));
    fs::write(layout.analysis().join(".partial-killed"), "").unwrap();
    study(1).write(&layout).unwrap();
    let left = fs::read_dir(layout.analysis()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(left.into_iter().all(|name| !name.to_string_lossy().starts_with('.')));
}
