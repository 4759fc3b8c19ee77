//! The arms of the house, and how they are found by name.
//!
//! The two `published-*` arms do what the notebook's code did, where the loss was summed over the batch and
//! the rate divided by its size, but not the decay.

use super::{Arm, Definition};
use crate::decay::{Counterpart, Strength};
use crate::schedule::{Course, Schedule};
use std::cmp::Ordering;
use std::str::FromStr;

/// The compression that Gray, Crowley and Storkey (arXiv 1906.00859) take.
const RATIO_FULL: Strength = Strength::Ratio { of: Counterpart::Full, power: 1.0 };

static ORIGINAL: Definition =
    Definition { name: "original", sentence: "The same decay for every parameter.", ..PLAIN };

static APPROPRIATE: Definition = Definition {
    name: "appropriate",
    factors: RATIO_FULL,
    sentence: "Low-rank factors decay less, by parameters over parameters with full 3x3 convolutions.",
    ..under_test(&ORIGINAL)
};

static APPROPRIATE_SEPARABLE: Definition = Definition {
    name: "appropriate-separable",
    factors: Strength::Ratio { of: Counterpart::Separable, power: 1.0 },
    sentence: "The same by parameters over parameters with depthwise-separable convolutions.",
    ..under_test(&ORIGINAL)
};

static FROBENIUS: Definition = Definition {
    name: "frobenius",
    factors: Strength::Times(0.0),
    product: 1.0,
    sentence: "Half the squared Frobenius norm of `expand . contract` decays in place of the factors.",
    ..under_test(&ORIGINAL)
};

static NONE: Definition = Definition {
    name: "none",
    factors: Strength::Times(0.0),
    rest: Strength::Times(0.0),
    sentence: "No decay at all.",
    ..under_test(&ORIGINAL)
};

static ORIGINAL_SCALED: Definition = Definition {
    name: "original-scaled",
    factors: RATIO_FULL,
    rest: RATIO_FULL,
    sentence: "Every parameter decays less, by the factor by which the factors of `appropriate` do.",
    ..under_test(&ORIGINAL)
};

static PUBLISHED_ORIGINAL: Definition = Definition {
    name: "published-original",
    factors: Strength::ByBatch,
    rest: Strength::ByBatch,
    sentence: "What the notebook's code did without its `-d` flag: decay divided by the batch size.",
    ..PLAIN
};

static PUBLISHED_APPROPRIATE: Definition = Definition {
    name: "published-appropriate",
    factors: Strength::ByBatch,
    rest: Strength::ByBatch,
    schedule: Schedule { factors: Course::Cosine, rest: Course::Constant },
    sentence: "What it did with `-d`: the same, and only the factors follow the cosine.",
    ..under_test(&PUBLISHED_ORIGINAL)
};

/// The definition of an arm that says nothing else.
const PLAIN: Definition = Definition {
    name: "",
    baseline: None,
    factors: Strength::LAMBDA,
    rest: Strength::LAMBDA,
    product: 0.0,
    schedule: Schedule::COSINE,
    sentence: "",
};

/// The definition of an arm that is compared with a baseline and says nothing else.
const fn under_test(baseline: &'static Definition) -> Definition {
    Definition { baseline: Some(Arm(baseline)), ..PLAIN }
}

impl Arm {
    /// The arm in which every parameter decays alike.
    pub const ORIGINAL: Self = Self(&ORIGINAL);
    /// The arm whose low-rank factors decay less, by the compression against full convolutions.
    pub const APPROPRIATE: Self = Self(&APPROPRIATE);
    /// The arm whose low-rank factors decay less, by the compression against depthwise-separable
    /// convolutions.
    pub const APPROPRIATE_SEPARABLE: Self = Self(&APPROPRIATE_SEPARABLE);
    /// The arm in which the product of the factors decays (Khodak et al., arXiv 2105.01029).
    pub const FROBENIUS: Self = Self(&FROBENIUS);
    /// The arm without decay, whose name is `none`.
    pub const NO_DECAY: Self = Self(&NONE);
    /// The arm in which everything decays less: it asks whether a smaller decay is all that `appropriate` is.
    pub const ORIGINAL_SCALED: Self = Self(&ORIGINAL_SCALED);
    /// The arm that does what the notebook's code did without its flag.
    pub const PUBLISHED_ORIGINAL: Self = Self(&PUBLISHED_ORIGINAL);
    /// The arm that does what the notebook's code did with its flag.
    pub const PUBLISHED_APPROPRIATE: Self = Self(&PUBLISHED_APPROPRIATE);

    /// The arms of the house, in the order in which documents list them.
    pub const HOUSE: [Self; 8] = [
        Self::ORIGINAL,
        Self::APPROPRIATE,
        Self::APPROPRIATE_SEPARABLE,
        Self::FROBENIUS,
        Self::NO_DECAY,
        Self::ORIGINAL_SCALED,
        Self::PUBLISHED_ORIGINAL,
        Self::PUBLISHED_APPROPRIATE,
    ];

