//! The verdict on an estimate, by the rules of [`artifacts::rules`].
//!
//! *Invariant:* an obstacle of any kind, or differences without a spread, give *not enough evidence*.

use crate::stats::student::Student;
use artifacts::experiment::VerdictPlan;
use artifacts::rules::{ALPHA, MARGIN};
use artifacts::study::{AtRankscale, Heterogeneity, Size, Trend, Verdict};
use artifacts::words::{margin, p_equals};

/// The significance level and the equivalence margin of a judgement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    /// The level of the two-sided test of a difference, and of each of the two one-sided tests of
    /// equivalence.
    pub alpha: f64,
    /// The margin within which a difference does not matter, a fraction.
    pub margin: f64,
}

impl Level {
    /// Returns the level that an experiment plans for its primary comparison, or else the usual one.
    #[must_use]
    pub fn of(plan: Option<&VerdictPlan>) -> Self {
        plan.map_or(Self { alpha: ALPHA, margin: MARGIN }, |plan| Self {
            alpha: plan.alpha,
            margin: plan.margin,
        })
    }
}

/// The findings that are judged.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// The mean difference; `None` if the differences have no spread.
    pub estimate: Option<Student>,
    /// Its p value if adjusted for multiple testing; `None` stands for the p value of the estimate itself.
    pub p: Option<f64>,
    /// The p value of the equivalence test if adjusted; `None` stands for that of the estimate itself.
    pub p_equivalence: Option<f64>,
    /// The test for heterogeneity across networks.
    pub heterogeneity: Option<Heterogeneity>,
    /// The estimates of the individual networks.
    pub by_rankscale: &'a [AtRankscale],
    /// The trend of the difference over compression.
    pub trend: Option<Trend>,
    /// The numbers of diverged runs of the arm and of its baseline.
    pub diverged: [u32; 2],
}

impl Found<'_> {
    /// Makes findings of an estimate alone.
    #[must_use]
    pub const fn alone(estimate: Option<Student>) -> Self {
        Self {
            estimate,
            p: None,
            p_equivalence: None,
            heterogeneity: None,
            by_rankscale: &[],
            trend: None,
            diverged: [0, 0],
        }
    }

    /// Says in words why the networks cannot be treated as alike, if they cannot.
    fn unlike(&self, alpha: f64) -> Option<String> {
        if let Some(f) = self.heterogeneity.filter(|f| f.p <= alpha) {
            return Some(format!("the rankscales differ (F test, {}, at most {alpha})", p_equals(f.p)));
        }
        let at = |row: &&AtRankscale| row.p_holm.is_some_and(|p| p <= alpha);
        if let Some(row) = self.by_rankscale.iter().find(at) {
            return Some(format!("rankscale {} by itself differs from zero", row.rankscale));
        }
        let trend = self.trend.filter(|trend| trend.p <= alpha)?;
        Some(format!("the difference changes with compression ({}, at most {alpha})", p_equals(trend.p)))
    }

    /// Says in words why an average over networks is misleading, if it is.
    fn hidden(&self, alpha: f64, mean: f64) -> Option<String> {
        let against =
            |row: &&AtRankscale| row.p_holm.is_some_and(|p| p <= alpha) && row.difference * mean < 0.0;
        let opposite = self.by_rankscale.iter().find(against);
        let words = opposite
            .map(|row| format!("rankscale {} differs from zero in the other direction", row.rankscale));
        words.or_else(|| self.heterogeneity.filter(|f| f.p <= alpha).and_then(|_| self.unlike(alpha)))
    }
}

/// A verdict and how it was reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// How large the difference is, if one was found.
    pub size: Option<Size>,
    /// Remarks that the verdict must be read with.
    pub qualifiers: Vec<String>,
    /// The rule that gave the verdict, in words.
    pub rule: String,
    /// Whether neither test is significant, so that more pairs are what could give a verdict.
    pub needs_pairs: bool,
}

impl Judgement {
    fn open(rule: String) -> Self {
        let verdict = Verdict::NotEnoughEvidence;
        Self { verdict, size: None, qualifiers: Vec::new(), rule, needs_pairs: false }
    }
}

