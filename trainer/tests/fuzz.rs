//! Fuzzes weights and checkpoints with corrupted files: the outcome is an error that names the file, or
//! arrays that obey the rules.
//!
//! `PROPTEST_CASES=100000 cargo test --release -p trainer --test fuzz` tries more cases.

#![allow(clippy::unwrap_used, reason = "a test stops where it stands")]

#[path = "../../artifacts/tests/mutation/mod.rs"]
mod mutation;

use fs_err as fs;
use mutation::mutated;
use ndarray::ArrayD;
use network::Architecture;
use std::collections::BTreeMap;
use std::path::Path;
use tempfile::TempDir;
use trainer::data::state_dict;
use trainer::run::checkpoint::{Checkpoint, check_shapes};
use trainer::run::initialise::initialise;

fn tiny() -> Architecture {
    Architecture::new(2, [2, 2, 2, 2], 10).unwrap()
}

#[test]
fn a_checkpoint() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("checkpoint.safetensors");
    let momentum = tiny().parameters().into_iter().map(|of| (of.velocity_name(), ArrayD::zeros(of.shape)));
    let state = initialise(&tiny(), 0).into_iter().chain(momentum).collect();
    Checkpoint { epoch: 3, state, stamped: true }.save(&path, "a").unwrap();
    let read = |path: &Path| Checkpoint::load(path, "a", &tiny());
    mutated(2000, "checkpoint.safetensors", &fs::read(&path).unwrap(), read, |checkpoint| {
        check_shapes(&path, &checkpoint.unwrap().state, &tiny()).unwrap();
    });
}

#[test]
fn weights() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("model.safetensors");
    let metadata = BTreeMap::from([("run".to_owned(), "a".to_owned())]);
    state_dict::save(&path, &initialise(&tiny(), 0), metadata).unwrap();
    mutated(2000, "model.safetensors", &fs::read(&path).unwrap(), state_dict::load, drop);
}
