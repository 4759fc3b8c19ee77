//! A whole experiment: what it will run, how long it expects to take, and then run after run.
//!
//! *Invariant:* a finished run is never trained again; one run's failure does not stop the others, but the sweep ends
//! with an error that names it.

use crate::estimate::Pace;
use crate::session::{Outcome, train};
use crate::workplace::Workplace;
use anyhow::bail;
use artifacts::run::{RunFolder, Status};
use artifacts::{Configuration, Experiment};
use indicatif::HumanDuration;
use std::cmp::Reverse;
use std::time::{Duration, Instant};

/// What is left of one run.
#[derive(Debug)]
struct Planned<'a> {
    configuration: &'a Configuration,
    name: String,
    epochs_left: usize,
    expected: Duration,
}

impl Planned<'_> {
    /// By seed, so that a sweep cut short has whole grids of few seeds; within a seed the longest first, whose end is
    /// the hardest to foretell. A sort keeps the file's order among equals.
    fn turn(&self) -> (u64, Reverse<Duration>) {
        (self.configuration.seed, Reverse(self.expected))
    }
}

/// Runs what is left of an experiment: seed by seed, longest first. With `plan_only`, says what it would do.
///
/// # Errors
/// A run that failed; the sweep goes on with the others first.
pub fn sweep(
    workplace: &Workplace<'_>,
    experiment: &Experiment,
    plan_only: bool,
) -> anyhow::Result<Option<u8>> {
    experiment.write_plan(&workplace.layout.plan())?;
    let planned = plan(workplace, experiment)?;
    print_plan(workplace, experiment, &planned);
    if plan_only {
        return Ok(None);
    }
    let (start, mut failures) = (Instant::now(), Vec::new());
    let mut expected_left: Duration = planned.iter().map(|run| run.expected).sum();
    let mut expected_done = Duration::ZERO;
    for (index, run) in planned.iter().enumerate() {
        match train(workplace, run.configuration) {
            Ok(Outcome::Done(accuracy)) => {
                eprintln!("{}: done, test accuracy {:.2} %", run.name, accuracy * 100.0);
            }
            Ok(Outcome::Diverged(epoch)) => eprintln!("{}: diverged in epoch {epoch}", run.name),
            Ok(Outcome::Interrupted(epoch)) => {
                let code = workplace.stop.requested();
                eprintln!(
                    "{}: stopped; {epoch} epochs are saved, and the same command goes on from there",
                    run.name
                );
                return Ok(code);
            }
            Err(error) => {
                eprintln!("{}: failed: {error:#}", run.name);
                failures.push(run.name.clone());
            }
        }
        expected_left = expected_left.saturating_sub(run.expected);
        expected_done += run.expected;
        // What was expected, corrected by how wrong that has been so far.
        let correction = start.elapsed().as_secs_f64() / expected_done.as_secs_f64().max(1e-9);
        eprintln!(
            "sweep: {} of {} runs, about {} left",
            index + 1,
            planned.len(),
            HumanDuration(expected_left.mul_f64(correction))
        );
    }
    if !failures.is_empty() {
        bail!("{} of {} runs failed: {}", failures.len(), planned.len(), failures.join(", "));
    }
    Ok(None)
}

fn plan<'a>(workplace: &Workplace<'_>, experiment: &'a Experiment) -> anyhow::Result<Vec<Planned<'a>>> {
    let fingerprint = workplace.data.fingerprint();
    let mut planned: Vec<Planned<'_>> = experiment
        .runs
        .iter()
        .map(|configuration| {
            let name = configuration.run_name(&fingerprint);
            let epochs_left = epochs_left(&RunFolder::new(workplace.layout.run(&name)), configuration);
            Planned { configuration, name, epochs_left, expected: Duration::ZERO }
        })
        .filter(|run| run.epochs_left > 0)
        .collect();
    if planned.is_empty() {
        return Ok(planned);
    }
    let configurations: Vec<Configuration> = planned.iter().map(|run| run.configuration.clone()).collect();
    let pace = Pace::measure(workplace, &configurations)?;
    for run in &mut planned {
        let train = run.configuration.train_images.unwrap_or(workplace.data.train.len());
        let test = run.configuration.test_images.unwrap_or(workplace.data.test.len());
        run.expected = pace.expect(run.configuration, run.epochs_left, train, test);
    }
    planned.sort_by_key(Planned::turn);
    Ok(planned)
}

/// Epochs left of a run; a folder that cannot be read has all of them, and training it will say why.
fn epochs_left(folder: &RunFolder, configuration: &Configuration) -> usize {
    match folder.read() {
        Ok((record, _)) if matches!(record.status, Status::Done | Status::Diverged) => 0,
        Ok((_, epochs)) => configuration.epochs.saturating_sub(epochs.len()).max(1),
        Err(_) => configuration.epochs,
    }
}

fn print_plan(workplace: &Workplace<'_>, experiment: &Experiment, planned: &[Planned<'_>]) {
    let total: Duration = planned.iter().map(|run| run.expected).sum();
    eprintln!("experiment {}: {}", experiment.name, experiment.title);
    eprintln!(
        "{} runs, {} of them done; {} to go on {}, {} threads, expected time {}",
        experiment.runs.len(),
        experiment.runs.len() - planned.len(),
        planned.len(),
        workplace.device,
        workplace.threads,
        HumanDuration(total)
    );
    for run in planned {
        eprintln!("  {:<44} {:>4} epochs  about {}", run.name, run.epochs_left, HumanDuration(run.expected));
    }
    eprintln!("results go to {}", workplace.layout.runs().display());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_seed_comes_first_and_its_longest_run_before_the_others() {
        let configurations = [0, 1].map(|seed| Configuration { seed, ..Configuration::default() });
        let planned = |seed: usize, name: &str, seconds| Planned {
            configuration: &configurations[seed],
            name: name.to_owned(),
            epochs_left: 1,
            expected: Duration::from_secs(seconds),
        };
        let mut runs = [planned(1, "d", 1), planned(1, "c", 9), planned(0, "b", 2), planned(0, "a", 5)];
        runs.sort_by_key(Planned::turn);
        assert_eq!(runs.map(|run| run.name), ["a", "b", "c", "d"]);
    }
}
