//! The arms: which weight decay a run has, the experiment's treatment.
//!
//! An arm is its [`Definition`]. Those of the house are constants ([`Arm::HOUSE`]); an experiment declares
//! others ([`Declaration`]). Whatever lists, trains, compares, draws or describes arms takes it from the
//! definition.
//!
//! *Invariant:* two arms are equal exactly where their definitions are; no two arms of the house have one
//! name, and no other arm has the name of one of them.

mod house;
mod own;

pub use house::UnknownArm;
pub use own::{Declaration, InvalidArm};

use crate::counts::Counts;
use crate::decay::{Strength, WeightDecay};
use crate::schedule::{LearningRates, Schedule};
use std::fmt;
use std::hash::{Hash, Hasher};

/// The definition of an arm, which is everything that there is to it.
#[derive(Debug, PartialEq)]
pub struct Definition {
    /// The name in files, flags, figures and the folders of runs.
    pub name: &'static str,
    /// The arm that it is compared with; none where others are compared with it.
    pub baseline: Option<Arm>,
    /// The decay of `contract` and `expand`.
    pub factors: Strength,
    /// The decay of every other parameter.
    pub rest: Strength,
    /// The decay of the product `expand . contract`, half its squared Frobenius norm, as a multiple of lambda
    /// (Khodak et al., arXiv 2105.01029).
    pub product: f64,
    /// The courses of the learning rates.
    pub schedule: Schedule,
    /// A sentence that says what it does, for those who choose among arms.
    pub sentence: &'static str,
}

/// A rule of weight decay and learning rate, which a run follows.
#[derive(Clone, Copy)]
pub struct Arm(&'static Definition);

impl Arm {
    /// Returns its definition.
    #[must_use]
    pub const fn definition(self) -> &'static Definition {
        self.0
    }

    /// Returns the name in files, flags, figures and the folders of runs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0.name
    }

    /// Returns the arm that it is compared with; none where others are compared with it.
    #[must_use]
    pub const fn baseline(self) -> Option<Self> {
        self.0.baseline
    }

    /// Returns whether this arm decays every parameter as the other one does, at the same lambda; then they
    /// differ in the learning rates alone.
    #[must_use]
    pub fn decays_as(self, other: Self) -> bool {
        let [ours, theirs] = [self, other].map(|arm| (arm.0.factors, arm.0.rest, arm.0.product));
        ours == theirs
    }

    /// Returns the decays of this arm for a base strength `lambda`, a network and the images of an update.
    #[must_use]
    pub fn weight_decay(self, lambda: f64, counts: &Counts, batch: usize) -> WeightDecay {
        let Definition { factors, rest, product, .. } = *self.0;
        WeightDecay {
            factors: factors.of(lambda, counts, batch),
            rest: rest.of(lambda, counts, batch),
            product: lambda * product,
        }
    }

    /// Returns the learning rates of update `k` (counted from 1) of `total`.
    #[must_use]
    pub fn learning_rates(self, peak: f64, k: usize, total: usize) -> LearningRates {
        self.0.schedule.rates(peak, k, total)
    }
}

impl Definition {
    /// Returns the decays and the schedule as the cells of a table: factors, every other parameter, learning
    /// rate.
    #[must_use]
    pub fn cells(&self) -> [String; 3] {
        let mut factors = self.factors.to_string();
        if self.product != 0.0 {
            factors = format!("{factors}, and {} on their product", Strength::Times(self.product));
        }
        [factors, self.rest.to_string(), self.schedule.to_string()]
    }
}

impl PartialEq for Arm {
    /// There is one place for each definition, so that two arms are equal where their places are.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Arm {}

impl Hash for Arm {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl fmt::Debug for Arm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Arm({})", self.name())
    }
}

impl fmt::Display for Arm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
