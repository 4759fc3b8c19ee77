//! `data-prep`: CIFAR-10 or CIFAR-100 from any source, verified, as two parquet files.

use artifacts::output::{note, say};
use clap::Parser;
use data_prep::Arguments;
use std::process::ExitCode;

fn main() -> ExitCode {
    match data_prep::run(Arguments::parse()) {
        Ok(report) => {
            note(report);
            ExitCode::SUCCESS
        }
        Err(error) => {
            say(format_args!("data-prep: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
