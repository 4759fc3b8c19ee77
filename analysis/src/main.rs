//! Joins the runs and says what they show.

use analysis::Choice;
use analysis::runs::results::ResultsArms;
use artifacts::Layout;
use artifacts::output::{Notes, say};
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

const EXAMPLES: &str = "\
Examples:
  analysis                                 the experiment of the newest sweep, or else every run
  analysis --experiment notebook           the runs that experiments/notebook.toml plans
  analysis --all-runs                      every run as it is, whatever was planned
  analysis --results-arms published        results.json with the arms as the notebook's code had them
  analysis publish --name seeds            its runs, plan and analysis in results/seeds
  analysis import old/results.json         a notebook's own results as runs, for the next analysis";

/// Joins the runs with their configuration, and says what they show.
///
/// Reads WORK/runs and writes WORK/analysis: tables, summary.json, and results.json in the notebook's format. Runs that
/// cannot be read are set aside with the reason.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Arguments {
    /// Where the pipeline's files lie
    #[arg(long, env = "WORK", default_value = "work", global = true, value_name = "DIR")]
    work: PathBuf,
    /// The experiment under study, by name or path [default: that of the newest sweep, if any]
    #[arg(long, value_name = "NAME|PATH", conflicts_with = "all_runs")]
    experiment: Option<String>,
    /// Where experiments are looked up by name
    #[arg(long, default_value = "experiments", value_name = "DIR")]
    experiments: PathBuf,
    /// Take every run as it is, whatever was planned
    #[arg(long)]
    all_runs: bool,
    /// The two arms in results.json [default: described, or else published]
    #[arg(long, value_enum, value_name = "ARMS")]
    results_arms: Option<ResultsArms>,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Imports a notebook's results.json as runs
    Import {
        /// The file
        file: PathBuf,
    },
    /// Keeps the finished runs of the newest sweep's experiment with the source, and analyses them there
    Publish {
        /// The study's name below `results/`
        #[arg(long)]
        name: String,
        /// Where studies are kept
        #[arg(long, default_value = "results", value_name = "DIR")]
        results: PathBuf,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(format_args!("analysis: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    let layout = Layout::new(arguments.work);
    match arguments.verb {
        Some(Verb::Import { file }) => return analysis::import(&file, &layout, &mut Notes),
        Some(Verb::Publish { name, results }) => {
            return analysis::publish::publish(&layout, &results, &name, &mut Notes);
        }
        None => {}
    }
    let choice = match arguments.experiment {
        Some(experiment) => Choice::Named { experiment, directory: arguments.experiments },
        None if arguments.all_runs => Choice::AllRuns,
        None => Choice::Newest,
    };
    analysis::analyse(&layout, &choice, arguments.results_arms, &mut Notes).map(drop)
}
