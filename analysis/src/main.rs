//! Joins the runs and says what they show.

use analysis::Choice;
use analysis::planning::design::Design;
use analysis::planning::{characteristics, power};
use analysis::runs::results::ResultsArms;
use anyhow::Context as _;
use artifacts::output::{Notes, print, say};
use artifacts::study::{Study, Summary};
use artifacts::words::many;
use artifacts::{Experiment, Layout};
use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::{Shell, generate};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const EXAMPLES: &str = "\
Examples:
  analysis                                 the experiment of the newest sweep, or else every run
  analysis --experiment notebook           the runs that experiments/notebook.toml plans
  analysis --all-runs                      every run as it is, whatever was planned
  analysis --results-arms published        results.json with the arms as the notebook's code had them
  analysis publish --name seeds            its runs, plan and analysis in results/seeds
  analysis power --experiment desktop      the power of that experiment, before it is trained
  analysis simulate --experiment desktop   how often the rules err, on simulated studies of its shape
  analysis tune --experiment tune          each arm at its own optimum, chosen on held-out training images
  analysis compare --a work --b seeds      the differences between two studies
  analysis import old/results.json         a notebook's own results as runs, for the next analysis";

/// Join the runs with their configurations, and analyse them statistically.
///
/// Reads WORK/runs and writes WORK/analysis: tables, summary.json, and results.json in the notebook's format.
/// Runs that cannot be read are set aside with the reason.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
struct Arguments {
    /// Directory of all the pipeline's files
    #[arg(long, env = "WORK", default_value = "work", global = true, value_name = "DIR")]
    work: PathBuf,
    /// Experiment to analyse, by name or path [default: that of the newest sweep, if any]
    #[arg(long, value_name = "NAME|PATH", conflicts_with = "all_runs")]
    experiment: Option<String>,
    /// Directory in which experiments are looked up by name
    #[arg(long, default_value = "experiments", value_name = "DIR")]
    experiments: PathBuf,
    /// Analyse every run as it is, whatever was planned
    #[arg(long)]
    all_runs: bool,
    /// Pair of arms in results.json [default: described, or else published]
    #[arg(long, value_enum, value_name = "ARMS")]
    results_arms: Option<ResultsArms>,
    #[command(subcommand)]
    verb: Option<Verb>,
}

