//! The command line.

use crate::cli::machine::Machine;
use crate::cli::numbers::{self, whole};
use crate::cli::run::Run;
use artifacts::configuration::{BATCH, EPOCHS};
use artifacts::{Configuration, Precision, Recipe};
use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args, Parser, Subcommand};
use clap_complete::Shell;
use kernels::Isa;
use network::{Architecture, Arm};
use std::path::PathBuf;
use trainer::engine::ways::Changes;
use trainer::machine::device::BackendChoice;
use trainer::sweep::{Jobs, MOST_PER_GPU};

/// Train low-rank ResNet-9s on CIFAR-10 or CIFAR-100, and write a folder of parquet tables for each run.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Examples:
  trainer describe --rankscale 8 --json
  trainer train --rankscale 8 --decay appropriate --seed 0
  trainer train --rankscale 31 --epochs 4 --train-images 6144 --device cpu
  trainer bench --rankscale 8 --threads 2 --json
  trainer retrain --study results/seeds --run r31-original-s0-208c877c
  trainer sweep --experiment quick --plan
  trainer sweep --experiment pilot --jobs 2 --threads 1
  trainer sweep --experiment experiments/notebook.toml --device cuda:0"
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print a network's parameters, multiply-accumulates and compression ratios
    Describe(Describe),
    /// Train one run, or resume it where it stopped
    #[command(after_help = Arm::listed())]
    Train(Train),
    /// Train the runs of an experiment that are not trained yet
    #[command(
        after_help = "Exit codes: 0 when every run has ended, 1 when some failed, 75 when other processes are still training \
                      some of them, and 129, 130 or 143 (with `--slurm`, 85 instead of 143) after a SIGHUP, SIGINT or SIGTERM; \
                      the same command then resumes."
    )]
    Sweep(Sweep),
    /// Print the progress of every run of an experiment, whichever process trains it
    Status(Status),
    /// Check all runs, seal those of earlier versions, and rebuild missing or damaged tables from the weights
    Repair(Repair),
    /// Train the first epochs of a kept run again and compare them: bit for bit, or up to rounding where the
    /// processor instructions differ
    Retrain(Retrain),
    /// Measure how fast a network trains here, compared with the processor's limit
    Bench(Bench),
    /// Print what this program finds: libtorch, GPUs, processor
    Doctor,
    /// Print shell completions for this program: for bash, source them; README.md says more
    Completions {
        /// Shell to complete for
        #[arg(value_enum)]
        shell: Shell,
    },
}

/// Arguments of `describe`.
#[derive(Debug, Args)]
pub struct Describe {
    #[command(flatten)]
    pub run: Run,
    /// Print one JSON object instead of a table
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `train`.
#[derive(Debug, Args)]
pub struct Train {
    #[command(flatten)]
    pub run: Run,
    #[command(flatten)]
    pub place: WorkPlace,
}

/// Arguments of `sweep`.
#[derive(Debug, Args)]
pub struct Sweep {
    /// Experiment: the name of a file in the experiments' directory, or a path to one
    #[arg(long, default_value = "quick")]
    pub experiment: String,
    /// Directory in which experiments are looked up by name
    #[arg(long, default_value = "experiments")]
    pub experiments: PathBuf,
    /// Number of concurrent runs, or auto: one per CPU thread, and on GPUs as `--jobs-per-device` says; fewer
    /// where memory is short
    #[arg(long, allow_negative_numbers = true, default_value = "auto", value_parser = numbers::jobs)]
    pub jobs: Jobs,
    /// Number of concurrent runs on each GPU
    #[arg(long, allow_negative_numbers = true, default_value = "1", value_parser = whole::<usize>(1..=MOST_PER_GPU as u64))]
    pub jobs_per_device: usize,
    /// 1 to wait for runs that other processes train, and to take over what they leave
    #[arg(long, num_args = 0..=1, require_equals = true, default_value = "0", default_missing_value = "1", value_name = "0|1",
          action = clap::ArgAction::Set, value_parser = numbers::switch)]
    pub wait: bool,
    /// Print what would run and how long it would take, and train nothing
    #[arg(long)]
    pub plan: bool,
    /// With `--plan`: print its numbers as one JSON object
    #[arg(long, requires = "plan")]
    pub json: bool,
    /// Run as a Slurm job, whose time-outs are counted in this directory: requeue it after a SIGTERM that
    /// warns of its time limit, with exit code 85; exit with 0 where other processes train the rest
    #[arg(long, value_name = "DIRECTORY", conflicts_with = "plan")]
    pub slurm: Option<PathBuf>,
    #[command(flatten)]
    pub place: WorkPlace,
}

