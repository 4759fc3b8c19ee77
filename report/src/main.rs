//! Arguments of `report`.

use anyhow::Result;
use artifacts::Layout;
use artifacts::output::{note, print, say};
use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::{Shell, generate};
use report::export::Format;
use std::path::PathBuf;
use std::process::ExitCode;

/// Make the figures and the report of an analysis.
///
/// Reads `analysis/` below the work directory, which `just analyse` writes, and writes `report/report.md`,
/// `report/report.html` and `report/figures/*.svg`. The same analysis gives the same bytes.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Directory of all the pipeline's files.
    #[arg(long, env = "WORK", default_value = "work", value_name = "DIR")]
    work: PathBuf,
}

#[derive(Subcommand)]
enum Command {
    /// Put the table of `just bench` into a page, and write its figure.
    Bench {
        /// File with the lines that `just bench` printed.
        #[arg(default_value = "docs/bench.jsonl")]
        lines: PathBuf,
        /// Figure to write, as SVG.
        #[arg(long, default_value = "docs/bench.svg")]
        figure: PathBuf,
        /// Page to change, with marks where the table goes.
        #[arg(long, default_value = "README.md")]
        page: PathBuf,
    },
    /// Draw the comparison of two studies that `analysis compare --json` wrote.
    Compare {
        /// File with the numbers of the comparison.
        #[arg(long, value_name = "FILE")]
        json: PathBuf,
        /// Figure to write, as SVG.
        #[arg(long, value_name = "FILE")]
        figure: PathBuf,
    },
    /// Export the analysis for other tools, all or nothing: a row for each run and epoch, or TensorBoard's
    /// curves.
    Export {
        /// Format of the export.
        #[arg(long, value_enum)]
        format: Format,
        /// Folder to write; files that no export wrote are never replaced [default: export/FORMAT in the work
        /// directory].
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Directory of all the pipeline's files.
        #[arg(long, env = "WORK", default_value = "work", value_name = "DIR")]
        work: PathBuf,
    },
    /// Print shell completions for this program: for bash, source them; README.md says more.
    Completions {
        /// Shell to complete for.
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Make the report of a study that `analysis publish` kept with the source, and put its answer into a
    /// page.
    Publish {
        /// Name of the study below `results/`.
        #[arg(long)]
        name: String,
        /// Directory of the kept studies.
        #[arg(long, default_value = "results")]
        results: PathBuf,
        /// Page to change, with marks where the answer goes.
        #[arg(long, default_value = "README.md")]
        page: PathBuf,
    },
}

const EXAMPLES: &str = "Examples:
  report                      the report of work/analysis, in work/report
  report --work /tmp/study    the same below another directory
  WORK=/tmp/study report      the same
  report publish --name seeds the report of results/seeds, its answer in README.md
  report export --format csv  a row for each run and epoch, in work/export/csv
  report export --format tensorboard --work results/gpu --out /tmp/curves
  report compare --json numbers.json --figure compare.svg
  report bench                the README's table and figure, from docs/bench.jsonl";

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(format_args!("report: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<()> {
    let written = match arguments.command {
        Some(Command::Bench { lines, figure, page }) => {
            return report::benchmark::run(&lines, &figure, &page);
        }
        Some(Command::Compare { json, figure }) => {
            report::compared::run(&json, &figure)?;
            note(format_args!("wrote {}", figure.display()));
            return Ok(());
        }
        Some(Command::Publish { name, results, page }) => report::publish::publish(&results, &name, &page)?,
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            generate(shell, &mut Arguments::command(), "report", &mut script);
            return Ok(print(String::from_utf8(script)?)?);
        }
        Some(Command::Export { format, out, work }) => {
            let written = report::export::export(&Layout::new(work), format, out.as_deref())?;
            note(written.headline);
            return Ok(());
        }
        None => report::run(&Layout::new(arguments.work))?,
    };
    for path in &written.paths {
        note(format_args!("wrote {}", path.display()));
    }
    note(format_args!("\n{}", written.headline));
    Ok(())
}
