//! Fuzzes reports with corrupted analyses: the outcome is an error that names the file, or a page.
//!
//! `PROPTEST_CASES=10000 cargo test --release -p report --test fuzz` tries more of them.

#![allow(clippy::unwrap_used, reason = "a test stops where it stands")]

#[path = "../../artifacts/tests/mutation/mod.rs"]
mod mutation;

use artifacts::Layout;
use artifacts::study::{Study, Summary};
use fs_err as fs;
use mutation::mutated;
use std::path::Path;

#[test]
fn a_summary() {
    let layout = Layout::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../results/seeds"));
    let study = Study::read(&layout).unwrap();
    let valid = fs::read(layout.summary()).unwrap();
    let read = |path: &Path| {
        let summary = Summary::read(&Layout::new(path.parent().unwrap().parent().unwrap()))?;
        let report = report::render(&Study { summary, ..study.clone() });
        Ok::<_, artifacts::study::StudyError>(report)
    };
    mutated(200, "analysis/summary.json", &valid, read, |report| assert!(!report.markdown.is_empty()));
}

#[test]
fn lines_of_a_benchmark() {
    let valid = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/bench.jsonl")).unwrap();
    let read = |path: &Path| {
        let found = report::benchmark::Benchmark::read(path).map_err(|error| anyhow::anyhow!("{error:#}"))?;
        Ok::<_, anyhow::Error>(found.table())
    };
    mutated(200, "bench.jsonl", &valid, read, drop);
}