/// Judges the findings. `obstacles` are the reasons why the verdict can only be *not enough evidence*.
#[must_use]
pub fn judge(found: &Found<'_>, level: Level, obstacles: &[String]) -> Judgement {
    if let [first, others @ ..] = obstacles {
        let more = if others.is_empty() { String::new() } else { format!(", and {} more", others.len()) };
        return Judgement::open(format!("{first}{more}"));
    }
    let Some(estimate) = found.estimate else {
        return Judgement::open(
            "there is no spread to judge by: all differences are equal, or a rankscale has a single pair"
                .to_owned(),
        );
    };
    let p = found.p.unwrap_or_else(|| estimate.p());
    let p_equivalence = found.p_equivalence.unwrap_or_else(|| estimate.p_equivalence(level.margin));
    let (differs, equivalent) = (p <= level.alpha, p_equivalence <= level.alpha);
    match (differs, equivalent) {
        (true, _) => difference(found, &estimate, level, equivalent),
        (false, true) => equivalence(found, level),
        (false, false) => Judgement {
            needs_pairs: true,
            ..Judgement::open(format!(
                "p, {p:.4}, is above {}, and a difference beyond {} points is not ruled out",
                level.alpha,
                margin(level.margin)
            ))
        },
    }
}

fn difference(found: &Found<'_>, estimate: &Student, level: Level, equivalent: bool) -> Judgement {
    let better = estimate.value > 0.0;
    let [arm, baseline] = found.diverged;
    if (better && arm > baseline) || (!better && baseline > arm) {
        return Judgement::open(format!(
            "p is at most {}, but the favoured arm diverged more often ({} against {}), and leaving its diverged runs out favours it",
            level.alpha,
            arm.max(baseline),
            arm.min(baseline)
        ));
    }
    let interval = estimate.interval(1.0 - level.alpha);
    let size = if interval.low > level.margin || interval.high < -level.margin {
        Size::Relevant
    } else if equivalent && found.unlike(level.alpha).is_none() && found.diverged == [0, 0] {
        // What would withhold *no meaningful difference* withholds this too.
        Size::Negligible
    } else {
        Size::Open
    };
    let beyond = match size {
        Size::Relevant => format!(", and the interval lies wholly beyond {} points", margin(level.margin)),
        Size::Negligible => {
            format!(", and the difference is shown to be within {} points", margin(level.margin))
        }
        Size::Open => String::new(),
    };
    Judgement {
        verdict: if better { Verdict::Better } else { Verdict::Worse },
        size: Some(size),
        qualifiers: found.hidden(level.alpha, estimate.value).into_iter().collect(),
        rule: format!("p is at most {}{beyond}", level.alpha),
        needs_pairs: false,
    }
}

