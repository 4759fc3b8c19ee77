//! Reports of studies with little or nothing in them, of very large ones, and of hostile ones: the report is
//! clear, and nothing panics.

use crate::checked::checked;
use crate::support::{Plan, diverge, empty};
use artifacts::study::{Endpoint, LedgerRow, State};
use network::Arm;

#[test]
fn an_empty_study_says_that_there_is_no_run() {
    let report = checked(&empty());
    assert!(report.figures.is_empty());
    assert!(report.headline.contains("there is no run"), "{}", report.headline);
}

#[test]
fn a_single_run_cannot_be_compared() {
    let plan = Plan { rankscales: vec![8], arms: vec![Arm::ORIGINAL], seeds: 1, ..Plan::default() };
    let report = checked(&plan.study());
    assert!(report.headline.contains("single finished run"), "{}", report.headline);
    assert_eq!(report.figures[0].file, "rankscale.svg");
}

#[test]
fn diverged_runs_are_listed_not_drawn() {
    let mut study = Plan::default().study();
    diverge(&mut study, |_| true);
    let report = checked(&study);
    assert!(report.headline.contains("all 30 diverged"), "{}", report.headline);
    assert!(report.markdown.contains("the loss was not finite"));
    assert!(report.figures.iter().all(|figure| figure.file == "learning-curves.svg"));
}

#[test]
fn a_missing_arm_is_named() {
    let report = checked(&Plan { arms: vec![Arm::APPROPRIATE], ..Plan::default() }.study());
    assert!(
        report.headline.contains("finished runs of appropriate have no counterpart"),
        "{}",
        report.headline
    );
}

#[test]
fn three_hundred_runs_of_128_epochs_make_a_page_below_three_megabytes() {
    let plan = Plan { rankscales: (2..32).collect(), seeds: 5, ..Plan::default() };
    let study = plan.study();
    assert_eq!((study.runs.len(), study.epochs.len()), (300, 300 * 128));
    let megabytes = checked(&study).html.len() as f64 / 1e6;
    assert!(megabytes < 3.0, "{megabytes} MB");
}

#[test]
fn hostile_strings_stay_text() {
    let mut study = Plan { seeds: 1, ..Plan::default() }.study();
    let evil = "x|y\n## <img src=x onerror=alert(1)> [a](javascript:b) `c`\u{1b}&";
    for run in &mut study.runs {
        run.run = format!("</script><script>alert(1)</script>{}", run.seed);
        run.device_name = Some(evil.to_owned());
        run.git_revision = Some(evil.to_owned());
    }
    study.summary.title = Some(evil.to_owned());
    study.summary.data.push(evil.to_owned());
    let endpoint = &mut study.summary.endpoints[0];
    (endpoint.says, endpoint.missing) = (evil.to_owned(), vec![evil.to_owned()]);
    study.summary.standing.sealed = Some(artifacts::study::Sealed {
        unix_seconds: 0,
        git_revision: format!("}}}}\n```\n{evil}"),
        plan_sha256: evil.to_owned(),
        runs_before: 0,
        rules_sha256: None,
        rules_hold: None,
    });
    for row in &mut study.ledger {
        (row.run, row.state, row.reason) = (evil.to_owned(), State::Quarantined, evil.to_owned());
    }
    let report = checked(&study);
    assert!(report.headline.contains("onerror") && !report.headline.contains(char::is_control));
    assert!(!report.markdown.contains("<img") && !report.markdown.contains("\n## <"));
    assert!(!report.html.contains("<script>alert") && !report.html.contains("<img src=x"));
    let links = report.markdown.match_indices("](javascript");
    assert!(links.map(|(at, _)| &report.markdown[..at]).all(|before| before.ends_with('\\')));
    for line in report.markdown.lines().filter(|line| line.starts_with('|')) {
        assert!(line.ends_with('|'), "{line}");
    }
}

#[test]
fn a_thousand_recipes_are_a_page_that_can_be_read() {
    let mut study = Plan::default().study();
    let (recipe, endpoint) = (study.summary.recipes[0].clone(), study.summary.endpoints[0].clone());
    let (run, cell) = (study.runs[0].clone(), study.cells[0].clone());
    for number in 0..1000 {
        let name = format!("{number:08x}");
        study
            .summary
            .recipes
            .push(artifacts::study::RecipeSummary { recipe: name.clone(), ..recipe.clone() });
        study.summary.endpoints.push(Endpoint { recipe: name.clone(), diverged: [1, 0], ..endpoint.clone() });
        study.summary.data.push(format!("images {number}"));
        study.cells.push(artifacts::study::CellRow { recipe: name.clone(), ..cell.clone() });
        study.runs.push(artifacts::study::RunRow { git_revision: Some(name), ..run.clone() });
    }
    let page = checked(&study).markdown;
    assert!(page.lines().count() < 1000, "{}", page.lines().count());
    for (section, needle) in [
        ("How sure", "and 901 more, in `analysis/summary.json`"),
        ("What was run", "and 900 more, in `analysis/cells.parquet`"),
        ("Provenance", "Recipes: and 901 more"),
        ("Provenance", "Images: and 901 more"),
        ("Provenance", "and 901 more, in `analysis/runs.parquet`"),
    ] {
        let (_, rest) = page.split_once(&format!("\n## {section}\n")).unwrap();
        assert!(rest.split("\n## ").next().unwrap().contains(needle), "{section}: {needle}");
    }
}

#[test]
fn a_plan_of_fifty_thousand_runs_is_a_page_that_can_be_read() {
    let mut study = Plan::default().study();
    let row = study.ledger[0].clone();
    study.ledger = (0..50_000)
        .map(|seed| LedgerRow { run: format!("r08-original-s{seed}"), state: State::Missing, ..row.clone() })
        .collect();
    let items: Vec<String> = (0..50_000).map(|number| format!("item {number}")).collect();
    study.summary.endpoints[0].missing = items;
    let report = checked(&study);
    assert!(report.markdown.lines().count() < 1000, "{}", report.markdown.lines().count());
    for needle in [
        "50,000 runs not done",
        "other 49,900 runs are in `analysis/ledger.parquet`",
        "more, in `analysis/summary.json`",
    ] {
        assert!(report.markdown.contains(needle), "{needle}");
    }
}
