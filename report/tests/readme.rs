//! Checks that what the README shows is made from the files beside it.

use artifacts::study::{CellRow, Study};
use artifacts::words::{fixed, level, p_equals, percent, points, reach};
use artifacts::{Layout, notebook};
use fs_err::read_to_string;
use report::benchmark::{self, Benchmark};
use report::chart::Series;
use report::publish::{self, section};
use report::render;
use report::splice::spliced;
use std::path::PathBuf;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn the_readme_shows_the_speeds_that_were_measured() {
    let benchmark = Benchmark::read(&root().join("docs/bench.jsonl")).unwrap();
    let readme = read_to_string(root().join("README.md")).unwrap();
    let remedy = "run `just bench-report`";
    assert_eq!(spliced(&readme, benchmark::MARKS, &benchmark.table()).unwrap(), readme, "{remedy}");
    assert!(benchmark.figure() == read_to_string(root().join("docs/bench.svg")).unwrap(), "{remedy}");
}

fn kept(name: &str) -> Layout {
    Layout::new(root().join("results").join(name))
}

/// The study whose answer the README gives is the one whose report it links to between the marks.
#[test]
fn the_readme_gives_the_answer_of_a_study_that_is_kept() {
    let readme = read_to_string(root().join("README.md")).unwrap();
    let (_, answer) = readme.split_once(publish::MARKS.0).unwrap();
    let (_, link) = answer.split_once("[The whole report](results/").unwrap();
    let (name, _) = link.split_once('/').unwrap();
    let section = section(&Study::read(&kept(name)).unwrap(), &format!("results/{name}"));
    let remedy = format!("run `just publish NAME={name} WORK=results/{name}`");
    assert_eq!(spliced(&readme, publish::MARKS, &section).unwrap(), readme, "{remedy}");
}

/// Runs that ended after a look change the mean of all pairs, but not the judged one: `gpu` has such runs.
#[test]
fn the_figure_of_differences_shows_the_means_that_were_judged() {
    let study = Study::read(&kept("gpu")).unwrap();
    let judged = study.summary.endpoints.iter().find(|endpoint| endpoint.look.is_some()).unwrap();
    let row = &judged.secondary.by_rankscale[0];
    let figure = render(&study).figures.into_iter().find(|figure| figure.file == "difference.svg").unwrap();
    let shown = format!("from −{:.2} points at rankscale {}", row.difference.abs() * 100.0, row.rankscale);
    assert!(figure.alt.contains(&shown), "{shown}: {}", figure.alt);
}

