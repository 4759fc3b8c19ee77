//! The `trainer` program.

mod cli;

use anyhow::Context;
use artifacts::dataset::Task;
use artifacts::output::{self, say};
use artifacts::{Configuration, Experiment, Layout};
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use cli::arguments::{self, Arguments, Command, WorkPlace};
use cli::machine::Machine;
use cli::{describe, doctor, numbers};
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::slice;
use trainer::bench::Bench;
use trainer::machine::allocator::keep_freed_pages;
use trainer::machine::device::Device;
use trainer::machine::progress::Screen;
use trainer::machine::stop::Stop;
use trainer::run::context::{RunContext, TrainTest};
use trainer::run::repair::{Repair, Tally};
use trainer::run::retrain;
use trainer::run::session::Outcome;
use trainer::sweep;
use trainer::sweep::slurm::Job;
use trainer::sweep::standing::Standing;
use trainer::sweep::{SideBySide, outlook};

fn main() -> ExitCode {
    keep_freed_pages();
    run(arguments().command).unwrap_or_else(|error| {
        say(format_args!("trainer: {error:#}"));
        ExitCode::FAILURE
    })
}

/// Parses the command line. A value that breaks its key's rule is reported in one line; all else is left to
/// clap.
fn arguments() -> Arguments {
    Arguments::try_parse().unwrap_or_else(|error| {
        if error.kind() == ErrorKind::ValueValidation {
            let message = error.to_string();
            say(message.lines().next().unwrap_or(&message).replacen("error", "trainer", 1));
            std::process::exit(error.exit_code());
        }
        error.exit()
    })
}

fn bench(arguments: arguments::Bench) -> anyhow::Result<()> {
    let (device, threads) = resolve(&arguments.machine)?;
    let measured = Bench {
        configuration: arguments.machine.engine.configure(device, arguments.configuration()?)?,
        device,
        threads,
        steps: arguments.steps,
        epoch_updates: arguments.epoch_updates.unwrap_or(arguments.steps),
        changes: arguments.ways,
        isa: arguments.isa,
    }
    .run()?;
    if arguments.json {
        output::print(serde_json::to_string(&measured.line)?)?;
    } else {
        output::print(measured)?;
    }
    Ok(())
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Describe(arguments) => describe::print(&arguments.run.configuration()?, arguments.json)?,
        Command::Bench(arguments) => bench(arguments)?,
        Command::Doctor => doctor::print()?,
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "trainer", &mut script);
            output::print(String::from_utf8(script)?)?;
        }
        Command::Train(arguments) => return train(&arguments),
        Command::Repair(arguments) => return repair(&arguments),
        Command::Retrain(arguments) => return retrain(arguments),
        Command::Sweep(arguments) => return sweep(&arguments),
        Command::Status(arguments) => status(&arguments)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Trains one run, and says how it ended.
fn train(arguments: &arguments::Train) -> anyhow::Result<ExitCode> {
    let stop = listen()?;
    let configuration = arguments.run.configuration()?;
    let engine = arguments.place.machine.engine;
    at(&stop, &arguments.place, slice::from_ref(&configuration), |context| {
        let configuration = engine.configure(context.device, configuration.clone())?;
        let outcome = sweep::single(context, &configuration)?;
        say(outcome.says(configuration.recipe.judged_by_what()));
        Ok(match outcome {
            Outcome::Done(_) => None,
            Outcome::Diverged(_) => Some(1),
            Outcome::Elsewhere => Some(sweep::ELSEWHERE),
            Outcome::Interrupted(_) => context.stop.exit_code(),
        })
    })
}

/// Trains the first epochs of a kept run again; fails if they differ.
fn retrain(mut arguments: arguments::Retrain) -> anyhow::Result<ExitCode> {
    let stop = listen()?;
    let kept = retrain::kept(&Layout::new(&arguments.study), &arguments.run)?;
    let configuration = kept.0.configuration.clone();
    let begun_on = kept.0.parts_of(1).next().map_or("", |made| made.device.as_str());
    let engine = arguments.place.machine.settle_on(configuration.engine, begun_on)?;
    at(&stop, &arguments.place, &[configuration], |context| {
        engine.resolve(context.device)?;
        let compared = retrain::retrain(context, kept, arguments.epochs)?;
        output::print(&compared)?;
        Ok((!compared.repeated()).then_some(1))
    })
}

