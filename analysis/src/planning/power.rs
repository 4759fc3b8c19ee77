//! The statistical power of a design, as a table, before anything is trained.

use crate::endpoint::missing::{Missing, Strengths, too_few};
use crate::planning::design::Design;
use crate::planning::simulate::{Truth, simulate};
use crate::stats::power;
use artifacts::study::Summary;
use artifacts::{Configuration, Experiment};
use std::fmt::Write as _;

/// The true differences for which the power is tabulated, in percentage points.
const EFFECTS: [f64; 4] = [0.1, 0.2, 0.3, 0.5];
/// The standard deviations of a pair's difference that are assumed if none is known, in percentage points.
pub const ASSUMED_SDS: [f64; 2] = [0.25, 0.35];
/// The number of simulated studies behind a figure, where looks are planned: the standard error is at most
/// 1.1 points.
const STUDIES: u32 = 2000;
/// If the power for the second largest difference is below this, an answer is unlikely.
const LIKELY: f64 = 0.5;

/// The power of a design, for one standard deviation.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Standard deviation of a pair's difference, in percentage points.
    pub sd: f64,
    /// Half the width of the final confidence interval, in percentage points.
    pub half_width: f64,
    /// The power to detect 0.1, 0.2, 0.3 and 0.5 points.
    pub finds: [f64; 4],
    /// The probability of the verdict *no meaningful difference* if there is no difference.
    pub equal: f64,
}

/// Returns the standard deviation of a pair's difference that an analysis found for the recipe of an
/// experiment, in percentage points, and the number of pairs that it rests on; `None` if it is of another
/// recipe or found none.
#[must_use]
pub fn known_sd(summary: &Summary, experiment: &Experiment) -> Option<(f64, u32)> {
    let endpoint = summary.endpoints.first()?;
    let recipe = summary.recipes.iter().find(|recipe| recipe.recipe == endpoint.recipe)?;
    let shared = |run: &Configuration| run.recipe.hash("");
    if shared(&recipe.configuration) != shared(experiment.runs.first()?) {
        return None;
    }
    let sd = 100.0 * endpoint.secondary.noise?.differences_sd;
    (sd > 0.0).then_some((sd, endpoint.pairs))
}

/// Computes the power of a design, for a standard deviation in percentage points.
#[must_use]
pub fn row(design: &Design, sd: f64) -> Row {
    let plain =
        power::BalancedDesign { strata: design.networks.len(), seeds: design.fewest(), sd: sd / 100.0 };
    let (alpha, margin) = (design.level.alpha, design.level.margin);
    let (finds, equal) = if design.looks.is_empty() {
        let finds = EFFECTS.map(|points| plain.power(points / 100.0, alpha));
        (finds, plain.power_of_equivalence(margin, alpha))
    } else {
        let at =
            |points: f64| simulate(design, &Truth::plain(design, sd / 100.0, points / 100.0), STUDIES, 7);
        let none = at(0.0);
        (EFFECTS.map(at).map(|found| found.share(found.better)), none.share(none.equal))
    };
    Row { sd, half_width: 100.0 * plain.half_width(alpha), finds, equal }
}

/// Lists what prevents a verdict whatever the runs show, and whether a verdict would be exploratory; one line
/// each.
#[must_use]
pub fn remarks(experiment: &Experiment) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(run) = experiment.runs.first() {
        let design = Design::of(experiment);
        let missing = Missing::from_recipe(
            &run.recipe,
            Strengths::Common(design.as_ref().map_or(run.lambda, |design| design.lambda)),
            &run.recipe.dataset.fingerprints().unwrap_or_default(),
        );
        let mut obstacles = missing.obstacles;
        let judged_once = design.filter(|_| experiment.verdict.is_none());
        obstacles.extend(judged_once.and_then(|design| too_few(design.fewest(), design.pairs())));
        if !obstacles.is_empty() {
            lines.push(format!("No verdict can come of it: {}.", obstacles.join("; ")));
        }
    }
    if experiment.verdict.is_none() {
        lines.push(
            "It names no primary comparison and plans no looks ([verdict]), so what it finds is exploratory."
                .to_owned(),
        );
    }
    lines
}

