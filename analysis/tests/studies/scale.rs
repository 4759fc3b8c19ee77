//! A study of 10,000 runs of 128 epochs, generated and analysed: with layers at every epoch and 10,000
//! predictions a run.
//!
//! Left out unless asked for: `cargo test --release -p analysis scale -- --ignored --nocapture`. With
//! `KEEP=DIRECTORY` the runs stay there, for `just report WORK=DIRECTORY`.

use crate::made_up::{Place, accuracy, grid};
use artifacts::Configuration;
use std::time::Instant;

#[test]
#[ignore = "minutes, most of them for writing the runs"]
fn ten_thousand_runs_are_analysed_in_under_a_minute() {
    let place = std::env::var_os("KEEP").map_or_else(Place::new, Place::at);
    let rankscales: Vec<usize> = (2..=51).collect();
    let runs: Vec<Configuration> = grid(&rankscales, 100);
    let start = Instant::now();
    for run in &runs {
        place.done_in_full(run, accuracy(run, 0.001), 10_000);
    }
    println!("wrote {} runs in {:.1?}", runs.len(), start.elapsed());
    let start = Instant::now();
    let mut said = Vec::new();
    let study = analysis::analyse(&place.layout, &analysis::Choice::Newest, None, &mut said).unwrap();
    println!("{}analysed in {:.1?}", String::from_utf8(said).unwrap(), start.elapsed());
    let endpoint = &study.summary.endpoints[0];
    let networks: std::collections::HashSet<_> = runs.iter().map(|run| run.counts().parameters).collect();
    // Above rankscale 26 some rankscales build the same network, whose seeds count once.
    assert_eq!((study.comparisons.len(), endpoint.pairs as usize), (5000, networks.len() * 100));
    assert_eq!(endpoint.secondary.images.as_ref().map(|images| images.pairs), Some(endpoint.pairs));
    assert_eq!(study.trajectories.len(), rankscales.len() * 2 * 7 * 129);
    assert_eq!((study.runs.len(), study.epochs.len()), (10_000, 1_280_000));
    assert!(start.elapsed().as_secs() < 60);
}
