//! A study of 10,000 runs of 128 epochs, generated and analysed.
//!
//! Left out unless asked for: `cargo test --release -p analysis scale -- --ignored --nocapture`

use crate::made_up::{Place, finish, grid};
use artifacts::Configuration;
use std::time::Instant;

#[test]
#[ignore = "minutes, most of them for writing the runs"]
fn ten_thousand_runs_are_analysed_in_under_a_minute() {
    let place = Place::new();
    let rankscales: Vec<usize> = (2..=51).collect();
    let runs: Vec<Configuration> = grid(&rankscales, 100);
    let start = Instant::now();
    finish(&place, &runs, 0.001);
    println!("wrote {} runs in {:.1?}", runs.len(), start.elapsed());
    let start = Instant::now();
    let mut said = Vec::new();
    let study = analysis::analyse(&place.layout, &analysis::Choice::Newest, None, &mut said).unwrap();
    println!("{}analysed in {:.1?}", String::from_utf8(said).unwrap(), start.elapsed());
    assert_eq!((study.runs.len(), study.epochs.len()), (10_000, 1_280_000));
    assert!(start.elapsed().as_secs() < 60);
}