/// Formats the table for a terminal. `known` is a measured standard deviation, in percentage points, and its
/// source.
#[must_use]
pub fn table(design: &Design, known: Option<(f64, &str)>) -> String {
    let mut text =
        format!("What it can find ({}; two-sided level {}):\n", design.describe(), design.level.alpha);
    let sds = known.map_or_else(|| ASSUMED_SDS.to_vec(), |(sd, _)| vec![sd]);
    if design.fewest() < 2 {
        text +=
            "  nothing: a single pair at a rankscale has no spread. More seeds make a verdict possible.\n";
        return text;
    }
    let rows: Vec<Row> = sds.into_iter().map(|sd| row(design, sd)).collect();
    text += "  sd of a pair   interval   finds 0.1   0.2   0.3   0.5 points   no meaningful difference, if there is none\n";
    for row in &rows {
        let [a, b, c, d] = row.finds.map(|share| format!("{:.0} %", 100.0 * share));
        let equal = format!("{:.0} %", 100.0 * row.equal);
        _ = writeln!(
            text,
            "  {:>8.2}       ±{:.2}      {a:>9} {b:>5} {c:>5} {d:>5}          {equal:>5}",
            row.sd, row.half_width
        );
    }
    _ = match known {
        Some((_, source)) => writeln!(text, "  The standard deviation is that of {source}."),
        None => writeln!(
            text,
            "  The standard deviation of a pair's difference is assumed: nobody has measured it for this recipe here."
        ),
    };
    if rows.iter().all(|row| row.finds[2] < LIKELY) {
        text += "  An answer is unlikely: even 0.3 points would be missed more often than found. Plan more pairs.\n";
    }
    if design.shares_seeds {
        text += "  Rankscales share seeds, so their pairs may not be independent. Seeds of their own cost nothing.\n";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use artifacts::Configuration;
    use network::Arm;

    #[test]
    fn a_design_without_an_answer_is_told_so() {
        let table_of = |networks, seeds| table(&Design::balanced(networks, seeds), None);
        assert!(table_of(1, 3).contains("An answer is unlikely"));
        assert!(!table_of(3, 9).contains("An answer is unlikely"));
        assert!(table_of(3, 1).contains("has no spread"));
        assert!(
            table(&Design::balanced(3, 9), Some((0.31, "12 pairs in work")))
                .contains("that of 12 pairs in work")
        );
    }

    #[test]
    fn every_shipped_experiment_can_reach_a_verdict_or_says_why_not() {
        let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../experiments");
        for entry in std::fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            // Their schema lies beside them.
            if path.extension().is_none_or(|ending| ending != "toml") {
                continue;
            }
            let experiment = Experiment::read(&path).unwrap();
            let Some(design) = Design::of(&experiment) else {
                panic!("{} compares nothing", experiment.name)
            };
            let remarks = remarks(&experiment).join("\n");
            let likely = design.fewest() >= 2 && row(&design, 0.3).finds[2] > 0.5;
            assert!(
                likely && remarks.is_empty() || remarks.contains("No verdict can come"),
                "{}: {remarks}",
                experiment.name
            );
        }
    }

    #[test]
    fn what_is_said_of_lambda_is_said_of_the_one_that_is_judged() {
        let said = |lambdas: &[f64]| {
            let mut runs = Vec::new();
            for &lambda in lambdas {
                for (rankscale, seed) in [2, 8, 31].into_iter().flat_map(|r| [0, 1, 2].map(|seed| (r, seed)))
                {
                    let of =
                        |decay| Configuration { rankscale, seed, lambda, decay, ..Configuration::default() };
                    runs.extend([Arm::ORIGINAL, Arm::APPROPRIATE].map(of));
                }
            }
            let title = "e".to_owned();
            remarks(&Experiment { name: title.clone(), title, tuned: false, verdict: None, runs }).join("\n")
        };
        assert!(!said(&[0.0, 5e-4]).contains("No verdict can come"), "{}", said(&[0.0, 5e-4]));
        assert!(said(&[0.0]).contains("with λ = 0 nothing decays"), "{}", said(&[0.0]));
    }

    #[test]
    fn the_figures_are_those_of_the_t_test() {
        // Three networks with nine pairs each and a standard deviation of 0.3: half-width 0.119, and a power
        // of 90 % for 0.2 points.
        let found = row(&Design::balanced(3, 9), 0.3);
        assert!((found.half_width - 0.119).abs() < 0.001, "{found:?}");
        assert!((found.finds[1] - 0.915).abs() < 0.01, "{found:?}");
    }
}
