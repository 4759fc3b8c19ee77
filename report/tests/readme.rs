//! Checks that what the README shows is made from the files beside it.

use artifacts::study::{CellRow, Interval, RunRow, Study};
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

/// Returns an arm's mean accuracy at a rankscale, a fraction.
fn mean(study: &Study, rankscale: u32, arm: &str) -> f64 {
    let cell = |cell: &&CellRow| cell.rankscale == rankscale && cell.decay == arm;
    study.cells.iter().find(cell).expect("the cell is there").mean
}

/// Returns an arm's accuracies with the first three seeds of a rankscale, fractions.
fn first_look(study: &Study, rankscale: u32, arm: &str) -> [f64; 3] {
    let seeds = [0, 100, 200].map(|more| u64::from(rankscale) + more);
    let of = |seed| {
        let run = |run: &&RunRow| run.rankscale == rankscale && run.decay == arm && run.seed == seed;
        study.runs.iter().find(run).and_then(|run| run.test_accuracy).expect("the run is done")
    };
    seeds.map(of)
}

/// Returns the mean of three numbers and Student's 95 % interval of it.
fn of_three(numbers: [f64; 3]) -> (f64, Interval) {
    let mean = numbers.iter().sum::<f64>() / 3.0;
    let variance = numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>() / 2.0;
    let reach = 4.302_653 * (variance / 3.0).sqrt();
    (mean, Interval { low: mean - reach, high: mean + reach, level: 0.95 })
}

/// Formats the smallest and the largest ratio of the two arms at the end of the panels of a figure.
fn ratios(study: &Study, file: &str, decimals: usize) -> String {
    let figure = render(study).figures.into_iter().find(|figure| figure.file == file);
    let plot = figure.expect("the figure is drawn").plot;
    let ratio = |(_, series): &(String, Vec<Series>)| {
        let [baseline, arm] = [0, 1].map(|at| series[at].means.last().expect("a line has points").y);
        arm / baseline
    };
    assert_eq!(plot.panels.len(), 7);
    between(plot.panels.iter().map(ratio), decimals)
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
    let curve = notebook::curve();
    let mut below = Vec::new();
    for row in &judged.secondary.by_rankscale {
        let arms = ["original", "appropriate"].map(|arm| mean(&study, row.rankscale, arm));
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
    needles.push(format!("{} times as large under `appropriate`", ratios(&study, "norms-epochs.svg", 1)));
    needles.push(format!("{} times as large, with", ratios(&study, "stable-rank-epochs.svg", 2)));
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
fn what_is_told_of_the_replication_is_what_its_analysis_says() {
    let (study, gpu) = (Study::read(&kept("gpu-replication")).unwrap(), Study::read(&kept("gpu")).unwrap());
    let judged = &study.summary.endpoints[0];
    let replication = judged.secondary.replication.unwrap();
    let lower = fixed(-100.0 * judged.difference.unwrap(), 2);
    let interval = judged.interval().unwrap();
    let (sure, p) = (format!("({} % interval {}", level(interval), reach(interval)), judged.p().unwrap());
    let percents = |of: Interval| format!("{} to {}", percent(of.low), percent(of.high));
    let (difference, accuracies) = (replication.difference, [replication.baseline, replication.accuracy]);
    let report = render(&study);
    let title = study.summary.title.as_ref().unwrap();
    assert!(report.markdown.starts_with(&format!("# {title}.\n")), "its arms do not differ in the decay");
    let figure = report.figures.into_iter().find(|figure| figure.file == "rankscale.svg").unwrap();
    said(
        "README.md",
        &[
            format!("is {lower} percentage points lower than `published-original` {sure}; {};", p_equals(p)),
            format!("curves differ by {} points", fixed(-100.0 * difference.notebook, 2)),
            format!(
                "arms are {} and {} %, and the notebook's {} and {} %",
                percent(accuracies[0].ours),
                percent(accuracies[1].ours),
                percent(accuracies[0].notebook),
                percent(accuracies[1].notebook)
            ),
            format!("{} for the difference,", reach(difference.prediction.unwrap())),
            format!(
                "{} % and {} % for the accuracies",
                percents(accuracies[0].prediction.unwrap()),
                percents(accuracies[1].prediction.unwrap())
            ),
            format!("![{}](results/gpu-replication/report/figures/rankscale.svg)", figure.alt),
        ],
    );

    let mut needles = vec![
        format!("{lower} percentage points lower {sure}; {})", p_equals(p)),
        format!("(F test, {})", p_equals(judged.heterogeneity.unwrap().p)),
        format!(
            "| {} | {} | {} |",
            points(difference.notebook),
            points(difference.ours),
            reach(difference.prediction.unwrap())
        ),
        format!("{} times as large under `published-appropriate`", ratios(&study, "norms-epochs.svg", 2)),
    ];
    needles.extend(accuracies.map(|accuracy| {
        let another = percents(accuracy.prediction.unwrap());
        format!("| {} | {} | {another} |", percent(accuracy.notebook), percent(accuracy.ours))
    }));
    let curve = notebook::curve();
    for row in &judged.secondary.by_rankscale {
        let at = row.rankscale;
        let here = ["published-original", "published-appropriate"].map(|arm| mean(&study, at, arm));
        let theirs = curve.iter().find(|point| point.rankscale == at).unwrap().accuracies();
        needles.push(format!(
            "| {at} | {}, {} | {}, {} | {}, {} | {} |",
            percent(theirs[0]),
            percent(here[0]),
            percent(theirs[1]),
            percent(here[1]),
            points(theirs[1] - theirs[0]),
            points(row.difference),
            reach(row.interval.unwrap())
        ));
        let described = ["original", "appropriate"].map(|arm| first_look(&gpu, at, arm));
        let means = described.map(|three| of_three(three).0).into_iter().chain(here);
        let cells: Vec<_> = means.map(percent).collect();
        needles.push(format!("| {at} | {} |", cells.join(" | ")));
        let coded = first_look(&study, at, "published-original");
        let (by, sure) = of_three([0, 1, 2].map(|seed| described[0][seed] - coded[seed]));
        needles.push(format!("by {} ", fixed(100.0 * by, 2)));
        needles.push(reach(sure));
    }
    let noise = judged.secondary.noise.unwrap();
    needles.push(format!("was {} (95 % interval", fixed(100.0 * noise.differences_sd, 2)));
    needles.push(format!("a run varied by {} (", fixed(100.0 * noise.runs_sd, 2)));
    let [wide, narrow] = accuracies.map(|accuracy| {
        let Interval { low, high, .. } = accuracy.prediction.unwrap();
        fixed(50.0 * (high - low), 2)
    });
    needles.push(format!(
        "more than {wide} (`published-original`) or {narrow} points (`published-appropriate`)"
    ));
    said("docs/desktop.md", &needles);
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