/// Returns a page with one space between any two words.
fn words(page: &str) -> String {
    let text = read_to_string(root().join(page)).expect("the page is there");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn said(page: &str, needles: &[String]) {
    let text = words(page);
    for needle in needles {
        assert!(text.contains(needle.as_str()), "{page} does not say: {needle}");
    }
}

/// Formats the smallest and the largest of some numbers.
fn between(numbers: impl Iterator<Item = f64> + Clone, decimals: usize) -> String {
    let (low, high) = (numbers.clone().fold(f64::MAX, f64::min), numbers.fold(f64::MIN, f64::max));
    format!("{} to {}", fixed(low, decimals), fixed(high, decimals))
}

#[test]
fn what_is_told_of_desktop_is_what_its_analysis_says() {
    let study = Study::read(&kept("desktop")).unwrap();
    let judged = &study.summary.endpoints[0];
    let interval = judged.interval().unwrap();
    let notebook = judged.secondary.replication.unwrap();
    let mut needles = vec![
        format!("{} percentage points lower", fixed(-100.0 * judged.difference.unwrap(), 2)),
        format!("({} % interval {}; {})", level(interval), reach(interval), p_equals(judged.p().unwrap())),
        format!("(F test, {},", p_equals(judged.heterogeneity.unwrap().p)),
        format!("was {} (95 % interval", fixed(100.0 * judged.secondary.noise.unwrap().differences_sd, 2)),
        format!(
            "higher by {} under `appropriate`",
            fixed(judged.secondary.train_loss.unwrap().difference, 3)
        ),
        format!("the test loss by {}:", fixed(judged.secondary.test_loss.unwrap().difference, 3)),
        format!("differ by {} points over", points(notebook.difference.notebook)),
        format!(
            "notebook has {} points, {} % and {} %.",
            points(notebook.difference.notebook),
            percent(notebook.baseline.notebook),
            percent(notebook.accuracy.notebook)
        ),
    ];
    let mean = |rankscale, arm| {
        let cell = |cell: &&CellRow| cell.rankscale == rankscale && cell.decay == arm;
        study.cells.iter().find(cell).unwrap().mean
    };
    let curve = notebook::curve();
    let mut below = Vec::new();
    for row in &judged.secondary.by_rankscale {
        let arms = ["original", "appropriate"].map(|arm| mean(row.rankscale, arm));
        needles.push(format!(
            "| {} | {} | {} | {} | {} |",
            row.rankscale,
            percent(arms[0]),
            percent(arms[1]),
            points(row.difference),
            reach(row.interval.unwrap())
        ));
        let point = curve.iter().find(|point| point.rankscale == row.rankscale).unwrap();
        below.extend([arms[0] - point.original, arms[1] - point.appropriate].map(|gap| 100.0 * gap));
    }
    needles.push(format!("its curves lie {} points below these.", between(below.into_iter(), 2)));
    let figures = render(&study).figures;
    for (file, decimals, around) in [
        ("norms-epochs.svg", 1, "times as large under `appropriate`"),
        ("stable-rank-epochs.svg", 2, "times as large, with"),
    ] {
        let plot = &figures.iter().find(|figure| figure.file == file).unwrap().plot;
        let ratio = |(_, series): &(String, Vec<Series>)| {
            let end = |arm: &str| series.iter().find(|one| one.name == arm).unwrap().means.last().unwrap().y;
            end("appropriate") / end("original")
        };
        assert_eq!(plot.panels.len(), 7);
        needles.push(format!("{} {around}", between(plot.panels.iter().map(ratio), decimals)));
    }
    said("docs/desktop.md", &needles);
}

#[test]
fn what_is_told_of_gpu_beside_it_is_what_its_analysis_says() {
    let study = Study::read(&kept("gpu")).unwrap();
    let judged = &study.summary.endpoints[0];
    let (difference, later) = (judged.difference.unwrap(), judged.secondary.later.unwrap());
    let interval = reach(judged.interval().unwrap());
    said("docs/desktop.md", &[format!("differs by {} ({interval})", points(difference))]);
    let lower = |difference: f64| fixed(-100.0 * difference, 2);
    let at_look = format!("{} points lower ({interval})", lower(difference));
    let of_all = format!("{} lower in all {} pairs", lower(later.difference), later.pairs);
    said("README.md", &[at_look, of_all]);
}

#[test]
fn every_report_that_is_kept_is_the_one_of_its_analysis() {
    let kept: Vec<_> =
        fs_err::read_dir(root().join("results")).unwrap().map(|entry| entry.unwrap().path()).collect();
    // A study under way keeps the finished runs, and has no analysis yet.
    let kept: Vec<_> = kept.into_iter().filter(|place| Layout::new(place).analysis().exists()).collect();
    assert!(kept.len() >= 2, "{kept:?}");
    for place in kept {
        let remedy = format!(
            "run `just publish` with {} as NAME and WORK, and then the one the README shows",
            place.display()
        );
        let layout = Layout::new(&place);
        let report = render(&Study::read(&layout).unwrap());
        assert_eq!(report.markdown, read_to_string(layout.report().join("report.md")).unwrap(), "{remedy}");
        for card in &report.cards {
            let kept = read_to_string(layout.report().join("cards").join(card.file)).unwrap();
            assert_eq!(card.text, kept, "{remedy}");
        }
        for figure in &report.figures {
            let kept = read_to_string(layout.figures().join(figure.file)).unwrap();
            assert!(figure.svg == kept, "{}: {remedy}", figure.file);
        }
    }
}
