//! Arguments of `report`.

use anyhow::Result;
use artifacts::Layout;
use clap::Parser;
use std::path::PathBuf;
use std::process::ExitCode;

/// Makes figures and a page from an analysis.
///
/// Reads `analysis/` below the work directory, which `just analyse` writes, and writes `report/report.md` and
/// `report/figures/*.svg`. The same analysis gives the same bytes.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES)]
struct Arguments {
    /// Directory of the pipeline's files.
    #[arg(long, env = "WORK", default_value = "work", value_name = "DIR")]
    work: PathBuf,
}

const EXAMPLES: &str = "Examples:
  report                      the report of work/analysis, in work/report
  report --work /tmp/study    the same below another directory
  WORK=/tmp/study report      the same";

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("report: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<()> {
    let written = report::run(&Layout::new(arguments.work))?;
    for path in &written.paths {
        println!("wrote {}", path.display());
    }
    println!("\n{}", written.headline);
    Ok(())
}
