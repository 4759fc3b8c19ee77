//! Checks that what the README shows is made from the files beside it.

use artifacts::Layout;
use artifacts::study::Study;
use fs_err::read_to_string;
use report::benchmark::{self, Benchmark};
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
