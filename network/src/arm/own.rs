//! Arms that an experiment declares.
//!
//! *Invariant:* a definition is kept once for as long as the program runs, however often it is read; so what
//! is kept is no more than the different definitions in the files of a program's run.

use super::{Arm, Definition};
use crate::decay::Strength;
use crate::schedule::Schedule;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// An arm as a file declares it. A baseline is named in an experiment (`B` is a string), and spelt out in a
/// record (`B` is an [`Arm`]).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declaration<B> {
    /// Its name, which is a part of the names of its runs' folders.
    pub name: String,
    /// The arm that it is compared with; none where others are compared with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<B>,
    /// The decay of `contract` and `expand`.
    pub factors: Strength,
    /// The decay of every other parameter.
    #[serde(default = "lambda")]
    pub rest: Strength,
    /// The decay of `expand . contract`, as a multiple of lambda.
    #[serde(default)]
    pub product: f64,
    /// The courses of the learning rates.
    #[serde(default)]
    pub schedule: Schedule,
}

const fn lambda() -> Strength {
    Strength::LAMBDA
}

/// The reason why an arm cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("arm `{arm}`, {key} {value}: {rule}")]
pub struct InvalidArm {
    /// Its name.
    pub arm: String,
    /// The key.
    pub key: &'static str,
    /// The value that was given.
    pub value: String,
    /// The rule that the value breaks.
    pub rule: &'static str,
}

/// Longest name of an arm, in letters: a folder of a run bears it.
const LONGEST_NAME: usize = 40;
/// Largest power of a ratio, either way.
const LARGEST_POWER: f64 = 4.0;

static KNOWN: Mutex<Vec<&'static Definition>> = Mutex::new(Vec::new());

impl<B> Declaration<B> {
    /// Returns the same declaration with another baseline.
    #[must_use]
    pub fn with_baseline<C>(self, baseline: Option<C>) -> Declaration<C> {
        let Self { name, factors, rest, product, schedule, .. } = self;
        Declaration { name, baseline, factors, rest, product, schedule }
    }
}

impl Declaration<Arm> {
    /// Returns the declared arm.
    ///
    /// # Errors
    /// The name is one of the house's or one that no folder should have, a strength is negative or no number,
    /// or a power is out of bounds.
    pub fn arm(self) -> Result<Arm, InvalidArm> {
        if let Some((key, value, rule)) = self.broken_rule() {
            return Err(InvalidArm { arm: self.name, key, value, rule });
        }
        let Self { name, baseline, factors, rest, product, schedule } = self;
        // Zero and -0 are one strength.
        let plain = |strength| match strength {
            Strength::Times(multiple) => Strength::Times(multiple + 0.0),
            other => other,
        };
        let mut of = Definition {
            name: "",
            baseline,
            factors: plain(factors),
            rest: plain(rest),
            product: product + 0.0,
            schedule,
            sentence: "",
        };
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let same =
            |known: &Definition| known.name == name && Definition { name: "", sentence: "", ..*known } == of;
        if let Some(found) = known.iter().find(|known| same(known)) {
            return Ok(Arm(found));
        }
        let [factors, rest, schedule] = of.cells();
        let baseline =
            baseline.map_or_else(|| "no baseline".to_owned(), |arm| format!("compared with `{arm}`"));
        let sentence = format!(
            "Factors decay by {factors}; every other parameter by {rest}; learning rate: {schedule}; {baseline}."
        );
        (of.name, of.sentence) = (name.leak(), sentence.leak());
        known.push(Box::leak(Box::new(of)));
        Ok(Arm(known[known.len() - 1]))
    }

    /// The first rule that is broken: its key, the value and what it must be.
    fn broken_rule(&self) -> Option<(&'static str, String, &'static str)> {
        let name = &self.name;
        let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let usable = (1..=LONGEST_NAME).contains(&name.len())
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(letters)
            && !name.ends_with('-');
        if !usable {
            return Some((
                "name",
                format!("{name:?}"),
                "must be 1 to 40 of a-z, 0-9 and -, from a letter to a letter or digit",
            ));
        }
        if name.parse::<Arm>().is_ok() {
            return Some(("name", name.clone(), "is that of an arm of the house: take another one"));
        }
        let strengths =
            [("factors", self.factors), ("rest", self.rest), ("product", Strength::Times(self.product))];
        strengths.into_iter().find_map(|(key, strength)| match strength {
            Strength::Times(multiple) if !(multiple.is_finite() && multiple >= 0.0) => {
                Some((key, multiple.to_string(), "must be zero or a positive number"))
            }
            // Nothing that is no number is within them.
            Strength::Ratio { power, .. } if !(-LARGEST_POWER..=LARGEST_POWER).contains(&power) => {
                Some((key, format!("power {power}"), "must be between -4 and 4"))
            }
            _ => None,
        })
    }
}

impl From<Arm> for Declaration<Arm> {
    fn from(arm: Arm) -> Self {
        let &Definition { name, baseline, factors, rest, product, schedule, .. } = arm.definition();
        Self { name: name.to_owned(), baseline, factors, rest, product, schedule }
    }
}