fn equivalence(found: &Found<'_>, level: Level) -> Judgement {
    let within = format!("a mean difference beyond {} points is ruled out", margin(level.margin));
    if let Some(unlike) = found.unlike(level.alpha) {
        return Judgement::open(format!("{within}, but {unlike}"));
    }
    match found.diverged.iter().sum::<u32>() {
        0 => Judgement {
            verdict: Verdict::NoMeaningfulDifference,
            size: None,
            qualifiers: Vec::new(),
            rule: format!("{within} (two one-sided tests at {})", level.alpha),
            needs_pairs: false,
        },
        1 => Judgement::open(format!("{within}, but 1 run diverged")),
        diverged => Judgement::open(format!("{within}, but {diverged} runs diverged")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEVEL: Level = Level { alpha: ALPHA, margin: MARGIN };

    fn estimate(points: f64, error: f64) -> Student {
        Student { value: points / 100.0, error: error / 100.0, freedom: 20.0 }
    }

    fn judged(points: f64, error: f64) -> (Verdict, Option<Size>) {
        let judged = judge(&Found::alone(Some(estimate(points, error))), LEVEL, &[]);
        (judged.verdict, judged.size)
    }

    #[test]
    fn one_estimate_gives_one_verdict() {
        assert_eq!(judged(0.3, 0.05), (Verdict::Better, Some(Size::Relevant)));
        assert_eq!(judged(-0.3, 0.05), (Verdict::Worse, Some(Size::Relevant)));
        assert_eq!(judged(0.15, 0.05), (Verdict::Better, Some(Size::Open)));
        assert_eq!(judged(0.05, 0.02), (Verdict::Better, Some(Size::Negligible)));
        assert_eq!(judged(0.0, 0.04), (Verdict::NoMeaningfulDifference, None));
        assert_eq!(judged(0.1, 0.3), (Verdict::NotEnoughEvidence, None));
    }

    #[test]
    fn an_obstacle_or_no_spread_is_not_enough_evidence() {
        let found = Found::alone(Some(estimate(0.3, 0.05)));
        let judged = judge(&found, LEVEL, &["4 of 128 epochs".to_owned(), "a subset".to_owned()]);
        assert_eq!(
            (judged.verdict, judged.rule.as_str()),
            (Verdict::NotEnoughEvidence, "4 of 128 epochs, and 1 more")
        );
        let without_spread = judge(&Found::alone(None), LEVEL, &[]);
        assert_eq!((without_spread.verdict, without_spread.needs_pairs), (Verdict::NotEnoughEvidence, false));
        let close = judge(&Found { p: Some(0.0504), ..Found::alone(Some(estimate(0.15, 0.08))) }, LEVEL, &[]);
        assert!(close.needs_pairs && close.rule.starts_with("p, 0.0504, is above 0.05"), "{}", close.rule);
    }

    fn at(rankscale: u32, difference: f64, p_holm: f64) -> AtRankscale {
        AtRankscale { rankscale, pairs: 9, difference, interval: None, p: Some(p_holm), p_holm: Some(p_holm) }
    }

    #[test]
    fn opposite_effects_are_neither_no_difference_nor_plainly_better() {
        let rows = [at(2, 0.005, 7e-7), at(31, -0.005, 7e-7)];
        let opposite = Found { by_rankscale: &rows, ..Found::alone(Some(estimate(0.0, 0.04))) };
        let judged = judge(&opposite, LEVEL, &[]);
        assert_eq!(judged.verdict, Verdict::NotEnoughEvidence);
        assert!(judged.rule.contains("rankscale 2 by itself differs"), "{}", judged.rule);
        let tilted = Found { estimate: Some(estimate(0.3, 0.05)), ..opposite };
        let judged = judge(&tilted, LEVEL, &[]);
        assert_eq!(judged.verdict, Verdict::Better);
        assert_eq!(judged.qualifiers, ["rankscale 31 differs from zero in the other direction"]);
    }

    #[test]
    fn unequal_rankscales_qualify_and_withhold() {
        let f = Some(Heterogeneity { f: 9.0, freedom: [2, 24], p: 0.001 });
        let better = Found { heterogeneity: f, ..Found::alone(Some(estimate(0.3, 0.05))) };
        assert!(judge(&better, LEVEL, &[]).qualifiers[0].contains("the rankscales differ"));
        let equal = Found { estimate: Some(estimate(0.0, 0.03)), ..better };
        assert_eq!(judge(&equal, LEVEL, &[]).verdict, Verdict::NotEnoughEvidence);
        let small = Found { estimate: Some(estimate(0.05, 0.02)), ..better };
        assert_eq!(
            judge(&small, LEVEL, &[]).size,
            Some(Size::Open),
            "an average that hides more is not small"
        );
        let diverged = Found { diverged: [1, 1], ..Found::alone(Some(estimate(0.05, 0.02))) };
        assert_eq!(judge(&diverged, LEVEL, &[]).size, Some(Size::Open));
        let interval = artifacts::study::Interval { low: 0.0, high: 0.002, level: 0.95 };
        let trend = Some(Trend { slope: 0.001, interval, p: 0.01 });
        let sloped = Found { trend, ..Found::alone(Some(estimate(0.0, 0.03))) };
        assert!(judge(&sloped, LEVEL, &[]).rule.contains("changes with compression"));
    }

    #[test]
    fn diverging_more_often_never_wins() {
        let with = |points, diverged| {
            let found = Found { diverged, ..Found::alone(Some(estimate(points, 0.03))) };
            judge(&found, LEVEL, &[]).verdict
        };
        assert_eq!(with(0.3, [1, 0]), Verdict::NotEnoughEvidence);
        assert_eq!(with(0.3, [0, 1]), Verdict::Better);
        assert_eq!(with(-0.3, [0, 1]), Verdict::NotEnoughEvidence);
        assert_eq!(with(-0.3, [1, 0]), Verdict::Worse);
        assert_eq!(with(0.3, [2, 2]), Verdict::Better);
        assert_eq!(with(0.0, [1, 1]), Verdict::NotEnoughEvidence);
    }

    #[test]
    fn adjusted_p_values_are_what_counts() {
        let found =
            Found { p: Some(0.2), p_equivalence: Some(0.9), ..Found::alone(Some(estimate(0.15, 0.05))) };
        assert_eq!(judge(&found, LEVEL, &[]).verdict, Verdict::NotEnoughEvidence);
    }
}
