//! Corrupted files: a valid one with some mutations, or random bytes. Shared by the fuzz tests of the crates.
//!
//! *Invariant:* a reader that is tested here ends within seconds, and holds no more memory than [`MOST`] at a
//! time.

#![allow(dead_code, unused_imports, reason = "each crate's tests take what they need")]

mod change;
mod held;

pub use change::{Mutation, mutation};
pub use held::{MOST, held};

use artifacts::stamp;
use fs_err as fs;
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};
use std::error::Error;
use std::path::Path;
use tempfile::TempDir;

/// Runs `test` on `cases` values, or on as many as `PROPTEST_CASES` says.
pub fn fuzz<S: Strategy>(cases: u32, strategy: S, test: impl Fn(S::Value)) {
    let file = FileFailurePersistence::Direct("tests/fuzz.proptest-regressions");
    let mut config = Config { failure_persistence: Some(Box::new(file)), ..Config::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    let outcome = TestRunner::new(config).run(&strategy, |value| {
        test(value);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// Runs a reader on mutations of a valid file; in half of them the checksum is updated to match, if the file
/// has space for one.
pub fn mutated<T, E: Into<Box<dyn Error>>>(
    cases: u32,
    name: &str,
    valid: &[u8],
    read: impl Fn(&Path) -> Result<T, E>,
    obeys: impl Fn(T),
) {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, valid).unwrap();
    assert!(read(&path).is_ok(), "{name} is valid before it is mutated");
    fuzz(cases, (mutation(), any::<bool>()), |(mutation, stamped): (Mutation, bool)| {
        let mut bytes = mutation.of(valid);
        if stamped && stamp::check(&bytes).is_err() {
            stamp::fill(&mut bytes);
        }
        fs::write(&path, &bytes).unwrap();
        match held(|| read(&path)) {
            Ok(found) => obeys(found),
            Err(error) => {
                let (error, file) = (error.into(), path.file_name().unwrap().to_str().unwrap());
                assert!(error.to_string().contains(file), "{error}");
            }
        }
    });
}
