//! One arm against its baseline: the sample it is judged on, and what stands in its way.
//!
//! *Invariant:* where looks are planned, the numbers are those of the look that decided, or else of the last one reached; before the first
//! they are of all pairs there are, and there is no verdict.

use crate::endpoint::looks::{Queue, first_decisive};
use crate::endpoint::missing::{Missing, TEST_IMAGES};
use crate::endpoint::sample::Sample;
use crate::endpoint::secondary::{self, POWER};
use crate::endpoint::sentence::{clause, count};
use crate::endpoint::verdict::{Found, Judgement, Level, judge};
use crate::join::pairs::{RunPair, baseline, baseline_run};
use crate::join::recipes::Recipe;
use crate::runs::run::same_lambda;
use crate::stats::heterogeneity::heterogeneity;
use crate::stats::strata::Strata;
use crate::stats::stratified::Stratified;
use artifacts::Configuration;
use artifacts::experiment::VerdictPlan;
use artifacts::study::{Certainty, Endpoint, Later, Looks, Noise, Role, Secondary, Verdict};
use network::Arm;
use network::architecture::CLASSES;
use std::collections::HashMap;

/// One arm against its baseline at one lambda.
#[derive(Debug, Clone, Copy)]
pub struct Comparison<'c> {
    /// What the runs share.
    pub recipe: &'c Recipe,
    /// Their lambda.
    pub lambda: f64,
    /// The arm.
    pub arm: Arm,
    /// What it is judged by.
    pub level: Level,
    /// The runs of this recipe and lambda that should be there.
    pub expected: &'c [&'c Configuration],
    /// The state of every run, by name.
    pub states: &'c HashMap<&'c str, &'c str>,
}

/// A comparison estimated, and not yet judged: p values may have to be adjusted for others.
#[derive(Debug, Clone)]
pub struct Draft<'a> {
    arms: [Arm; 2],
    recipe: String,
    lambda: f64,
    level: Level,
    /// What it is judged on.
    sample: Sample<'a>,
    estimate: Option<Stratified>,
    secondary: Secondary,
    diverged: [u32; 2],
    missing: Missing,
    look: Option<u32>,
    /// The planned looks; none where none is planned.
    pub looks: Option<Looks>,
}

