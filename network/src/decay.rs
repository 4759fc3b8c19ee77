//! The arms: how strongly each kind of parameter decays, and at which rate it learns.
//!
//! Everything is in mean-loss units: the update adds `decay * parameter` to the gradient of the mean
//! cross-entropy. The two `published-*` arms do what the notebook's code did, where the loss was summed over
//! the batch and the rate divided by its size, but not the decay.

use crate::counts::Counts;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Which weight decay a run uses; the experiment's treatment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arm {
    /// The same decay for every parameter.
    Original,
    /// Low-rank factors decay less, by parameters over parameters with full 3x3 convolutions.
    Appropriate,
    /// The same by parameters over parameters with depthwise-separable convolutions.
    AppropriateSeparable,
    /// Half the squared Frobenius norm of `expand . contract` (Khodak et al., arXiv 2105.01029).
    Frobenius,
    /// No decay at all.
    None,
    /// Every parameter decays less, by the factor by which those of `appropriate` do: whether a smaller decay is all that arm is.
    OriginalScaled,
    /// What the notebook's code did without its `-d` flag: decay divided by the batch size.
    PublishedOriginal,
    /// What it did with `-d`: the same, and only the factors follow the cosine.
    PublishedAppropriate,
}

/// A name that no arm has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown decay arm `{0}`: expected one of {list}", list = Arm::ALL.map(Arm::name).join(", "))]
pub struct UnknownArm(pub String);

/// Decay of the two kinds of parameters, in mean-loss units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WeightDecay {
    /// Of `contract` and `expand`, added to their gradients as `factors * weight`.
    pub factors: f64,
    /// Of every other parameter.
    pub rest: f64,
    /// Strength of the penalty on the product: the gradient of `product / 2 * |expand . contract|^2`.
    pub product: f64,
}

impl Arm {
    /// Every arm, in the order in which documents list them.
    pub const ALL: [Self; 8] = [
        Self::Original,
        Self::Appropriate,
        Self::AppropriateSeparable,
        Self::Frobenius,
        Self::None,
        Self::OriginalScaled,
        Self::PublishedOriginal,
        Self::PublishedAppropriate,
    ];

    /// The name in files, flags and figures.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::Appropriate => "appropriate",
            Self::AppropriateSeparable => "appropriate-separable",
            Self::Frobenius => "frobenius",
            Self::None => "none",
            Self::OriginalScaled => "original-scaled",
            Self::PublishedOriginal => "published-original",
            Self::PublishedAppropriate => "published-appropriate",
        }
    }

    /// The decays of this arm for a base strength `lambda`, a network and a batch size.
    #[must_use]
    pub fn weight_decay(self, lambda: f64, counts: &Counts, batch: usize) -> WeightDecay {
        let (factors, rest, product) = match self {
            Self::Original => (lambda, lambda, 0.0),
            Self::Appropriate => (lambda * counts.ratio_full, lambda, 0.0),
            Self::AppropriateSeparable => (lambda * counts.ratio_separable, lambda, 0.0),
            Self::Frobenius => (0.0, lambda, lambda),
            Self::None => (0.0, 0.0, 0.0),
            Self::OriginalScaled => (lambda * counts.ratio_full, lambda * counts.ratio_full, 0.0),
            Self::PublishedOriginal | Self::PublishedAppropriate => {
                (lambda / batch as f64, lambda / batch as f64, 0.0)
            }
        };
        WeightDecay { factors, rest, product }
    }

    /// Whether only the low-rank factors follow the cosine while the rest keeps the peak rate.
    #[must_use]
    pub const fn keeps_rest_at_peak(self) -> bool {
        matches!(self, Self::PublishedAppropriate)
    }
}

impl fmt::Display for Arm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Arm {
    type Err = UnknownArm;

    fn from_str(name: &str) -> Result<Self, UnknownArm> {
        Self::ALL.into_iter().find(|arm| arm.name() == name).ok_or_else(|| UnknownArm(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Architecture, FULL_CHANNELS};

    #[test]
    fn names_and_wire_names_agree() {
        for arm in Arm::ALL {
            assert_eq!(arm.name().parse(), Ok(arm));
            assert_eq!(serde_json::to_value(arm).unwrap(), arm.name());
        }
        let message = "apropriate".parse::<Arm>().unwrap_err().to_string();
        assert!(message.contains("`apropriate`") && message.contains("appropriate-separable"), "{message}");
    }

    #[test]
    fn scaled_everywhere_is_the_plain_decay_at_a_smaller_lambda() {
        let counts = Counts::of(&Architecture::new(8, FULL_CHANNELS).unwrap());
        let plain = Arm::Original.weight_decay(5e-4 * counts.ratio_full, &counts, 512);
        assert_eq!(Arm::OriginalScaled.weight_decay(5e-4, &counts, 512), plain);
        assert_eq!(plain.factors, Arm::Appropriate.weight_decay(5e-4, &counts, 512).factors);
    }

    #[test]
    fn at_rankscale_2_the_separable_ratio_raises_the_decay_and_the_full_ratio_lowers_it() {
        let counts = Counts::of(&Architecture::new(2, FULL_CHANNELS).unwrap());
        let factors = |arm: Arm| arm.weight_decay(1.0, &counts, 512).factors;
        assert!(factors(Arm::AppropriateSeparable) > 1.1);
        assert!(factors(Arm::Appropriate) < 0.13);
        assert!((factors(Arm::PublishedOriginal) - 1.0 / 512.0).abs() < 1e-15);
    }
}
