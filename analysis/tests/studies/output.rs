//! The program when nobody reads its output, and when the output cannot be written.

use crate::made_up::{Place, configuration};
use network::Arm;
use std::process::{Command, Stdio};

/// A pipe whose reader has closed it, as `| head -1` does.
fn closed() -> Stdio {
    std::io::pipe().unwrap().1.into()
}

fn full() -> Stdio {
    fs_err::OpenOptions::new().write(true).open("/dev/full").unwrap().into_parts().0.into()
}

#[test]
fn an_option_that_would_be_dropped_is_refused() {
    for (words, says) in [
        ("--experiment nosuch publish --name x", "'--experiment <NAME|PATH>'"),
        ("--all-runs power --experiment desktop", "'--all-runs'"),
        ("power --experiment desktop --sd=-0.3", "must be above zero"),
        ("simulate --design 3x9 --sd=-0.3", "must be above zero"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_analysis")).args(words.split(' ')).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains(says), "{words}: {said}");
    }
}

#[test]
fn it_ends_quietly_and_with_its_files_where_nobody_reads() {
    for stream in [closed, full] {
        let place = Place::new();
        place.done(&configuration(8, Arm::ORIGINAL, 0), 0.9);
        for words in [["--all-runs"], ["--help"], ["--version"]] {
            let mut program = Command::new(env!("CARGO_BIN_EXE_analysis"));
            let output =
                program.arg("--work").arg(place.layout.root()).args(words).stdout(stream()).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!((output.status.code(), said.as_ref()), (Some(0), ""), "{words:?}");
        }
        assert!(place.layout.analysis().join("summary.json").exists());
    }
}