/// An experiment that is only looked at.
#[derive(Debug, clap::Args)]
struct Of {
    /// Experiment, by name or path
    #[arg(long, value_name = "NAME|PATH")]
    experiment: Option<String>,
    /// Directory in which experiments are looked up by name
    #[arg(long, default_value = "experiments", value_name = "DIR")]
    experiments: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Print the power of an experiment to find each difference, before anything is trained
    Power {
        #[command(flatten)]
        of: Of,
        /// Standard deviation of a paired difference, in percentage points [default: that of the pairs
        /// analysed in WORK, or else 0.25 and 0.35]
        #[arg(long, value_name = "POINTS", value_parser = spread)]
        sd: Option<f64>,
    },
    /// Estimate how often the rules err, by judging simulated studies of an experiment's shape
    Simulate {
        #[command(flatten)]
        of: Of,
        /// Number of networks and of pairs for each, in place of an experiment's, for example 3x9
        #[arg(long, value_name = "NETWORKSxPAIRS", value_parser = shape)]
        design: Option<(usize, usize)>,
        /// Standard deviation of a paired difference, in percentage points
        #[arg(long, default_value_t = 0.3, value_name = "POINTS", value_parser = spread)]
        sd: f64,
        /// True difference to be found, in percentage points
        #[arg(long, default_value_t = 0.2, value_name = "POINTS", value_parser = points)]
        effect: f64,
        /// Number of simulated studies in each setting
        #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        studies: u32,
    },
    /// Print which lambda and peak learning rate are best for each arm on held-out training images, and write
    /// the experiment that compares the arms at these
    Tune {
        #[command(flatten)]
        of: Of,
        /// Number of seeds at every rankscale of the comparison
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(2..=1000))]
        replicates: u32,
    },
    /// Compare two analysed studies, paired where they share network, arm, lambda and seed
    Compare {
        /// First study: a directory, or a study's name below `results/`
        #[arg(long, value_name = "DIR|NAME")]
        a: PathBuf,
        /// Second study, in the same way
        #[arg(long, value_name = "DIR|NAME")]
        b: PathBuf,
        /// Directory of the kept studies
        #[arg(long, default_value = "results", value_name = "DIR")]
        results: PathBuf,
        /// File to which all numbers are written as JSON
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
    },
    /// Print shell completions for this program: for bash, source them; README.md says more
    Completions {
        /// Shell to complete for
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Import a notebook's results.json as runs; several files are one set of runs
    Import {
        /// Files to import
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Keep an experiment's finished runs with the source, and analyse them there
    Publish {
        /// Experiment, by its name among the plans of WORK [default: that of the newest sweep]
        #[arg(long, value_name = "NAME")]
        experiment: Option<String>,
        /// Name of the study below `results/`
        #[arg(long)]
        name: String,
        /// Directory of the kept studies
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
        Some(Verb::Import { files }) => return analysis::import(&files, &layout, &mut Notes),
        Some(Verb::Publish { experiment, name, results }) => {
            return analysis::publish::publish(&layout, experiment.as_deref(), &results, &name, &mut Notes);
        }
        Some(Verb::Power { of, sd }) => return say_power(&layout, &find(of, &layout)?, sd),
        Some(Verb::Simulate { of, design, sd, effect, studies }) => {
            let design = match design {
                Some((networks, pairs)) => Design::balanced(networks, pairs),
                None => design_of(&find(of, &layout)?)?,
            };
            let rows = characteristics::characteristics(&design, sd, effect, studies);
            return Ok(print(characteristics::table(&design, effect, &rows))?);
        }
        Some(Verb::Tune { of, replicates }) => {
            return Ok(print(analysis::tuning::tune(&layout, find(of, &layout)?, replicates)?.text)?);
        }
        Some(Verb::Completions { shell }) => {
            let mut script = Vec::new();
            generate(shell, &mut Arguments::command(), "analysis", &mut script);
            return Ok(print(String::from_utf8(script)?)?);
        }
        Some(Verb::Compare { a, b, results, json }) => return compare([&a, &b], &results, json),
        None => {}
    }
    let choice = match arguments.experiment {
        Some(experiment) => Choice::Named { experiment, directory: arguments.experiments },
        None if arguments.all_runs => Choice::AllRuns,
        None => Choice::Newest,
    };
    analysis::analyse(&layout, &choice, arguments.results_arms, &mut Notes).map(drop)
}

/// A directory takes precedence over a kept study of the same name.
fn compare(places: [&Path; 2], results: &Path, json: Option<PathBuf>) -> anyhow::Result<()> {
    let read = |place: &Path| {
        let kept = results.join(place);
        let root = if place.is_dir() || !kept.is_dir() { place } else { &kept };
        Study::read(&Layout::new(root)).with_context(|| {
            format!(
                "{}: an analysed study is needed; `just analyse`, with WORK= or STUDY=, makes it one",
                root.display()
            )
        })
    };
    let ([first, second], names) =
        ([read(places[0])?, read(places[1])?], places.map(|place| place.display().to_string()));
    let compared = analysis::compare::compare([(&names[0], &first), (&names[1], &second)]);
    if let Some(path) = json {
        artifacts::atomic::write(&path, artifacts::atomic::json(&compared)?)?;
    }
    Ok(print(analysis::compare::markdown(&compared).trim_end())?)
}

fn find(of: Of, layout: &Layout) -> anyhow::Result<Experiment> {
    let name = of.experiment.context("--experiment: name the experiment, as in `--experiment desktop`")?;
    Ok(Experiment::find(&name, &of.experiments, layout)?)
}

fn design_of(experiment: &Experiment) -> anyhow::Result<Design> {
    Design::of(experiment).with_context(|| {
        format!(
            "{}: compares nothing: its grids need an arm and its baseline at the same rankscales",
            experiment.name
        )
    })
}

fn say_power(layout: &Layout, experiment: &Experiment, sd: Option<f64>) -> anyhow::Result<()> {
    let Some(design) = Design::of(experiment) else {
        return Ok(print("It compares nothing, so there is nothing to find.\n")?);
    };
    let found = Summary::read(layout).ok().and_then(|summary| power::known_sd(&summary, experiment));
    let found = found.map(|(sd, pairs)| {
        (sd, format!("{} in {}", many(u64::from(pairs), "pair"), layout.root().display()))
    });
    let known = match (sd, &found) {
        (Some(sd), _) => Some((sd, "the command line")),
        (None, Some((sd, source))) => Some((*sd, source.as_str())),
        (None, None) => None,
    };
    let remarks = power::remarks(experiment).into_iter().map(|remark| format!("  {remark}"));
    let text = power::table(&design, known).trim_end().to_owned();
    Ok(print(std::iter::once(text).chain(remarks).collect::<Vec<_>>().join("\n"))?)
}

/// Parses a number of percentage points.
fn points(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(points) if points.is_finite() && points.abs() <= 100.0 && points != 0.0 => Ok(points),
        _ => Err("must be a number of percentage points, such as 0.3".to_owned()),
    }
}

/// Parses a standard deviation in percentage points.
fn spread(text: &str) -> Result<f64, String> {
    points(text).and_then(|sd| if sd > 0.0 { Ok(sd) } else { Err("must be above zero".to_owned()) })
}

/// Parses a shape such as `3x9`.
fn shape(text: &str) -> Result<(usize, usize), String> {
    let numbers = text.split_once('x').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
    match numbers {
        Some((networks @ 1..=1000, pairs @ 2..=1000)) => Ok((networks, pairs)),
        _ => Err("must be networks and pairs of each, such as 3x9, with two pairs or more".to_owned()),
    }
}
