//! The runs that are left of an experiment, the expected time of each, and their order.

use crate::machine::device::Device;
use crate::machine::memory::{self, Available, TooLarge};
use crate::run::context::RunContext;
use crate::sweep::estimate::Pace;
use artifacts::reading::is_there;
use artifacts::run::{RunError, RunFolder, Status};
use artifacts::{Configuration, Experiment};
use std::cmp::Reverse;
use std::time::Duration;

/// What is left of one run.
#[derive(Debug, Clone)]
pub(super) struct Planned<'a> {
    pub(super) configuration: &'a Configuration,
    pub(super) name: String,
    pub(super) epochs_left: usize,
    pub(super) expected: Duration,
    /// The bytes of memory that it needs while it runs.
    pub(super) memory: u64,
}

/// A run that is not trained, and the reason.
pub(super) type Refused<'a> = (Planned<'a>, TooLarge);

impl Planned<'_> {
    /// Returns the sort key: by seed, so that an interrupted sweep has complete grids of few seeds; within a
    /// seed the longest first, whose end is the hardest to predict. A stable sort keeps the file's order
    /// among equal keys.
    fn turn(&self) -> (u64, Reverse<Duration>) {
        (self.configuration.seed, Reverse(self.expected))
    }
}

/// The state of an experiment.
pub(super) struct Left<'a> {
    /// Runs that have not ended, without their times and memory.
    pub(super) runs: Vec<Planned<'a>>,
    /// Names of the runs that diverged.
    pub(super) diverged: Vec<String>,
    /// Names of the runs whose folders cannot be used as they are, each with the reason.
    pub(super) unusable: Vec<(String, String)>,
    /// The number of runs that have a record: done, diverged, under way, killed in their first epoch, or
    /// damaged.
    pub(super) begun: usize,
    /// The reason why it is not known whether some run has begun.
    pub(super) unseen: Option<String>,
}

/// Inspects the folder of every run.
pub(super) fn left<'a>(context: &RunContext<'_>, experiment: &'a Experiment) -> Left<'a> {
    let mut left =
        Left { runs: Vec::new(), diverged: Vec::new(), unusable: Vec::new(), begun: 0, unseen: None };
    for configuration in &experiment.runs {
        let folder = context.folder(configuration);
        let name = folder.name();
        let has_begun = is_there(&folder.record_path());
        left.begun += usize::from(matches!(has_begun, Ok(true)));
        left.unseen = left.unseen.or_else(|| has_begun.as_ref().err().map(ToString::to_string));
        let epochs_left = match state(&folder, configuration) {
            Ok((Status::Done, _)) => None,
            Ok((Status::Diverged, _)) => {
                left.diverged.push(name.clone());
                None
            }
            Ok((Status::Running | Status::Interrupted, epochs)) => Some(epochs),
            // Training it will say why.
            Err(error) => {
                if has_begun.unwrap_or(true) {
                    left.unusable.push((name.clone(), error.to_string()));
                }
                Some(configuration.recipe.epochs)
            }
        };
        if let Some(epochs_left) = epochs_left {
            left.runs.push(Planned { configuration, name, epochs_left, expected: Duration::ZERO, memory: 0 });
        }
    }
    left
}

/// Separates the runs that fit into one of the devices from those that fit into none, which get the reason.
pub(super) fn fitting<'a>(
    left: Vec<Planned<'a>>,
    devices: &[(Device, Available)],
) -> (Vec<Planned<'a>>, Vec<Refused<'a>>) {
    let (mut fitting, mut refused) = (Vec::new(), Vec::new());
    for run in left {
        match memory::fits(run.memory, devices) {
            Ok(()) => fitting.push(run),
            Err(reason) => refused.push((run, reason)),
        }
    }
    (fitting, refused)
}

/// Times some of the runs on the device where they will run, and sorts all of them; `None` if the user asked
/// to stop.
pub(super) fn in_order<'a>(
    context: &RunContext<'_>,
    mut planned: Vec<Planned<'a>>,
) -> Option<Vec<Planned<'a>>> {
    if planned.is_empty() {
        return Some(planned);
    }
    let configurations: Vec<Configuration> = planned.iter().map(|run| run.configuration.clone()).collect();
    let pace = Pace::measure(context, &configurations)?;
    for run in &mut planned {
        let (train, test) = context.data.most(run.configuration);
        let train = run.configuration.recipe.train_images.unwrap_or(train);
        let test = run.configuration.recipe.test_images.unwrap_or(test);
        run.expected = pace.expect(run.configuration, run.epochs_left, train, test);
    }
    planned.sort_by_key(Planned::turn);
    Some(planned)
}

/// Returns whether there is anything left of a run.
pub(super) fn is_left(context: &RunContext<'_>, configuration: &Configuration) -> bool {
    !state(&context.folder(configuration), configuration).is_ok_and(|(status, _)| status.has_ended())
}

/// Returns the status of a run, and how many epochs it has left unless it has ended.
fn state(folder: &RunFolder, configuration: &Configuration) -> Result<(Status, usize), RunError> {
    let (record, epochs) = folder.read_whole()?;
    Ok((record.status, configuration.recipe.epochs.saturating_sub(epochs.len()).max(1)))
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
            memory: 0,
        };
        let mut runs = [planned(1, "d", 1), planned(1, "c", 9), planned(0, "b", 2), planned(0, "a", 5)];
        runs.sort_by_key(Planned::turn);
        assert_eq!(runs.map(|run| run.name), ["a", "b", "c", "d"]);
    }
}
