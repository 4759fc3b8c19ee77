//! A comparison that has been estimated but not judged; once judged, it is an endpoint.
//!
//! *Invariant:* estimates are in units of test images until they are judged, so that counts and margin are
//! whole numbers.

use crate::endpoint::missing::Missing;
use crate::endpoint::sample::Sample;
use crate::endpoint::secondary::POWER;
use crate::endpoint::sentence::{before_the_first_look, clause};
use crate::endpoint::verdict::{Found, Judgement, Level, judge};
use crate::stats::heterogeneity::heterogeneity;
use crate::stats::strata::Strata;
use crate::stats::stratified::stratified;
use crate::stats::student::Student;
use artifacts::study::{Certainty, Endpoint, Later, Looks, Noise, Role, Secondary, Verdict};
use artifacts::words;
use network::Arm;

/// An estimated comparison that is not judged yet, because its p values may have to be adjusted for multiple
/// testing.
#[derive(Debug, Clone)]
pub struct Draft<'a> {
    pub(super) arms: [Arm; 2],
    pub(super) recipe: String,
    pub(super) lambda: f64,
    pub(super) level: Level,
    /// The observations that it is judged on.
    pub(super) sample: Sample<'a>,
    pub(super) estimate: Option<Student>,
    pub(super) secondary: Secondary,
    pub(super) diverged: [u32; 2],
    pub(super) missing: Missing,
    pub(super) look: Option<u32>,
    /// The planned looks; `None` if none are planned.
    pub looks: Option<Looks>,
}

/// Converts an estimate from images to fractions.
fn scaled(found: &Student, unit: f64) -> Student {
    Student { value: found.value * unit, error: found.error * unit, freedom: found.freedom }
}

impl Draft<'_> {
    /// Returns the two-sided p value before adjustment; `None` if there can be no verdict.
    #[must_use]
    pub fn p(&self) -> Option<f64> {
        self.judged_estimate().map(|found| found.p())
    }

    /// Returns the p value of the equivalence test before adjustment; `None` if there can be no verdict.
    #[must_use]
    pub fn p_equivalence(&self) -> Option<f64> {
        self.judged_estimate().map(|found| found.p_equivalence(self.level.margin / self.sample.unit()))
    }

    /// Estimates all available pairs, for a draft of an earlier look.
    pub(super) fn later(&self, all: &Sample<'_>) -> Option<Later> {
        let (strata, unit) = (all.strata()?, all.unit());
        let estimate = stratified(&strata);
        Some(Later {
            pairs: strata.pairs() as u32,
            difference: strata.mean() * unit,
            interval: estimate.map(|found| scaled(&found, unit).interval(1.0 - self.level.alpha)),
        })
    }

    fn judged_estimate(&self) -> Option<Student> {
        self.estimate.filter(|_| self.missing.obstacles.is_empty())
    }

    /// Judges the draft, by adjusted p values where they are given.
    #[must_use]
    pub fn judge(&self, p: Option<f64>, p_equivalence: Option<f64>) -> Judgement {
        let strata = self.sample.strata();
        let found = Found {
            estimate: self.estimate.map(|found| scaled(&found, self.sample.unit())),
            // Computed in units of images, where counts and margin are whole numbers.
            p: p.or_else(|| self.p()),
            p_equivalence: p_equivalence.or_else(|| self.p_equivalence()),
            heterogeneity: strata.as_ref().and_then(heterogeneity),
            by_rankscale: &self.secondary.by_rankscale,
            trend: self.secondary.trend,
            diverged: self.diverged,
        };
        judge(&found, self.level, &self.missing.obstacles)
    }

    /// Turns the draft into an endpoint, judged by adjusted p values where they are given.
    #[must_use]
    pub fn judged(
        self,
        role: Role,
        p: Option<f64>,
        p_equivalence: Option<f64>,
        exploratory: bool,
    ) -> Endpoint {
        let judged = self.judge(p, p_equivalence);
        let (strata, unit, Level { alpha, margin }) = (self.sample.strata(), self.sample.unit(), self.level);
        let rankscales = self.sample.rankscales();
        let says = match (&self.looks, self.look) {
            (Some(_), None) => before_the_first_look(self.arms, &self.missing.differs),
            _ => clause(self.arms, &rankscales, &judged, &self.missing.differs, exploratory),
        };
        let mut missing = self.missing.clone().lines();
        if judged.verdict == Verdict::NotEnoughEvidence && self.missing.obstacles.is_empty() {
            let noise = self.secondary.noise.as_ref().filter(|_| judged.needs_pairs);
            missing.insert(
                0,
                noise.map_or_else(|| withheld(&judged.rule), |noise| seeds_for(noise, self.level)),
            );
        }
        missing.extend(shared_seeds(&self.secondary));
        let certainty = self.estimate.map(|found| {
            let fraction = scaled(&found, unit);
            Certainty {
                error: fraction.error,
                freedom: fraction.freedom,
                interval: fraction.interval(1.0 - alpha),
                equivalence: fraction.interval(1.0 - 2.0 * alpha),
                p: found.p(),
                p_adjusted: p,
                p_equivalence: found.p_equivalence(margin / unit),
                p_equivalence_adjusted: p_equivalence,
            }
        });
        Endpoint {
            decay: self.arms[0],
            baseline: self.arms[1],
            recipe: self.recipe,
            lambda: self.lambda,
            role,
            alpha,
            margin,
            rankscales,
            pairs: strata.as_ref().map_or(0, Strata::pairs) as u32,
            seeds: strata.as_ref().map_or(0, Strata::fewest) as u32,
            difference: strata.as_ref().map(|strata| strata.mean() * unit),
            certainty,
            heterogeneity: strata.as_ref().and_then(heterogeneity),
            diverged: self.diverged,
            look: self.look,
            verdict: judged.verdict,
            size: judged.size,
            qualifiers: judged.qualifiers,
            differs: self.missing.differs,
            says,
            rule: judged.rule,
            missing,
            secondary: self.secondary,
        }
    }
}

/// Says why a verdict is withheld where the number of pairs is not the reason.
fn withheld(rule: &str) -> String {
    format!("grounds for a verdict ({rule})")
}

/// Says how many seeds an undecided study would need for either test.
fn seeds_for(noise: &Noise, Level { alpha, margin }: Level) -> String {
    let seeds =
        |seeds: Option<u32>| seeds.map_or_else(|| "more than 100,000".to_owned(), |seeds| seeds.to_string());
    format!(
        "with {} seeds at every rankscale one test at a level of {alpha} would find a difference of {margin} points in {} % of studies, and with \
         {} it would show none at all to lie within {margin} points in as many",
        seeds(noise.seeds_for_margin),
        POWER * 100.0,
        seeds(noise.seeds_for_equivalence),
        margin = words::margin(margin),
    )
}

/// Says how seeds shared across rankscales weaken the result.
fn shared_seeds(secondary: &Secondary) -> Option<String> {
    secondary.intraclass.map(|shared| {
        format!(
            "{} are shared by rankscales, whose pairs may then not be independent (intraclass correlation {:.2}, {:.2} to {:.2}): give every \
             rankscale seeds of its own",
            words::many(u64::from(shared.seeds), "seed"),
            shared.correlation,
            shared.interval.low,
            shared.interval.high
        )
    })
}