    /// Returns names and sentences of the arms of the house, one a line.
    #[must_use]
    pub fn listed() -> String {
        let line =
            |arm: Self| format!("\n  {:<22} {}", arm.name(), arm.definition().sentence.replace('`', ""));
        let lines: String = Self::HOUSE.into_iter().map(line).collect();
        format!("Arms:{lines}\nAn experiment may declare others, which its sweep trains.")
    }

    /// Returns whether it is one of [`Arm::HOUSE`].
    #[must_use]
    pub fn is_of_the_house(self) -> bool {
        Self::HOUSE.contains(&self)
    }
}

impl Ord for Arm {
    /// The arms of the house come first, in their order; others follow by name.
    fn cmp(&self, other: &Self) -> Ordering {
        let place = |arm: &Self| Self::HOUSE.iter().position(|of| of == arm).unwrap_or(Self::HOUSE.len());
        let content = || format!("{:?}", self.0).cmp(&format!("{:?}", other.0));
        let by_place = place(self).cmp(&place(other));
        let by_name = by_place.then_with(|| self.name().cmp(other.name()));
        if by_name.is_eq() && self != other { content() } else { by_name }
    }
}

impl PartialOrd for Arm {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A name that no arm has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown decay arm `{name}`: expected one of {known}; an experiment declares arms of its own as [[arm]], and its sweep trains them"
)]
pub struct UnknownArm {
    name: String,
    known: String,
}

impl UnknownArm {
    /// The error for a name where these are known besides the arms of the house.
    #[must_use]
    pub fn beside(name: &str, own: &[Arm]) -> Self {
        let known: Vec<&str> = Arm::HOUSE.iter().chain(own).map(|arm| arm.name()).collect();
        Self { name: name.to_owned(), known: known.join(", ") }
    }
}

impl FromStr for Arm {
    type Err = UnknownArm;

    /// Finds an arm of the house by its name.
    fn from_str(name: &str) -> Result<Self, UnknownArm> {
        let found = Self::HOUSE.into_iter().find(|arm| arm.name() == name);
        found.ok_or_else(|| UnknownArm::beside(name, &[]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Architecture, Counts, FULL_CHANNELS};

    #[test]
    fn names_and_wire_names_agree() {
        for arm in Arm::HOUSE {
            assert_eq!(arm.name().parse(), Ok(arm));
            assert_eq!(serde_json::to_value(arm).unwrap(), arm.name());
            assert_eq!(serde_json::from_value::<Arm>(arm.name().into()).unwrap(), arm);
        }
        assert!(Arm::HOUSE.is_sorted());
        let message = "apropriate".parse::<Arm>().unwrap_err().to_string();
        for needle in ["`apropriate`", "appropriate-separable", "[[arm]]"] {
            assert!(message.contains(needle), "{message}");
        }
    }

    #[test]
    fn each_arm_is_compared_with_the_original_of_its_kind() {
        for arm in Arm::HOUSE {
            let baseline = match arm.name() {
                "original" | "published-original" => None,
                "published-appropriate" => Some(Arm::PUBLISHED_ORIGINAL),
                _ => Some(Arm::ORIGINAL),
            };
            assert_eq!(arm.baseline(), baseline, "{arm}");
        }
    }

    #[test]
    fn scaled_everywhere_is_the_plain_decay_at_a_smaller_lambda() {
        let counts = Counts::of(&Architecture::new(8, FULL_CHANNELS, 10).unwrap());
        let plain = Arm::ORIGINAL.weight_decay(5e-4 * counts.ratio_full, &counts, 512);
        assert_eq!(Arm::ORIGINAL_SCALED.weight_decay(5e-4, &counts, 512), plain);
        assert_eq!(plain.factors, Arm::APPROPRIATE.weight_decay(5e-4, &counts, 512).factors);
    }

    #[test]
    fn at_rankscale_2_the_separable_ratio_raises_the_decay_and_the_full_ratio_lowers_it() {
        let counts = Counts::of(&Architecture::new(2, FULL_CHANNELS, 10).unwrap());
        let factors = |arm: Arm| arm.weight_decay(1.0, &counts, 512).factors;
        assert!(factors(Arm::APPROPRIATE_SEPARABLE) > 1.1);
        assert!(factors(Arm::APPROPRIATE) < 0.13);
        assert!((factors(Arm::PUBLISHED_ORIGINAL) - 1.0 / 512.0).abs() < 1e-15);
    }

    #[test]
    fn only_the_published_arm_keeps_the_rest_at_the_peak() {
        let kept = Arm::HOUSE.into_iter().filter(|arm| arm.learning_rates(0.2, 100, 100).rest == 0.2);
        assert_eq!(kept.collect::<Vec<_>>(), [Arm::PUBLISHED_APPROPRIATE]);
    }

    /// The audit's table of arms is that of their definitions.
    #[test]
    fn the_documented_table_is_that_of_the_definitions() {
        let audit = include_str!("../../../docs/reference-audit.md");
        for arm in Arm::HOUSE {
            let row = format!("| `{arm}` | {} |\n", arm.definition().cells().join(" | "));
            assert!(audit.contains(&row), "docs/reference-audit.md lacks {row}");
        }
    }
}
