//! One arm against its baseline: the sample that it is judged on, and what prevents a verdict.
//!
//! *Invariant:* where looks (interim analyses) are planned, the numbers are those of the look that decided,
//! or else of the last look that was reached. Before the first look they are those of all available pairs,
//! and there is no verdict.

use crate::endpoint::aa::same_network;
use crate::endpoint::draft::Draft;
use crate::endpoint::looks::{Queue, first_decisive};
use crate::endpoint::missing::{Missing, Strengths};
use crate::endpoint::sample::Sample;
use crate::endpoint::secondary;
use crate::endpoint::verdict::Level;
use crate::join::pairs::{RunPair, baseline_run};
use crate::join::recipes::RecipeOnData;
use crate::runs::plan::Plan;
use crate::stats::stratified::stratified;
use artifacts::Exact;
use artifacts::dataset::Split;
use artifacts::experiment::VerdictPlan;
use artifacts::study::{State, TunedArm, Verdict};
use artifacts::words::many;
use artifacts::{Configuration, Precision, Recipe};
use network::Arm;
use std::collections::{BTreeMap, HashMap};

/// One arm against its baseline at one lambda.
#[derive(Debug, Clone, Copy)]
pub struct Comparison<'c> {
    /// The recipe that the runs share.
    pub recipe: &'c RecipeOnData,
    /// The lambda that the runs share.
    pub lambda: f64,
    /// The arm under test.
    pub arm: Arm,
    /// The significance level and the margin of the judgement.
    pub level: Level,
    /// The experiment under study.
    pub plan: Option<&'c Plan>,
    /// The runs of this recipe and lambda that should exist.
    pub expected: &'c [&'c Configuration],
    /// The state of every run, by name.
    pub states: &'c HashMap<&'c str, State>,
}

