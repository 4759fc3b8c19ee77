//! The strength of the decay of parameters.
//!
//! Everything is in mean-loss units: the update adds `decay * parameter` to the gradient of the mean
//! cross-entropy.

use crate::counts::Counts;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Decay of the two kinds of parameters, in mean-loss units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WeightDecay {
    /// The decay of `contract` and `expand`, which is added to their gradients as `factors * weight`.
    pub factors: f64,
    /// The decay of every other parameter.
    pub rest: f64,
    /// The strength of the penalty on the product, which adds the gradient of `product / 2 * |expand .
    /// contract|^2`.
    pub product: f64,
}

/// A strength of decay, as it follows from an experiment's lambda.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Strength {
    /// A multiple of lambda.
    Times(f64),
    /// Lambda times a power of the network's parameters over those of its counterpart.
    Ratio {
        /// The counterpart.
        of: Counterpart,
        /// The power.
        power: f64,
    },
    /// Lambda over the images of an update, as the notebook's code had it.
    ByBatch,
}

/// The network that another one's parameters are counted against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Counterpart {
    /// The network with full 3x3 convolutions.
    Full,
    /// The network with depthwise-separable convolutions.
    Separable,
}

impl Strength {
    /// Lambda itself.
    pub const LAMBDA: Self = Self::Times(1.0);

    /// Returns the strength in mean-loss units for a lambda, a network and the images of an update.
    #[must_use]
    pub fn of(self, lambda: f64, counts: &Counts, batch: usize) -> f64 {
        match self {
            Self::Times(multiple) => lambda * multiple,
            Self::Ratio { of, power } => {
                let ratio = match of {
                    Counterpart::Full => counts.ratio_full,
                    Counterpart::Separable => counts.ratio_separable,
                };
                // A power may round, and the arms of the house have none.
                lambda * if power == 1.0 { ratio } else { ratio.powf(power) }
            }
            Self::ByBatch => lambda / batch as f64,
        }
    }
}

/// The formula, as tables and reports print it.
impl fmt::Display for Strength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Times(0.0) => f.write_str("0"),
            Self::Times(1.0) => f.write_str("λ"),
            Self::Times(multiple) => write!(f, "{multiple} × λ"),
            Self::Ratio { of, power } => {
                let of = match of {
                    Counterpart::Full => "full",
                    Counterpart::Separable => "depthwise-separable",
                };
                let ratio = format!("parameters / parameters with {of} convolutions");
                if power == 1.0 { write!(f, "λ × {ratio}") } else { write!(f, "λ × ({ratio})^{power}") }
            }
            Self::ByBatch => f.write_str("λ / batch"),
        }
    }
}

/// The table of a ratio in a file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ratio {
    ratio: Counterpart,
    #[serde(default = "one")]
    power: f64,
}

const fn one() -> f64 {
    1.0
}

/// The word for [`Strength::ByBatch`] in a file.
const BY_BATCH: &str = "by-batch";

impl Serialize for Strength {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::Times(multiple) => multiple.serialize(serializer),
            Self::Ratio { of, power } => Ratio { ratio: of, power }.serialize(serializer),
            Self::ByBatch => BY_BATCH.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Strength {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrengthVisitor)
    }
}

struct StrengthVisitor;

impl<'de> Visitor<'de> for StrengthVisitor {
    type Value = Strength;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a multiple of lambda, {{ ratio = \"full\" or \"separable\", power = 0.5 }}, or \"{BY_BATCH}\""
        )
    }

    fn visit_f64<E: Error>(self, multiple: f64) -> Result<Strength, E> {
        Ok(Strength::Times(multiple))
    }

    fn visit_i64<E: Error>(self, multiple: i64) -> Result<Strength, E> {
        Ok(Strength::Times(multiple as f64))
    }

    fn visit_u64<E: Error>(self, multiple: u64) -> Result<Strength, E> {
        Ok(Strength::Times(multiple as f64))
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<Strength, E> {
        if word == BY_BATCH {
            Ok(Strength::ByBatch)
        } else {
            Err(E::invalid_value(serde::de::Unexpected::Str(word), &self))
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Strength, A::Error> {
        let Ratio { ratio, power } = Ratio::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Strength::Ratio { of: ratio, power })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Architecture, FULL_CHANNELS};

    #[test]
    fn a_strength_is_what_its_formula_says() {
        let counts = Counts::of(&Architecture::new(8, FULL_CHANNELS, 10).unwrap());
        let ratio = |of, power| Strength::Ratio { of, power }.of(5e-4, &counts, 512);
        assert_eq!(ratio(Counterpart::Full, 1.0), 5e-4 * counts.ratio_full);
        assert_eq!(ratio(Counterpart::Full, 0.5), 5e-4 * counts.ratio_full.powf(0.5));
        assert!((ratio(Counterpart::Full, 0.5).powi(2) - 25e-8 * counts.ratio_full).abs() < 1e-20);
        assert_eq!(ratio(Counterpart::Separable, 0.0), 5e-4);
        assert_eq!(Strength::Times(3.0).of(5e-4, &counts, 512), 1.5e-3);
        assert_eq!(Strength::ByBatch.of(5e-4, &counts, 512), 5e-4 / 512.0);
    }

    #[test]
    fn every_strength_survives_a_file() {
        let ratio = Strength::Ratio { of: Counterpart::Separable, power: 0.5 };
        for (strength, json) in [
            (Strength::Times(0.1), "0.1"),
            (ratio, r#"{"ratio":"separable","power":0.5}"#),
            (Strength::ByBatch, r#""by-batch""#),
        ] {
            assert_eq!(serde_json::to_string(&strength).unwrap(), json);
            assert_eq!(serde_json::from_str::<Strength>(json).unwrap(), strength);
        }
        assert_eq!(serde_json::from_str::<Strength>("2").unwrap(), Strength::Times(2.0));
        for (broken, needle) in [
            (r#"{"ratio":"full","pwoer":2}"#, "`pwoer`"),
            (r#"{"ratio":"dense"}"#, "`dense`"),
            (r#""twice""#, "a multiple of lambda"),
        ] {
            let message = serde_json::from_str::<Strength>(broken).unwrap_err().to_string();
            assert!(message.contains(needle), "{message}");
        }
    }
}
