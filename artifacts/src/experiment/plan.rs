//! The plan: a resolved experiment as a file, for the stages after the sweep and for the seal.
//!
//! The file ends in a stamp (a checksum). Plans written before stamps were introduced have none, and are read
//! as they are.
//!
//! *Invariant:* the same experiment gives the same bytes, of which the plan's hash is computed.

use super::arms::namesakes;
use super::grid::MOST_RUNS;
use super::{Experiment, ExperimentError, TUNED, in_two_cells};
use crate::configuration::InvalidConfiguration;
use crate::layout::Layout;
use crate::{atomic, reading, stamp};
use std::collections::HashSet;
use std::path::{Component, Path};

impl Experiment {
    /// Writes the resolved experiment under its own name, and as that of the newest sweep.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write_plans(&self, layout: &Layout) -> Result<(), ExperimentError> {
        // The plan of the newest sweep is written last, so that it never names an experiment without a plan
        // of its own.
        self.write_plan(&layout.plan_of(&self.name))?;
        self.write_plan(&layout.plan())
    }

    /// Writes the resolved experiment, so that later stages know what was planned.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write_plan(&self, path: &Path) -> Result<(), ExperimentError> {
        Ok(stamp::write_stamped(path, self)?)
    }

    /// Returns the SHA-256 of what [`Experiment::write_plan`] writes, without the stamp: 64 hex digits.
    #[must_use]
    pub fn plan_sha256(&self) -> String {
        stamp::sha256(&atomic::json(self).expect("plain values have a JSON form"))
    }

    /// Reads what [`Experiment::write_plan`] wrote.
    ///
    /// # Errors
    /// The file is missing, damaged or foreign.
    pub fn read_plan(path: &Path) -> Result<Self, ExperimentError> {
        let experiment: Self =
            stamp::parse(&reading::bytes(path)?).map_err(|reason| ExperimentError::Toml {
                path: path.to_owned(),
                reason: format!("{reason}; put a copy of it in its place, such as a kept study's from version control; in a work folder, the next `just sweep` of its experiment writes it anew"),
            })?;
        experiment.checked().map_err(|reason| ExperimentError::Value { path: path.to_owned(), reason })
    }

    /// Checks a resolved experiment against the rules for experiments that are read from TOML.
    fn checked(self) -> Result<Self, InvalidConfiguration> {
        let broken = |key, value: &str, rule| Err(InvalidConfiguration::rule(key, &value, rule));
        let mut parts = Path::new(&self.name).components();
        if !matches!((parts.next(), parts.next()), (Some(Component::Normal(name)), None) if name == self.name.as_str())
        {
            return broken("name", &format!("`{}`", self.name), "must be the name of a folder");
        }
        if !(1..=MOST_RUNS).contains(&self.runs.len()) {
            return broken("runs", &self.runs.len().to_string(), "must be between 1 and 100000");
        }
        let task = self.task();
        if let Some(run) = self.runs.iter().find(|run| run.recipe.dataset != task) {
            return broken("dataset", run.recipe.dataset.name(), "is not that of the other runs");
        }
        let mut known = HashSet::new();
        for run in &self.runs {
            run.clone().validated()?;
            if !known.insert(run.identity("")) {
                return broken("runs", &run.run_name(""), "stands twice");
            }
        }
        if let Some([arm, _]) = namesakes(&self.runs) {
            return broken("decay", arm.name(), "is the name of two different arms");
        }
        if let Some(arm) = self.tuned.then(|| in_two_cells(&self.runs)).flatten() {
            return broken("lambda and peak_learning_rate of", &arm.to_string(), TUNED);
        }
        let verdict = self.verdict.clone().map(|verdict| verdict.validated(&self.runs)).transpose()?;
        Ok(Self { verdict, ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Task;
    use crate::experiment::{VerdictPlan, planned};
    use crate::{Configuration, Recipe};
    use network::Arm;

    #[test]
    fn a_plan_that_breaks_a_rule_is_named_with_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("plan.json");
        let run = Configuration::default();
        let plan = |name: &str, runs: Vec<Configuration>| Experiment {
            name: name.into(),
            title: "t".into(),
            tuned: false,
            verdict: None,
            runs,
        };
        let broken = Configuration { rankscale: 1 << 60, ..run.clone() };
        let recipe = Recipe { dataset: Task::Cifar100, ..run.recipe };
        let hundred = Configuration { recipe, ..run.clone() };
        let two = vec![run.clone(), Configuration { lambda: 2.0 * run.lambda, ..run.clone() }];
        let verdict = VerdictPlan { primary: Arm::ORIGINAL, looks: vec![1], alpha: 0.05, margin: 0.005 };
        for (plan, needle) in [
            (plan("../e", vec![run.clone()]), "name `../e`"),
            (plan("", vec![run.clone()]), "name ``"),
            (plan("e", vec![]), "runs 0"),
            (plan("e", vec![broken]), "rankscale 1152921504606846976"),
            (plan("e", vec![run.clone(), run.clone()]), "stands twice"),
            (plan("e", vec![run.clone(), hundred]), "dataset cifar100"),
            (Experiment { tuned: true, ..plan("e", two) }, "lambda and peak_learning_rate of original"),
            (Experiment { verdict: Some(verdict), ..plan("e", vec![run.clone()]) }, "verdict.looks [1]"),
        ] {
            plan.write_plan(&path).unwrap();
            let message = Experiment::read_plan(&path).unwrap_err().to_string();
            assert!(message.contains("plan.json") && message.contains(needle), "{message}");
        }
        plan("e", vec![run]).write_plan(&path).unwrap();
        assert!(Experiment::read_plan(&path).is_ok());
    }

    #[test]
    fn each_experiment_keeps_its_plan_and_the_newest_is_pointed_to() {
        let root = tempfile::tempdir().unwrap();
        let layout = Layout::new(root.path());
        let experiment = |name: &str| Experiment {
            name: name.into(),
            title: "t".into(),
            tuned: false,
            verdict: None,
            runs: vec![Configuration::default()],
        };
        for name in ["first", "second"] {
            experiment(name).write_plans(&layout).unwrap();
        }
        let read = |path: &Path| Experiment::read_plan(path).unwrap().name;
        assert_eq!(planned(&layout), ["first", "second"]);
        for name in ["first", "second"] {
            assert_eq!(Experiment::find(name, root.path(), &layout).unwrap(), experiment(name));
        }
        let message = Experiment::find("third", root.path(), &layout).unwrap_err().to_string();
        assert!(message.ends_with("or one of first, second"), "{message}");
        assert!(Experiment::find("../plans/first", root.path(), &layout).is_err());
        assert_eq!(read(&layout.plan()), "second");
        assert_eq!(["first", "second"].map(|name| read(&layout.plan_of(name))), ["first", "second"]);
        assert_eq!(layout.plan_of("first").parent(), layout.seal("first").parent());
    }
}
