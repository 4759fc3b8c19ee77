//! What the README shows is made of what lies beside it.

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

#[test]
fn the_readme_gives_the_answer_of_the_study_that_is_kept() {
    let kept = Layout::new(root().join("results/quick"));
    let study = Study::read(&kept).unwrap();
    let remedy = "run `just publish NAME=quick WORK=results/quick`";
    let readme = read_to_string(root().join("README.md")).unwrap();
    assert_eq!(
        spliced(&readme, publish::MARKS, &section(&study, "results/quick")).unwrap(),
        readme,
        "{remedy}"
    );
    let report = render(&study);
    assert_eq!(report.markdown, read_to_string(kept.report().join("report.md")).unwrap(), "{remedy}");
    for figure in &report.figures {
        let kept = read_to_string(kept.figures().join(figure.file)).unwrap();
        assert!(figure.svg == kept, "{}: {remedy}", figure.file);
    }
}