impl Serialize for Arm {
    /// An arm of the house is its name; another one is its declaration.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_of_the_house() {
            self.name().serialize(serializer)
        } else {
            Declaration::from(*self).serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Arm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ArmVisitor)
    }
}

struct ArmVisitor;

impl<'de> Visitor<'de> for ArmVisitor {
    type Value = Arm;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of an arm of the house, or the table of another one")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Arm, E> {
        name.parse().map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Arm, A::Error> {
        Declaration::<Arm>::deserialize(MapAccessDeserializer::new(map))?.arm().map_err(A::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decay::Counterpart;
    use crate::schedule::Course;
    use crate::{Architecture, Counts, FULL_CHANNELS};

    fn half_power() -> Declaration<Arm> {
        Declaration {
            name: "half-power".into(),
            baseline: Some(Arm::ORIGINAL),
            factors: Strength::Ratio { of: Counterpart::Full, power: 0.5 },
            rest: Strength::LAMBDA,
            product: 0.0,
            schedule: Schedule::COSINE,
        }
    }

    #[test]
    fn one_definition_is_one_arm_and_another_is_another() {
        let arm = half_power().arm().unwrap();
        assert_eq!(half_power().arm(), Ok(arm));
        assert_eq!(Declaration { product: -0.0, ..half_power() }.arm(), Ok(arm));
        let changes: [fn(&mut Declaration<Arm>); 6] = [
            |of| of.name = "half".into(),
            |of| of.baseline = None,
            |of| of.factors = Strength::Times(0.5),
            |of| of.rest = Strength::ByBatch,
            |of| of.product = 1.0,
            |of| of.schedule.rest = Course::Constant,
        ];
        let mut arms = vec![arm];
        for change in changes {
            let mut other = half_power();
            change(&mut other);
            arms.push(other.arm().unwrap());
        }
        let count = arms.len();
        arms.extend(Arm::HOUSE);
        arms.sort();
        assert!(arms[..8] == Arm::HOUSE, "{arms:?}");
        arms.dedup();
        assert_eq!(arms.len(), 8 + count);
    }

    #[test]
    fn an_arm_survives_a_record_with_its_baseline() {
        let plain = half_power().arm().unwrap();
        let above =
            Declaration { name: "above".into(), baseline: Some(plain), ..half_power() }.arm().unwrap();
        let json = serde_json::to_string(&above).unwrap();
        assert!(json.contains(r#""baseline":{"name":"half-power","baseline":"original""#), "{json}");
        assert_eq!(serde_json::from_str::<Arm>(&json).unwrap(), above);
    }

    #[test]
    fn what_no_arm_can_be_is_named_with_its_rule() {
        let broken = [
            (
                Declaration { name: "original".into(), ..half_power() },
                "name original: is that of an arm of the house",
            ),
            (Declaration { name: "../up".into(), ..half_power() }, "name \"../up\": must be 1 to 40"),
            (Declaration { name: String::new(), ..half_power() }, "name \"\""),
            (Declaration { name: "a".repeat(41), ..half_power() }, "must be 1 to 40"),
            (Declaration { factors: Strength::Times(-1.0), ..half_power() }, "factors -1: must be zero"),
            (Declaration { rest: Strength::Times(f64::NAN), ..half_power() }, "rest NaN"),
            (Declaration { product: f64::INFINITY, ..half_power() }, "product inf"),
            (
                Declaration {
                    factors: Strength::Ratio { of: Counterpart::Full, power: 9.0 },
                    ..half_power()
                },
                "factors power 9: must be between",
            ),
        ];
        for (declaration, needle) in broken {
            let message = declaration.arm().unwrap_err().to_string();
            assert!(message.contains(needle), "{message}");
        }
        let table = r#"{"name":"appropriate","factors":1}"#;
        let message = serde_json::from_str::<Arm>(table).unwrap_err().to_string();
        assert!(message.contains("arm of the house"), "{message}");
        let message =
            serde_json::from_str::<Arm>(r#"{"name":"a","factors":1,"rset":1}"#).unwrap_err().to_string();
        assert!(message.contains("`rset`"), "{message}");
    }

    #[test]
    fn each_arm_of_the_house_can_be_declared_and_decays_to_the_last_bit_alike() {
        let counts = Counts::of(&Architecture::new(8, FULL_CHANNELS, 10).unwrap());
        for arm in Arm::HOUSE {
            let own = Declaration { name: format!("own-{arm}"), ..arm.into() }.arm().unwrap();
            assert_eq!(own.weight_decay(5e-4, &counts, 512), arm.weight_decay(5e-4, &counts, 512));
            assert_eq!(own.learning_rates(0.2, 3, 7), arm.learning_rates(0.2, 3, 7));
            assert!(own > Arm::PUBLISHED_APPROPRIATE && own != arm);
        }
        let half = half_power().arm().unwrap().weight_decay(5e-4, &counts, 512);
        assert_eq!((half.factors, half.rest), (5e-4 * counts.ratio_full.powf(0.5), 5e-4));
    }
}
