//! What else is said of an arm: where it differs, how often it wins, whether the difference grows with compression, and how much of
//! all that is noise. None of it enters the verdict.
//!
//! *Invariant:* every formula names its source; each is held to scipy's or statsmodels' numbers.

use crate::endpoint::verdict::MARGIN;
use crate::stats::LEVEL;
use crate::stats::holm::holm;
use crate::stats::normal::quantile;
use crate::stats::student::{self, Estimate, average, pooled_sd};
use crate::stats::wilson::wilson;
use artifacts::study::{AtRankscale, Noise, Secondary, Trend, Wins};
use std::collections::BTreeMap;

/// Chance of finding what is there, in the planning of a study.
pub const POWER: f64 = 0.8;
/// Above this share of wins, an arm is better in a sense that users notice (Bouthillier et al., arXiv 2103.03098, section 4.2).
pub const WINS_THRESHOLD: f64 = 0.75;

/// A pair of runs, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// Where.
    pub rankscale: u32,
    /// The arm's accuracy.
    pub accuracy: f64,
    /// The baseline's.
    pub baseline: f64,
    /// `log2` of full parameters over this network's.
    pub compression: f64,
}

impl Pair {
    pub(crate) fn difference(&self) -> f64 {
        self.accuracy - self.baseline
    }
}

/// All of it, for the pairs of one arm, tested on so many images.
#[must_use]
pub fn secondary(pairs: &[Pair], test_images: usize) -> Secondary {
    let points: Vec<_> = pairs.iter().map(|pair| (pair.compression, pair.difference())).collect();
    let trend = student::slope(&points);
    Secondary {
        by_rankscale: by_rankscale(pairs),
        wins: wins(pairs),
        trend: trend.map(|Estimate { value, interval, p }| Trend { slope: value, interval, p }),
        noise: noise(pairs, test_images),
        images: None,
        replication: None,
    }
}

/// A quantity of the pairs, by rankscale.
pub(crate) fn grouped(pairs: &[Pair], of: impl Fn(&Pair) -> f64) -> BTreeMap<u32, Vec<f64>> {
    let mut groups: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for pair in pairs {
        groups.entry(pair.rankscale).or_default().push(of(pair));
    }
    groups
}

fn by_rankscale(pairs: &[Pair]) -> Vec<AtRankscale> {
    let mut rows: Vec<AtRankscale> = grouped(pairs, Pair::difference)
        .into_iter()
        .map(|(rankscale, differences)| {
            let estimate = student::mean(&differences);
            AtRankscale {
                rankscale,
                pairs: differences.len() as u32,
                difference: average(&differences),
                interval: estimate.map(|estimate| estimate.interval),
                p: estimate.map(|estimate| estimate.p),
                p_holm: None,
            }
        })
        .collect();
    let adjusted = holm(&rows.iter().filter_map(|row| row.p).collect::<Vec<_>>());
    for (row, adjusted) in rows.iter_mut().filter(|row| row.p.is_some()).zip(adjusted) {
        row.p_holm = Some(adjusted);
    }
    rows
}

fn wins(pairs: &[Pair]) -> Option<Wins> {
    if pairs.is_empty() {
        return None;
    }
    let won = |pair: &Pair| match pair.difference() {
        difference if difference > 0.0 => 1.0,
        difference if difference < 0.0 => 0.0,
        _ => 0.5,
    };
    let (wins, of) = (pairs.iter().map(won).sum::<f64>(), pairs.len() as f64);
    Some(Wins { share: wins / of, interval: wilson(wins, of) })
}

