//! The engine of each planned run, which an experiment's file leaves open.

use crate::runs::run::Run;
use artifacts::{Backend, Configuration, Experiment};
use std::collections::HashMap;

/// Sets the engine of each run, which an experiment's file leaves open, to the engine that has completed the
/// most epochs of it, or to the fused engine if there are none.
#[must_use]
pub fn on_engines_found(experiment: Experiment, runs: &[Run]) -> Experiment {
    let epochs: HashMap<String, usize> =
        runs.iter().map(|run| (run.record.configuration.identity(""), run.epochs.len())).collect();
    let furthest = |run: Configuration| {
        let candidates = [Backend::Tch, Backend::Fused].map(|engine| run.clone().on(engine));
        let found = candidates.into_iter().max_by_key(|run| epochs.get(&run.identity("")).copied());
        found.expect("there are two")
    };
    Experiment { runs: experiment.runs.into_iter().map(furthest).collect(), ..experiment }
}

#[cfg(test)]
mod tests {
    use super::*;
    use artifacts::run::{DataProvenance, EpochRow, FORMAT, Origin, RunRecord, Status};

    fn run(configuration: &Configuration, epochs: u32) -> Run {
        let epoch = |epoch| EpochRow { epoch, test_accuracy: 0.5, ..EpochRow::default() };
        let record = RunRecord {
            format: FORMAT,
            name: configuration.run_name("data"),
            status: Status::Running,
            counts: configuration.counts(),
            configuration: configuration.clone(),
            data: DataProvenance { fingerprint: "data".into(), source: "made up".into() },
            origin: Origin::Imported,
            continued: Vec::new(),
            sealed: None,
        };
        Run {
            record,
            epochs: (1..=epochs).map(epoch).collect(),
            layers: Vec::new(),
            trajectory: Vec::new(),
            marks: None,
        }
    }

    #[test]
    fn a_planned_run_is_the_one_that_has_come_furthest_on_either_engine() {
        let file = Configuration::default();
        let (tch, fused) = (file.clone().on(Backend::Tch), file.clone().on(Backend::Fused));
        let dense = Configuration { rankscale: 0, ..file.clone() };
        let planned = |runs: &[Run]| {
            let runs_planned = vec![file.clone(), dense.clone()];
            let experiment = Experiment {
                name: "e".into(),
                title: "t".into(),
                tuned: false,
                verdict: None,
                runs: runs_planned,
            };
            on_engines_found(experiment, runs).runs
        };
        assert_eq!(planned(&[]), [fused.clone(), dense.clone()]);
        assert_eq!(planned(&[run(&tch, 1)]), [tch.clone(), dense.clone()]);
        assert_eq!(planned(&[run(&tch, 1), run(&fused, 2)]), [fused, dense.clone()]);
        assert_eq!(planned(&[run(&tch, 0)]), [tch, dense]);
    }
}