impl Comparison<'_> {
    /// Estimates it, at the planned looks where there are some.
    #[must_use]
    pub fn draft<'a>(&self, pairs: &[RunPair<'a>], plan: Option<&VerdictPlan>) -> Option<Draft<'a>> {
        let ours: Vec<RunPair<'a>> = pairs.iter().filter(|pair| self.has(pair)).copied().collect();
        let recipe = &self.recipe.summary.configuration;
        let all = Sample::new(&ours, recipe.channels, recipe.test_images.unwrap_or(TEST_IMAGES));
        if let Some(plan) = plan {
            return self.at_looks(&all, plan);
        }
        let missing = self.missing().with_unfinished(&self.unfinished()).with_pairs(all.strata().as_ref());
        self.of(&all, missing, |_, _| true)
    }

    /// The first look that decides, or the last one reached, or all there is where none is.
    fn at_looks<'a>(&self, all: &Sample<'a>, plan: &VerdictPlan) -> Option<Draft<'a>> {
        let planned: Vec<u32> = plan.looks.iter().map(|pairs| *pairs as u32).collect();
        let queue = Queue::new(self.treated(), |run| matches!(self.state(run), "done" | "diverged"));
        let mut looks = queue.looks(&planned);
        let at = |pairs: u32| {
            let first = queue.first(pairs);
            let counts = |rankscale, seed| first.contains(&(rankscale, seed));
            self.of(&all.only(counts), self.missing(), counts)
                .map(|draft| Draft { look: Some(pairs), ..draft })
        };
        let decides = |draft: &Option<Draft<'_>>| {
            draft.as_ref().is_some_and(|draft| draft.judge(None, None).verdict != Verdict::NotEnoughEvidence)
        };
        let reached = &planned[..looks.reached as usize];
        let next = planned.get(reached.len()).zip(looks.missing).map(|(pairs, runs)| {
            let which = if reached.is_empty() { "first" } else { "next" };
            let runs = count(runs as usize, "run");
            format!(
                "the {which} look comes with {pairs} pairs at every rankscale; still to come for it: {runs}"
            )
        });
        let mut draft = if let Some((number, draft, decided)) = first_decisive(reached, at, decides) {
            looks.decided = decided.then_some(number);
            let mut draft = draft?;
            draft.missing.caveats.extend(next.filter(|_| !decided));
            draft
        } else {
            let mut missing = self.missing();
            missing.obstacles.extend(next);
            self.of(all, missing, |_, _| true)?
        };
        if draft.look.is_some() && all.observations.len() > draft.sample.observations.len() {
            draft.secondary.later = self.later(all);
        }
        draft.looks = Some(looks);
        Some(draft)
    }

    fn of<'a>(
        &self,
        sample: &Sample<'a>,
        missing: Missing,
        counts: impl Fn(u32, u64) -> bool,
    ) -> Option<Draft<'a>> {
        let as_asked =
            missing.obstacles.is_empty() && missing.differs.iter().all(|differs| differs.starts_with("in "));
        let mut secondary = secondary::of_sample(sample, self.arm, self.level.margin, as_asked);
        let diverged = self.diverged(counts);
        secondary.diverged_as_chance = (diverged != [0, 0]).then(|| as_chance(sample, diverged)).flatten();
        Some(Draft {
            arms: [self.arm, baseline(self.arm)?],
            recipe: self.recipe.summary.recipe.clone(),
            lambda: self.lambda,
            level: self.level,
            estimate: sample.strata().as_ref().and_then(Stratified::of),
            sample: sample.clone(),
            secondary,
            diverged,
            missing,
            look: None,
            looks: None,
        })
    }

    fn later(&self, all: &Sample<'_>) -> Option<Later> {
        let (strata, unit) = (all.strata()?, all.unit());
        let estimate = Stratified::of(&strata);
        Some(Later {
            pairs: strata.pairs() as u32,
            difference: strata.mean() * unit,
            interval: estimate.map(|found| scaled(&found, unit).interval(1.0 - self.level.alpha)),
        })
    }

    fn missing(&self) -> Missing {
        Missing::from_recipe(&self.recipe.summary.configuration, self.lambda, &self.recipe.fingerprint)
    }

    fn has(&self, pair: &RunPair<'_>) -> bool {
        let of = &pair.treated.run.record.configuration;
        of.decay == self.arm
            && of.rankscale > 0
            && same_lambda(of.lambda, self.lambda)
            && pair.treated.run.recipe() == self.recipe.summary.recipe
    }

    /// The runs of this arm that should be there.
    fn treated(&self) -> impl Iterator<Item = &Configuration> {
        self.expected.iter().copied().filter(|run| run.decay == self.arm && run.rankscale > 0)
    }

    fn state(&self, run: &Configuration) -> &str {
        self.states.get(run.run_name(&self.recipe.fingerprint).as_str()).copied().unwrap_or("missing")
    }

    /// The runs of this arm, and the baselines beside them, that should be there and have not ended.
    fn unfinished(&self) -> Vec<String> {
        let mut unfinished = Vec::new();
        if self.treated().next().is_none() {
            unfinished.push(format!("any of `{}`", self.arm));
        }
        for run in self.treated().flat_map(|run| [Some(run.clone()), baseline_run(run)]).flatten() {
            let state = self.state(&run);
            if !matches!(state, "done" | "diverged") {
                unfinished.push(format!("{} ({state})", run.run_name(&self.recipe.fingerprint)));
            }
        }
        unfinished
    }

    /// How many runs diverged, of the arm and of its baseline, among the pairs that count.
    fn diverged(&self, counts: impl Fn(u32, u64) -> bool) -> [u32; 2] {
        let mut diverged = [0, 0];
        for run in self.treated().filter(|run| counts(run.rankscale as u32, run.seed)) {
            diverged[0] += u32::from(self.state(run) == "diverged");
            diverged[1] += u32::from(baseline_run(run).is_some_and(|plain| self.state(&plain) == "diverged"));
        }
        diverged
    }
}

