//! Reports of studies with little or nothing in them, and of hostile ones: the report is clear, and nothing
//! panics.

mod support;

use artifacts::study::State;
use artifacts::study::{Endpoint, Identical, Interval, LedgerRow, TunedArm};
use network::Arm;
use network::arm::Declaration;
use report::{Report, render};
use roxmltree::Document;
use support::{Plan, derive, diverge, empty};

/// Renders a study, and checks what holds for every report.
fn checked(study: &artifacts::study::Study) -> Report {
    let report = render(study);
    for figure in &report.figures {
        let document =
            Document::parse(&figure.svg).unwrap_or_else(|error| panic!("{}: {error}", figure.file));
        let root = document.root_element();
        assert_eq!(root.attribute("role"), Some("img"));
        for tag in ["title", "desc"] {
            let node = root.children().find(|node| node.has_tag_name(tag));
            assert!(
                node.and_then(|node| node.text()).is_some_and(|text| text.len() > 5),
                "{}: {tag}",
                figure.file
            );
        }
        assert!(!figure.svg.contains("NaN") && !figure.svg.contains("inf"), "{}", figure.file);
        assert!(report.markdown.contains(&format!("(figures/{})", figure.file)));
    }
    assert!(!report.markdown.contains("NaN"));
    let (head, script) = report.html.split_once("<script type=\"application/json\"").expect("there is data");
    assert!(
        !script.split_once("</script>").expect("the data ends").0.contains('<'),
        "data could end its element"
    );
    for elsewhere in ["src=\"", "<iframe", "<link rel=\"stylesheet\"", "@import", "url("] {
        assert!(!head.contains(elsewhere), "{elsewhere}");
    }
    for card in &report.cards {
        let mut parts = card.text.splitn(3, "---\n");
        assert_eq!(parts.next(), Some(""));
        assert!(parts.next().is_some_and(|metadata| {
            metadata.lines().all(|line| line.starts_with("- ") || line.contains(':'))
        }));
        assert!(
            parts.next().is_some_and(|text| text.starts_with("\n# ") && !text.contains("NaN")),
            "{}",
            card.text
        );
    }
    assert!(report.markdown.starts_with("# "));
    report
}

#[test]
fn the_headline_figure_is_twice_as_wide_as_high() {
    let report = checked(&Plan::default().study());
    let document = Document::parse(&report.figures[0].svg).unwrap();
    let side = |name| document.root_element().attribute(name).unwrap().parse::<f64>().unwrap();
    assert!((side("width") / side("height") - 2.0).abs() < 1e-9);
}

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
        report.headline.contains("(appropriate weight decay) have no counterpart"),
        "{}",
        report.headline
    );
}

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
        recipe: artifacts::Configuration {
            recipe: artifacts::Recipe { epochs: 4, ..artifacts::Recipe::default() },
            ..artifacts::Configuration::default()
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
    assert!(report.markdown.contains("equal to the last digit in 5 pairs"), "{}", report.markdown);
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
    study.summary.endpoints[0].missing.push(evil.to_owned());
    for row in &mut study.ledger {
        (row.run, row.state, row.reason) = (evil.to_owned(), State::Quarantined, evil.to_owned());
    }
    let report = checked(&study);
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