fn noise(pairs: &[Pair], test_images: usize) -> Option<Noise> {
    let differences = grouped(pairs, Pair::difference);
    let differences_sd = pooled_sd(differences.values().map(Vec::as_slice))?;
    let cells = [grouped(pairs, |pair| pair.accuracy), grouped(pairs, |pair| pair.baseline)];
    let runs_sd = pooled_sd(cells.iter().flat_map(BTreeMap::values).map(Vec::as_slice))?;
    let accuracies = pairs.iter().flat_map(|pair| [pair.accuracy, pair.baseline]);
    let variance = accuracies.map(|p| p * (1.0 - p)).sum::<f64>() / (2 * pairs.len()) as f64;
    let rankscales = differences.len() as f64;
    // The mean over rankscales of the means over seeds.
    let error = (differences.values().map(|list| 1.0 / list.len() as f64).sum::<f64>()).sqrt() / rankscales;
    let seeds = pairs_needed(MARGIN / differences_sd) / rankscales;
    Some(Noise {
        runs_sd,
        binomial_sd: (variance / test_images as f64).sqrt(),
        differences_sd,
        detectable: (quantile(f64::midpoint(1.0, LEVEL)) + quantile(POWER)) * differences_sd * error,
        seeds_for_margin: if seeds.is_finite() { seeds.ceil().max(1.0) as u32 } else { 1 },
    })
}

/// Pairs for a two-sided z test to find a mean of so many standard deviations with [`POWER`].
fn pairs_needed(effect: f64) -> f64 {
    ((quantile(f64::midpoint(1.0, LEVEL)) + quantile(POWER)) / effect).powi(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::expected::expected;

    #[test]
    fn the_size_of_a_study_is_that_of_statsmodels() {
        for case in expected()["pairs_needed"].as_array().unwrap() {
            let (found, expected) =
                (pairs_needed(case["effect"].as_f64().unwrap()), case["pairs"].as_f64().unwrap());
            // Theirs counts a significant result of the wrong sign as well, which is next to nothing.
            assert!((found - expected).abs() < 1e-3 * expected, "{found} against {expected}");
        }
    }

    fn pairs(rankscales: &[u32], seeds: usize, difference: impl Fn(u32, usize) -> f64) -> Vec<Pair> {
        let pair = |rankscale, seed| Pair {
            rankscale,
            accuracy: 0.9 + difference(rankscale, seed),
            baseline: 0.9,
            compression: f64::from(rankscale).log2(),
        };
        rankscales.iter().flat_map(|&rankscale| (0..seeds).map(move |seed| pair(rankscale, seed))).collect()
    }

    #[test]
    fn a_planted_trend_and_planted_wins_are_found() {
        // 0.1 points for each halving, and a spread of plus and minus 0.05 that leaves the sign alone.
        let planted = |rankscale: u32, seed: usize| {
            0.001 * f64::from(rankscale).log2() + [0.0005, -0.0005, 0.0][seed % 3]
        };
        let found = secondary(&pairs(&[2, 4, 8, 16], 3, planted), 10_000);
        let trend = found.trend.unwrap();
        assert!(
            (trend.slope - 0.001).abs() < 1e-12 && trend.interval.low > 0.0 && trend.p < 0.001,
            "{trend:?}"
        );
        assert_eq!(found.wins.unwrap().share, 1.0);
        assert_eq!(found.by_rankscale.iter().map(|row| row.rankscale).collect::<Vec<_>>(), [2, 4, 8, 16]);
        let noise = found.noise.unwrap();
        assert!((noise.differences_sd - 0.0005).abs() < 1e-12);
        assert!((noise.binomial_sd - 0.003).abs() < 1e-4);
        // (1.960 + 0.842)^2 * (0.05 / 0.1)^2 = 1.96 pairs: one seed at each of four rankscales.
        assert_eq!(noise.seeds_for_margin, 1);
        assert!((noise.detectable - 2.8016 * 0.0005 / 12f64.sqrt()).abs() < 1e-6);
    }

    #[test]
    fn little_data_gives_little_and_no_panic() {
        assert_eq!(secondary(&[], 10_000), Secondary::default());
        let one = secondary(&pairs(&[8], 1, |_, _| 0.0), 10_000);
        assert_eq!((one.wins.unwrap().share, one.trend, one.noise), (0.5, None, None));
        assert_eq!(one.by_rankscale[0].p, None);
        let equal = secondary(&pairs(&[8], 4, |_, _| 0.0), 10_000);
        assert_eq!(equal.noise.unwrap().seeds_for_margin, 1);
    }
}