impl Comparison<'_> {
    /// Estimates the comparison, at the planned looks if there are any.
    #[must_use]
    pub fn draft<'a>(&self, pairs: &[RunPair<'a>], plan: Option<&VerdictPlan>) -> Option<Draft<'a>> {
        let ours: Vec<RunPair<'a>> = pairs.iter().filter(|pair| self.has(pair)).copied().collect();
        let any = &self.recipe.summary.configuration;
        let images = any.recipe.judged_by().unwrap_or_else(|| any.recipe.dataset.images(Split::Test));
        let all = Sample::new(&ours, any.architecture(), images);
        if let Some(plan) = plan {
            return self.at_looks(&all, plan);
        }
        let missing = self.missing().with_unfinished(&self.unfinished()).with_pairs(all.strata().as_ref());
        self.of(&all, missing, |_, _| true)
    }

    /// Takes the first look that decides, else the last look reached, else all available pairs.
    fn at_looks<'a>(&self, all: &Sample<'a>, plan: &VerdictPlan) -> Option<Draft<'a>> {
        let planned: Vec<u32> = plan.looks.iter().map(|pairs| *pairs as u32).collect();
        let queue = Queue::new(self.treated(), self.plan, |run| self.has_ended(run));
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
            let runs = many(u64::from(runs), "run");
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
            draft.secondary.later = draft.later(all);
        }
        draft.looks = Some(looks);
        Some(draft)
    }

    fn of<'a>(
        &self,
        sample: &Sample<'a>,
        mut missing: Missing,
        counts: impl Fn(u32, u64) -> bool,
    ) -> Option<Draft<'a>> {
        let mut secondary = secondary::of_sample(sample, self.arm, self.level, self.like_the_notebook());
        missing.obstacles.extend(self.lost(sample, &counts));
        let diverged = self.diverged(counts);
        secondary.diverged_as_chance =
            (diverged != [0, 0]).then(|| as_chance(sample, diverged, self.classes())).flatten();
        Some(Draft {
            arms: [self.arm, self.arm.baseline()?],
            recipe: self.recipe.summary.recipe.clone(),
            lambda: self.lambda,
            level: self.level,
            estimate: sample.strata().as_ref().and_then(stratified),
            sample: sample.clone(),
            secondary,
            diverged,
            missing,
            look: None,
            looks: None,
        })
    }

    fn classes(&self) -> usize {
        self.recipe.summary.configuration.recipe.dataset.classes()
    }

    fn missing(&self) -> Missing {
        self.missing_from(&self.recipe.summary.configuration.recipe)
    }

    fn missing_from(&self, recipe: &Recipe) -> Missing {
        let fingerprint = &self.recipe.fingerprint;
        let tuned = self.plan.map_or_else(Vec::new, |plan| plan.tuned(fingerprint));
        let compared = |arm: &&TunedArm| arm.decay == self.arm || Some(arm.decay) == self.arm.baseline();
        let compared: Vec<&TunedArm> = tuned.iter().filter(compared).collect();
        let strengths =
            if compared.is_empty() { Strengths::Common(self.lambda) } else { Strengths::Own(&compared) };
        Missing::from_recipe(recipe, strengths, fingerprint)
    }

    /// Returns whether the recipe is the notebook's, whatever the precision and whatever became of the runs.
    fn like_the_notebook(&self) -> bool {
        let recipe = self.recipe.summary.configuration.recipe;
        let missing = self.missing_from(&Recipe { precision: Precision::Float32, ..recipe });
        missing.obstacles.is_empty() && missing.differs.is_empty()
    }

    fn has(&self, pair: &RunPair<'_>) -> bool {
        let of = &pair.treated.run.record.configuration;
        of.decay == self.arm
            && of.rankscale > 0
            && Exact::of(of.lambda) == Exact::of(self.lambda)
            && pair.treated.run.recipe() == self.recipe.summary.recipe
    }

    /// Returns the runs of this arm that should exist.
    fn treated(&self) -> impl Iterator<Item = &Configuration> {
        self.expected.iter().copied().filter(|run| run.decay == self.arm && run.rankscale > 0)
    }

    fn state(&self, run: &Configuration) -> State {
        self.states.get(run.run_name(&self.recipe.fingerprint).as_str()).copied().unwrap_or(State::Missing)
    }

    fn has_ended(&self, run: &Configuration) -> bool {
        matches!(self.state(run), State::Done | State::Diverged)
    }

    /// Names the runs of this arm and of its baseline that should exist and have not ended.
    fn unfinished(&self) -> Vec<String> {
        let mut unfinished = Vec::new();
        if self.treated().next().is_none() {
            unfinished.push(format!("any of `{}`", self.arm));
        }
        for run in self.treated().flat_map(|run| [Some(run.clone()), baseline_run(run, self.plan)]).flatten()
        {
            if !self.has_ended(&run) {
                let state = self.state(&run);
                unfinished.push(format!("{} ({state})", run.run_name(&self.recipe.fingerprint)));
            }
        }
        unfinished
    }

    /// Names the rankscales whose runs have all ended without leaving a pair: the mean over networks that was
    /// asked for cannot be had without them.
    fn lost(&self, sample: &Sample<'_>, counts: impl Fn(u32, u64) -> bool) -> Option<String> {
        let architecture = self.recipe.summary.configuration.architecture();
        let left = sample.rankscales();
        let mut ended: BTreeMap<u32, bool> = BTreeMap::new();
        for run in self.treated().filter(|run| counts(run.rankscale as u32, run.seed)) {
            let both = [Some(run.clone()), baseline_run(run, self.plan)];
            let over = both.iter().flatten().all(|run| self.has_ended(run));
            *ended.entry(run.rankscale as u32).or_insert(true) &= over;
        }
        let is_left = |lost: u32| left.iter().any(|&other| same_network([other, lost], architecture));
        let lost: Vec<String> = ended
            .into_iter()
            .filter(|&(at, over)| over && !is_left(at))
            .map(|(at, _)| at.to_string())
            .collect();
        (!lost.is_empty()).then(|| format!("every pair has a diverged run at rankscale {}", lost.join(", ")))
    }

    /// Counts the diverged runs of the arm and of its baseline among the pairs that count.
    fn diverged(&self, counts: impl Fn(u32, u64) -> bool) -> [u32; 2] {
        let mut diverged = [0, 0];
        for run in self.treated().filter(|run| counts(run.rankscale as u32, run.seed)) {
            diverged[0] += u32::from(self.state(run) == State::Diverged);
            diverged[1] += u32::from(
                baseline_run(run, self.plan).is_some_and(|plain| self.state(&plain) == State::Diverged),
            );
        }
        diverged
    }
}

/// Bounds the effect of diverged runs: the mean difference if each had guessed at random and its partner were
/// as accurate as the average run of the partner's arm.
fn as_chance(sample: &Sample<'_>, diverged: [u32; 2], classes: usize) -> Option<f64> {
    let pairs = sample.observations.len() as f64;
    let (arm, baseline) = sample
        .observations
        .iter()
        .fold((0.0, 0.0), |sums, one| (sums.0 + one.images, sums.1 + one.baseline_images));
    let (arm, baseline) = (arm / pairs * sample.unit(), baseline / pairs * sample.unit());
    let chance = 1.0 / classes as f64;
    let [of_arm, of_baseline] = diverged.map(f64::from);
    let difference = sample.strata()?.mean() * sample.unit();
    let sum = difference * pairs + of_arm * (chance - baseline) + of_baseline * (arm - chance);
    Some(sum / (pairs + of_arm + of_baseline))
}
