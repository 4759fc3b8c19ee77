//! `[[arm]]` of an experiment: the arms that it declares, and the arm that a name stands for.
//!
//! ```toml
//! [[arm]]
//! name = "half-power"                         # also part of the names of its runs' folders
//! baseline = "original"                       # an arm of the house, or one declared above; if omitted, this
//!                                             # arm serves only as a baseline of others
//! factors = { ratio = "full", power = 0.5 }   # lambda x (parameters / full parameters)^power;
//!                                             # or a multiple of lambda; or "by-batch"
//! rest = 1.0                                  # the same for every other parameter
//! product = 0.0                               # decay of expand . contract, a multiple of lambda
//! schedule = { factors = "cosine", rest = "cosine" }   # or "constant"
//! ```
//!
//! *Invariant:* in an experiment a name stands for one arm.

use crate::configuration::{Configuration, InvalidConfiguration};
use network::arm::{Declaration, InvalidArm};
use network::{Arm, UnknownArm};
use serde::Serialize;
use std::collections::BTreeSet;
use std::iter::successors;

/// The arms that an experiment declares.
pub(super) struct Arms(Vec<Arm>);

impl Arms {
    /// Reads the declarations, in their order.
    pub(super) fn declared(declarations: Vec<Declaration<String>>) -> Result<Self, InvalidConfiguration> {
        let mut arms = Self(Vec::new());
        for declaration in declarations {
            let broken = |key, value: &str, rule| InvalidArm {
                arm: declaration.name.clone(),
                key,
                value: value.to_owned(),
                rule,
            };
            if arms.0.iter().any(|arm| arm.name() == declaration.name) {
                return Err(broken("name", &declaration.name, "is declared twice").into());
            }
            let rule = "must be an arm of the house, or one that is declared above";
            let baseline = declaration.baseline.as_ref();
            let baseline = baseline.map(|name| arms.named(name).map_err(|_| broken("baseline", name, rule)));
            let baseline = baseline.transpose()?;
            arms.0.push(declaration.with_baseline(baseline).arm()?);
        }
        Ok(arms)
    }

    /// Returns the arm with a name.
    pub(super) fn named(&self, name: &str) -> Result<Arm, UnknownArm> {
        let own = self.0.iter().copied().find(|arm| arm.name() == name);
        own.map_or_else(|| name.parse(), Ok).map_err(|_: UnknownArm| UnknownArm::beside(name, &self.0))
    }
}

/// Returns the arms of some runs, in the order in which documents list them: those of the house first.
#[must_use]
pub fn arms<'a>(runs: impl IntoIterator<Item = &'a Configuration>) -> Vec<Arm> {
    runs.into_iter().map(|run| run.decay).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Formats the declarations of those arms that are not of the house, and of their baselines, as an
/// experiment's TOML.
#[must_use]
pub fn declarations(arms: &[Arm]) -> String {
    #[derive(Serialize)]
    struct File {
        arm: Vec<Declaration<String>>,
    }
    let mut list: Vec<Arm> = Vec::new();
    for arm in arms {
        let chain = successors(Some(*arm), |arm| arm.baseline());
        let own: Vec<Arm> = chain.take_while(|arm| !arm.is_of_the_house() && !list.contains(arm)).collect();
        list.extend(own.into_iter().rev());
    }
    if list.is_empty() {
        return String::new();
    }
    let declaration =
        |arm: Arm| Declaration::from(arm).with_baseline(arm.baseline().map(|of| of.to_string()));
    let file = File { arm: list.into_iter().map(declaration).collect() };
    toml::to_string(&file).expect("a declaration is a table")
}

/// Returns two different arms with the same name, if there are any.
pub(super) fn namesakes(runs: &[Configuration]) -> Option<[Arm; 2]> {
    // Arms with the same name are neighbours in this order.
    arms(runs).array_windows().copied().find(|[first, second]| first.name() == second.name())
}
