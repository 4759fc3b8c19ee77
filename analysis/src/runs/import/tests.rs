use super::*;

const GOOD: &str = r#"[[{"rankscale": 8, "d": true}, {"epoch": 128, "test acc": 0.9, "lr": 0.0, "n_parameters": 5}],
    [{"rankscale": 8.0, "d": false}, {"epoch": 128, "test acc": 0.91}],
    [{"rankscale": 8, "d": true}, {"epoch": 128, "test acc": 0.92}]]"#;

fn of(text: &str) -> Result<Imported, ImportError> {
    runs(&[("results.json".to_owned(), text.to_owned())])
}

#[test]
fn ten_thousand_entries_without_a_seed_take_a_moment() {
    let entry = |at: usize| {
        format!(r#"[{{"rankscale": 8, "d": true}}, {{"epoch": 128, "test acc": {}}}]"#, at as f64 / 1e5)
    };
    let text = format!("[{}]", (0..10_000).map(entry).collect::<Vec<_>>().join(","));
    let start = std::time::Instant::now();
    assert_eq!(of(&text).unwrap().runs.len(), 10_000);
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
}

#[test]
fn d_is_the_published_arm_and_one_of_several_without_a_seed_belongs_to_none_of_the_other_arm() {
    let Imported { runs, unpaired, .. } = of(GOOD).unwrap();
    let keys: Vec<_> =
        runs.iter().map(|(record, _)| (record.configuration.decay, record.configuration.seed)).collect();
    assert_eq!(
        keys,
        [
            (Arm::PUBLISHED_APPROPRIATE, 2_000_000_000),
            (Arm::PUBLISHED_ORIGINAL, 1_000_000_000),
            (Arm::PUBLISHED_APPROPRIATE, 2_000_000_001)
        ]
    );
    assert_eq!(unpaired, 3);
    let (record, last) = &runs[0];
    assert_eq!((record.configuration.recipe.epochs, last.epoch, last.test_accuracy), (128, 128, 0.9));
    assert!(record.origin == Origin::Imported && record.data.fingerprint.starts_with("imported:"));
}

#[test]
fn a_rankscale_with_one_run_of_each_arm_is_a_pair_and_so_are_equal_seeds() {
    let seeds = |text: &str| -> Vec<u64> {
        let imported = of(text).unwrap();
        assert_eq!(imported.unpaired, 0);
        imported.runs.iter().map(|(record, _)| record.configuration.seed).collect()
    };
    let one_each = GOOD.replacen("8.0", "9", 1).replacen("\"rankscale\": 8,", "\"rankscale\": 9,", 1);
    assert_eq!(seeds(&one_each), [0, 0, 0]);
    assert_eq!(seeds(&GOOD.replace("true}", "true, \"seed\": 4}").replacen("4}", "5}", 1)), [5, 0, 4]);
}

#[test]
fn several_files_are_one_set_whatever_their_order() {
    let text = |d: bool| format!(r#"[[{{"rankscale":8,"d":{d},"seed":3}},{{"epoch":128,"test acc":0.9}}]]"#);
    let files = [("a.json".to_owned(), text(true)), ("b.json".to_owned(), text(false))];
    let both = runs(&files).unwrap();
    let named = |imported: &Imported| -> Vec<(String, String)> {
        imported.runs.iter().map(|(record, _)| (record.name.clone(), record.data.source.clone())).collect()
    };
    let turned = runs(&[files[1].clone(), files[0].clone()]).unwrap();
    assert_eq!(named(&both), named(&turned));
    assert_eq!(both.runs[0].0.data.source, "imported from a.json, b.json");
    assert_eq!(both.runs[0].0.data.fingerprint, both.runs[1].0.data.fingerprint);
    let message =
        runs(&[files[0].clone(), ("c.json".to_owned(), text(true).replace("0.9", "0.8"))]).unwrap_err();
    assert!(message.to_string().contains("`seed` 3 was used by an earlier entry"), "{message}");
}

#[test]
fn copies_of_a_run_are_one_run() {
    let entry =
        |accuracy: f64| format!(r#"[{{"rankscale":8,"d":true}},{{"epoch":128,"test acc":{accuracy}}}]"#);
    let spaced = entry(0.9).replace(':', " : ");
    let text = format!("[{},{},{spaced},{}]", entry(0.9), entry(0.9), entry(0.91));
    let imported = of(&text).unwrap();
    assert_eq!((imported.runs.len(), imported.copies), (2, 2));
    let named = entry(0.9).replace("true", "true,\"seed\":3");
    let imported = of(&format!("[{named},{named}]")).unwrap();
    assert_eq!((imported.runs.len(), imported.copies), (1, 1));
}

#[test]
fn copies_are_found_however_their_numbers_are_written_and_whatever_seed_they_bear() {
    let entry = |seed: &str, epoch: &str, last: &str| {
        format!(r#"[{{"rankscale":8,"d":true{seed}}},{{"epoch":{epoch},"test acc":0.9{last}}}]"#)
    };
    let counts = |entries: &[String]| {
        let imported = of(&format!("[{}]", entries.join(","))).unwrap();
        (imported.runs.len(), imported.copies)
    };
    let of_epoch = |epoch| entry("", epoch, "");
    assert_eq!(counts(&[of_epoch("128"), of_epoch("128.0"), of_epoch("1.28e2")]), (1, 2));
    let seeded = |seed: u32, last: &str| entry(&format!(",\"seed\":{seed}"), "128", last);
    // Two runs may have the same accuracy, and the same rounded loss; no two have the same loss in all its
    // digits.
    for (last, expected) in
        [("", (2, 0)), (",\"test loss\":0.31", (2, 0)), (",\"test loss\":0.3145926", (1, 1))]
    {
        assert_eq!(counts(&[seeded(0, last), seeded(1, last)]), expected, "{last}");
    }
    assert_eq!(counts(&[entry(",\"seed\":null", "128", ""), of_epoch("127")]), (2, 0), "null is no seed");
}

#[test]
fn what_python_writes_for_a_diverged_run_is_named_by_entry_and_key() {
    let nan = GOOD.replace("\"lr\": 0.0", "\"lr\": 0.0, \"train loss\": NaN");
    assert_eq!(of(&nan).unwrap().runs[0].1.train_loss, None);
    let message = of(&GOOD.replace("0.91", "NaN")).unwrap_err().to_string();
    assert!(message.contains("results.json: entry 2: `test acc` must be a number"), "{message}");
    let twice = GOOD.replace("\"test acc\": 0.91", "\"test acc\": 0.91, \"test acc\": 0.5");
    let message = of(&twice).unwrap_err().to_string();
    assert!(message.contains("results.json: entry 2: `test acc` stands twice"), "{message}");
}

#[test]
fn a_broken_rule_is_named_with_file_entry_and_key() {
    for (from, to, needle) in [
        ("\"d\": false", "\"d\": 0", "results.json: entry 2: `d` must be true or false, but is 0"),
        ("\"d\": false", "\"e\": 0", "entry 2: `d` is missing from the settings"),
        ("0.91", "91", "entry 2: `test acc` must be a fraction between 0 and 1, but is 91"),
        ("0.91", "null", "entry 2: `test acc` must be a number, but is null"),
        ("8.0", "8.5", "entry 2: `rankscale` must be a whole number, but is 8.5"),
        ("8.0", "-1", "entry 2: `rankscale` must be a whole number, but is -1"),
        ("8.0", "0", "entry 2: `rankscale` must be at least 1"),
        ("8.0", "1000", "entry 2: the entry is no run of this study: rankscale 1000"),
        ("\"lr\": 0.0", "\"lr\": \"x\"", "entry 1: `lr` must be a number, but is \"x\""),
        (
            "\"epoch\": 128, \"test acc\": 0.92",
            "\"epoch\": 0, \"test acc\": 0.92",
            "entry 3: `epoch` must be",
        ),
        (
            "\"d\": true}, {\"epoch\": 128, \"test acc\": 0.92}",
            "\"d\": true, \"seed\": 0}, {\"epoch\": 1, \"test acc\": 0}",
            "entry 3: `seed` 0 was used by an earlier entry",
        ),
        (
            "[{\"rankscale\": 8.0",
            "[7, {\"rankscale\": 8.0",
            "entry 2: the entry must be a list of two objects",
        ),
    ] {
        assert!(GOOD.contains(from), "{from}");
        let message = of(&GOOD.replace(from, to)).unwrap_err().to_string();
        assert!(message.contains(needle), "{message}");
    }
    let message = of(&GOOD.replace("0.91", "np.float64(0.91)")).unwrap_err().to_string();
    assert!(message.contains("results.json: ") && message.contains("entry 2, at `test acc`"), "{message}");
    let lines = GOOD.replace("}],", "}]");
    assert_eq!(of(&lines[1..lines.len() - 1]).unwrap().runs.len(), 3, "JSON lines");
    let first = lines[1..].lines().next().unwrap();
    let one = of(first).unwrap();
    assert_eq!((one.runs.len(), one.runs[0].1.test_accuracy), (1, 0.9), "a single one: {first}");
    assert!(of("{}").unwrap_err().to_string().contains("results.json: must be a JSON list"));
    assert!(of("<html>").unwrap_err().to_string().contains("results.json: must be a JSON list"));
    assert!(of("[]").unwrap_err().to_string().contains("results.json: the list is empty"));
}