/// Arguments of `status`.
#[derive(Debug, Args)]
pub struct Status {
    /// Experiment: the name of a file in the experiments' directory, or a path to one [default: the
    /// experiment of the newest sweep]
    #[arg(long)]
    pub experiment: Option<String>,
    /// Directory in which experiments are looked up by name
    #[arg(long, default_value = "experiments")]
    pub experiments: PathBuf,
    /// Engine of the runs: tch or fused; auto is that of the newest sweep of this experiment, else the one
    /// for a CPU
    #[arg(long, default_value = "auto")]
    pub engine: BackendChoice,
    /// Print one JSON object instead of lines
    #[arg(long)]
    pub json: bool,
    /// Directory of all the pipeline's files
    #[arg(long, env = "WORK", default_value = "work")]
    pub work: PathBuf,
}

/// Arguments of `repair`.
#[derive(Debug, Args)]
pub struct Repair {
    /// Set aside what cannot be repaired, so that the next sweep trains it anew
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value = "false",
          default_missing_value = "true", value_parser = BoolishValueParser::new())]
    pub retrain: bool,
    /// Number of CPU threads [default: all cores]
    #[arg(long, allow_negative_numbers = true, value_parser = numbers::threads())]
    pub threads: Option<usize>,
    /// Directory of all the pipeline's files
    #[arg(long, env = "WORK", default_value = "work")]
    pub work: PathBuf,
}

/// Arguments of `retrain`.
#[derive(Debug, Args)]
pub struct Retrain {
    /// Directory of the kept study
    #[arg(long)]
    pub study: PathBuf,
    /// Name of the run in that study
    #[arg(long)]
    pub run: String,
    /// Number of epochs to train again
    #[arg(long, allow_negative_numbers = true, default_value_t = 1, value_parser = whole::<usize>(EPOCHS))]
    pub epochs: usize,
    #[command(flatten)]
    pub place: WorkPlace,
}

/// Arguments of `bench`: updates on generated images, as a run would start.
#[derive(Debug, Args)]
pub struct Bench {
    /// Divisor of a layer's output channels that gives its rank; 0 is the dense network
    #[arg(long, allow_negative_numbers = true, value_parser = numbers::rankscale)]
    pub rankscale: i64,
    /// Batch size: the number of images per update
    #[arg(long, allow_negative_numbers = true, default_value_t = 512, value_parser = whole::<usize>(BATCH))]
    pub batch: usize,
    /// Floating-point format: float32, bf16 or fp16
    #[arg(long, default_value = "float32")]
    pub precision: Precision,
    /// Number of updates to time, after the first ones, which are not counted
    #[arg(long, allow_negative_numbers = true, default_value_t = 5, value_parser = whole::<usize>(1..=10_000))]
    pub steps: usize,
    /// Number of updates in the epoch to time, with test images in proportion; 97 are all of CIFAR-10
    /// [default: as `--steps`]
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<usize>(1..=10_000))]
    pub epoch_updates: Option<usize>,
    /// Ways in which libtorch is to compute differently from the default, as in `filter=0,recorded=0`:
    /// `filter` merges the depthwise and contracting filters, with the rank padded to that multiple;
    /// `bottleneck` is the share of the outputs below which batch norm goes through the bottleneck; `norm`
    /// uses our own batch norm, `recorded` CUDA graphs, and `own` a stream of its own
    #[arg(long, default_value = "")]
    pub ways: Changes,
    /// Instructions of the fused engine, and of the limit: avx512, avx2, neon or scalar
    /// [default: the processor's best]
    #[arg(long, value_parser = instructions, conflicts_with = "json")]
    pub isa: Option<Isa>,
    /// Print one JSON object on one line instead of a table
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub machine: Machine,
}

impl Bench {
    /// Converts the arguments to a configuration for libtorch, which can train all of them.
    ///
    /// # Errors
    /// A value breaks a rule.
    pub fn configuration(&self) -> anyhow::Result<Configuration> {
        let Architecture { channels, classes, .. } = Configuration::default().architecture();
        Ok(Configuration {
            recipe: Recipe { batch: self.batch, precision: self.precision, ..Recipe::default() },
            rankscale: Architecture::new(self.rankscale, channels, classes)?.rankscale,
            ..Configuration::default()
        }
        .validated()?)
    }
}

fn instructions(name: &str) -> Result<Isa, String> {
    let found = Isa::ALL.into_iter().find(|isa| isa.name() == name);
    found.ok_or_else(|| format!("must be one of {}", Isa::ALL.map(Isa::name).join(", ")))
}

/// Where to run.
#[derive(Debug, Args)]
pub struct WorkPlace {
    /// Directory of all the pipeline's files
    #[arg(long, env = "WORK", default_value = "work")]
    pub work: PathBuf,
    #[command(flatten)]
    pub machine: Machine,
}
