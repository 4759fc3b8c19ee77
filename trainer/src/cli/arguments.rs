//! The command line.

use crate::cli::numbers::{self, whole};
use crate::cli::run::Run;
use artifacts::configuration::{BATCH, EPOCHS};
use artifacts::{Configuration, Precision, Recipe};
use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args, Parser, Subcommand};
use clap_complete::Shell;
use network::{Architecture, Arm};
use std::path::PathBuf;
use trainer::engine::ways::Changes;
use trainer::machine::device::{BackendChoice, DeviceChoice};
use trainer::sweep::Jobs;

/// Trains low-rank ResNet-9s on CIFAR-10 or CIFAR-100 into a folder of parquet per run.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Examples:
  trainer describe --rankscale 8 --json
  trainer train --rankscale 8 --decay appropriate --seed 0
  trainer train --rankscale 31 --epochs 4 --train-images 6144 --device cpu
  trainer bench --rankscale 8 --threads 2 --json
  trainer retrain --study results/quick --run r31-original-s0-208c877c
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
    /// Train one run, or take it up where it stopped
    #[command(after_help = Arm::listed())]
    Train(Train),
    /// Train what is left of an experiment
    #[command(
        after_help = "Ends with 0 when every run has ended, with 1 when some failed, with 75 when other processes train some of them still, \
                      and with 129, 130 or 143 (with `--slurm`, 85 for the last) after a SIGHUP, SIGINT or SIGTERM: the same command then goes on."
    )]
    Sweep(Sweep),
    /// Print how far every run of an experiment has come, whoever trains it
    Status(Status),
    /// Check all runs, seal those of earlier versions, and make missing or damaged tables again from the weights
    Repair(Repair),
    /// Train the first epochs of a kept run again and compare: bit for bit, or up to rounding with other instructions
    Retrain(Retrain),
    /// Measure how fast a network trains here, beside the processor's limit
    Bench(Bench),
    /// Print what this program finds: libtorch, GPUs, processor
    Doctor,
    /// Print what a shell offers when the tabulator is pressed: for bash, source it; README.md says more
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: Shell,
    },
}

/// Arguments of `describe`.
#[derive(Debug, Args)]
pub struct Describe {
    #[command(flatten)]
    pub run: Run,
    /// One JSON object instead of a table
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
    /// Name of a file in the experiments' directory, or a path to one
    #[arg(long, default_value = "quick")]
    pub experiment: String,
    /// Where named experiments lie
    #[arg(long, default_value = "experiments")]
    pub experiments: PathBuf,
    /// Runs side by side: a number, or auto for one to each CPU thread, on GPUs as `--jobs-per-device` says; fewer where memory is short
    #[arg(long, allow_negative_numbers = true, default_value = "auto", value_parser = numbers::jobs)]
    pub jobs: Jobs,
    /// Runs side by side on each GPU
    #[arg(long, allow_negative_numbers = true, default_value = "1", value_parser = whole::<usize>(1..=64))]
    pub jobs_per_device: usize,
    /// 1 to wait for runs that other processes train, and to take up what they leave
    #[arg(long, num_args = 0..=1, require_equals = true, default_value = "0", default_missing_value = "1", value_name = "0|1",
          action = clap::ArgAction::Set, value_parser = numbers::switch)]
    pub wait: bool,
    /// Say what would run and how long it would take, and stop
    #[arg(long)]
    pub plan: bool,
    /// With `--plan`: its numbers as one JSON object
    #[arg(long, requires = "plan")]
    pub json: bool,
    /// As a job of Slurm's, which counts its time-outs here: warned by a SIGTERM, back into the queue (85); 0 where others train the rest
    #[arg(long, value_name = "DIRECTORY", conflicts_with = "plan")]
    pub slurm: Option<PathBuf>,
    #[command(flatten)]
    pub place: WorkPlace,
}

/// Arguments of `status`.
#[derive(Debug, Args)]
pub struct Status {
    /// Name of a file in the experiments' directory, or a path to one [default: the experiment of the newest sweep]
    #[arg(long)]
    pub experiment: Option<String>,
    /// Where named experiments lie
    #[arg(long, default_value = "experiments")]
    pub experiments: PathBuf,
    /// tch or fused; auto is that of the newest sweep of this experiment, else the one for a CPU
    #[arg(long, default_value = "auto")]
    pub engine: BackendChoice,
    /// One JSON object instead of lines
    #[arg(long)]
    pub json: bool,
    /// Directory of all the pipeline's files
    #[arg(long, env = "WORK", default_value = "work")]
    pub work: PathBuf,
}

/// Arguments of `repair`.
#[derive(Debug, Args)]
pub struct Repair {
    /// Set aside what cannot be mended, so that the next sweep trains it anew
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value = "false",
          default_missing_value = "true", value_parser = BoolishValueParser::new())]
    pub retrain: bool,
    /// CPU threads [default: all cores]
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
    /// The run's name there
    #[arg(long)]
    pub run: String,
    /// Epochs to train again
    #[arg(long, allow_negative_numbers = true, default_value_t = 1, value_parser = whole::<usize>(EPOCHS))]
    pub epochs: usize,
    #[command(flatten)]
    pub place: WorkPlace,
}

/// Arguments of `bench`: updates on generated images, as a run would start.
#[derive(Debug, Args)]
pub struct Bench {
    /// Divisor that makes ranks out of channels; 0 is the dense network
    #[arg(long, allow_negative_numbers = true, value_parser = numbers::rankscale)]
    pub rankscale: i64,
    /// Images in an update
    #[arg(long, allow_negative_numbers = true, default_value_t = 512, value_parser = whole::<usize>(BATCH))]
    pub batch: usize,
    /// float32, bf16 or fp16
    #[arg(long, default_value = "float32")]
    pub precision: Precision,
    /// Updates to time; two more come first and are not counted
    #[arg(long, allow_negative_numbers = true, default_value_t = 5, value_parser = whole::<usize>(1..=10_000))]
    pub steps: usize,
    /// Updates of the epoch to time, with test images in proportion; 97 are all of CIFAR-10 [default: as `--steps`]
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<usize>(1..=10_000))]
    pub epoch_updates: Option<usize>,
    /// What libtorch is to do in another way, as in `filter=0,recorded=0`: one filter for depthwise and contract, the multiple that ranks
    /// are filled up to, the share below which batch norm goes through the bottleneck, recorded steps, a stream of its own
    #[arg(long, default_value = "")]
    pub ways: Changes,
    /// One JSON object on one line instead of a table
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

/// Where to run.
#[derive(Debug, Args)]
pub struct WorkPlace {
    /// Directory of all the pipeline's files
    #[arg(long, env = "WORK", default_value = "work")]
    pub work: PathBuf,
    #[command(flatten)]
    pub machine: Machine,
}

/// What to compute with.
#[derive(Debug, Args)]
pub struct Machine {
    /// auto, cpu, cuda or cuda:N; auto is the first GPU if there is one, and for a sweep all of them
    #[arg(long, default_value = "auto")]
    pub device: DeviceChoice,
    /// auto, tch or fused; auto is libtorch on a GPU, and on the CPU our own kernels for the networks they know
    #[arg(long, default_value = "auto")]
    pub engine: BackendChoice,
    /// CPU threads of each run, at most four for each core (16 on a small machine) [default: all cores, shared by runs side by side]
    #[arg(long, allow_negative_numbers = true, value_parser = numbers::threads())]
    pub threads: Option<usize>,
}
