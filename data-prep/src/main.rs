//! `data-prep`: CIFAR-10 from any source, verified, as two parquet files.

use clap::Parser;
use data_prep::Arguments;
use std::process::ExitCode;

fn main() -> ExitCode {
    match data_prep::run(Arguments::parse()) {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("data-prep: {error:#}");
            ExitCode::FAILURE
        }
    }
}