/// The mean difference if each diverged run counted as guessing, with a partner as good as the others of its arm: a bound.
fn as_chance(sample: &Sample<'_>, diverged: [u32; 2]) -> Option<f64> {
    let pairs = sample.observations.len() as f64;
    let (arm, baseline) = sample
        .observations
        .iter()
        .fold((0.0, 0.0), |sums, one| (sums.0 + one.images, sums.1 + one.baseline_images));
    let (arm, baseline) = (arm / pairs * sample.unit(), baseline / pairs * sample.unit());
    let chance = 1.0 / CLASSES as f64;
    let [of_arm, of_baseline] = diverged.map(f64::from);
    let difference = sample.strata()?.mean() * sample.unit();
    let sum = difference * pairs + of_arm * (chance - baseline) + of_baseline * (arm - chance);
    Some(sum / (pairs + of_arm + of_baseline))
}

/// An estimate in images as one in fractions.
fn scaled(found: &Stratified, unit: f64) -> Stratified {
    Stratified { mean: found.mean * unit, error: found.error * unit, freedom: found.freedom }
}

impl Draft<'_> {
    /// Two-sided p, before any adjustment; none where there can be no verdict.
    #[must_use]
    pub fn p(&self) -> Option<f64> {
        self.judged_estimate().map(|found| found.p())
    }

    /// The same of the test of equivalence.
    #[must_use]
    pub fn p_equivalence(&self) -> Option<f64> {
        self.judged_estimate().map(|found| found.p_equivalence(self.level.margin / self.sample.unit()))
    }

    fn judged_estimate(&self) -> Option<Stratified> {
        self.estimate.filter(|_| self.missing.obstacles.is_empty())
    }

    fn judge(&self, p: Option<f64>, p_equivalence: Option<f64>) -> Judgement {
        let strata = self.sample.strata();
        let found = Found {
            estimate: self.estimate.map(|found| scaled(&found, self.sample.unit())),
            // In images, where counts and margin are whole numbers.
            p: p.or_else(|| self.p()),
            p_equivalence: p_equivalence.or_else(|| self.p_equivalence()),
            heterogeneity: strata.as_ref().and_then(heterogeneity),
            by_rankscale: &self.secondary.by_rankscale,
            trend: self.secondary.trend,
            diverged: self.diverged,
        };
        judge(&found, self.level, &self.missing.obstacles)
    }

    /// The endpoint, judged on p values that are adjusted where they are given.
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
        let says = clause(self.arms, &rankscales, &judged, &self.missing.differs, exploratory);
        let mut missing = self.missing.clone().lines();
        if judged.verdict == Verdict::NotEnoughEvidence && self.missing.obstacles.is_empty() {
            missing.splice(0..0, self.secondary.noise.as_ref().map(|noise| seeds_for(noise, margin)));
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

/// What an undecided study lacks: seeds to reach each verdict.
fn seeds_for(noise: &Noise, margin: f64) -> String {
    let seeds =
        |seeds: Option<u32>| seeds.map_or_else(|| "more than 100,000".to_owned(), |seeds| seeds.to_string());
    format!(
        "with {} seeds at every rankscale a difference of {} points would be found in {} % of studies, and with {} none at all would be \
         called no meaningful difference in as many",
        seeds(noise.seeds_for_margin),
        (margin * 1e4).round() / 100.0,
        POWER * 100.0,
        seeds(noise.seeds_for_equivalence)
    )
}

/// What pairs that share seeds over rankscales weaken.
fn shared_seeds(secondary: &Secondary) -> Option<String> {
    secondary.intraclass.map(|shared| {
        format!(
            "{} are shared by rankscales, whose pairs may then not be independent (intraclass correlation {:.2}, {:.2} to {:.2}): give every \
             rankscale seeds of its own",
            count(shared.seeds as usize, "seed"),
            shared.correlation,
            shared.interval.low,
            shared.interval.high
        )
    })
}