/// Trains an experiment, or prints what that would be.
fn sweep(arguments: &arguments::Sweep) -> anyhow::Result<ExitCode> {
    let stop = listen()?;
    let layout = Layout::new(&arguments.place.work);
    let experiment = Experiment::find(&arguments.experiment, &arguments.experiments, &layout)?;
    let machine = &arguments.place.machine;
    numbers::together(arguments.jobs, machine.threads)?;
    let devices = machine.device.resolve_all(gpus())?;
    let experiment = experiment.on(machine.engine.resolve(devices[0])?);
    let side_by_side = SideBySide {
        jobs: arguments.jobs,
        per_device: NonZeroUsize::new(arguments.jobs_per_device).unwrap_or(NonZeroUsize::MIN),
        threads: machine.threads,
        cores: numbers::cores(),
        wait: arguments.wait,
    };
    at(&stop, &arguments.place, &experiment.runs, |context| {
        if arguments.json {
            let outlook = outlook::outlook(context, &devices, &experiment, side_by_side)?;
            outlook.map(|outlook| output::print(serde_json::to_string(&outlook)?)).transpose()?;
            return Ok(context.stop.exit_code());
        }
        let ended = sweep::sweep(context, &devices, &experiment, side_by_side, arguments.plan);
        match arguments.slurm.as_deref().and_then(Job::here) {
            Some(job) => job.ended(ended, context.stop, context.screen),
            None => ended,
        }
    })
}

/// Prints the progress of every run of an experiment.
fn status(arguments: &arguments::Status) -> anyhow::Result<()> {
    let layout = Layout::new(&arguments.work);
    let find = |name: &str| Experiment::find(name, &arguments.experiments, &layout);
    let experiment = arguments.experiment.as_deref().map(find).transpose()?;
    let standing = Standing::new(&layout, experiment, arguments.engine)?;
    if arguments.json {
        output::print(serde_json::to_string(&standing)?)?;
    } else {
        output::print(standing)?;
    }
    Ok(())
}

/// Checks and repairs all runs; fails if one stays damaged.
fn repair(arguments: &arguments::Repair) -> anyhow::Result<ExitCode> {
    let layout = Layout::new(&arguments.work);
    let threads = arguments.threads.unwrap_or_else(numbers::cores);
    let tally = Repair::new(&layout, threads, arguments.retrain).all(&mut |line| say(line))?;
    let Tally { whole, sealed, mended, aside, broken } = tally;
    output::print(format_args!(
        "{whole} runs as they should be, {sealed} of them sealed now and {mended} mended; {aside} set aside; {broken} damaged, or not to be repaired here"
    ))?;
    Ok(if broken > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Listens to signals, which each command that trains does first: to start CUDA and to read the images takes
/// seconds, in which a job may be told to stop.
fn listen() -> anyhow::Result<Stop> {
    Stop::on_signals().context("cannot listen to signals")
}

/// Prepares device, threads and the data of the runs, which share a data set, and converts the result of the
/// work to an exit code.
fn at(
    stop: &Stop,
    place: &WorkPlace,
    runs: &[Configuration],
    work: impl FnOnce(&RunContext<'_>) -> anyhow::Result<Option<u8>>,
) -> anyhow::Result<ExitCode> {
    let (device, threads) = resolve(&place.machine)?;
    let layout = Layout::new(&place.work);
    let task = runs.first().map_or_else(Task::default, |run| run.recipe.dataset);
    let judged_by_test = runs.iter().any(|run| run.recipe.is_judged_by_test());
    let data = TrainTest::read(&layout, task, judged_by_test)?;
    let screen = Screen::default();
    let code = work(&RunContext { layout: &layout, data: &data, device, threads, stop, screen: &screen })?;
    Ok(code.map_or(ExitCode::SUCCESS, ExitCode::from))
}

/// Resolves the device and the number of threads.
fn resolve(machine: &Machine) -> anyhow::Result<(Device, usize)> {
    Ok((machine.device.resolve(gpus())?, machine.threads.unwrap_or_else(numbers::cores)))
}

/// Returns the number of GPUs that this program can use; `None` if it has no CUDA.
fn gpus() -> Option<usize> {
    #[cfg(feature = "tch")]
    return trainer::engine::torch::gpus();
    #[cfg(not(feature = "tch"))]
    None
}
