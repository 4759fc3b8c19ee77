//! The secondary analyses of an arm: where it differs, how often it wins, whether the difference grows with
//! compression, and how large the noise is. The tests per rankscale and the trend can qualify the verdict or
//! withhold *no meaningful difference*; nothing else here enters it.
//!
//! *Invariant:* every formula names its source and is tested against scipy or statsmodels.

use crate::endpoint::images::image_by_image;
use crate::endpoint::pair::{Pair, grouped};
use crate::endpoint::replication::replication;
use crate::endpoint::sample::{Observation, Sample};
use crate::endpoint::verdict::Level;
use crate::join::pairs::RunPair;
use crate::stats::holm::holm_of_known;
use crate::stats::power::{BalancedDesign, seeds_needed};
use crate::stats::stratified::stratified;
use crate::stats::student::{self, Student, average, pooled_sd};
use crate::stats::wilson::wilson;
use crate::stats::{LEVEL, RANDOM_SEED, intraclass, permutation};
use artifacts::study::{AtRankscale, Estimate, Noise, Secondary, Trend, Wins};
use network::Arm;
use std::collections::BTreeMap;

/// Statistical power that studies are planned for.
pub const POWER: f64 = 0.8;

/// Computes all secondary analyses of one arm that need only its sample. `level` is that of the judgement;
/// `as_the_notebook` says whether the runs were trained as the notebook's were.
#[must_use]
pub fn of_sample(sample: &Sample<'_>, arm: Arm, level: Level, as_the_notebook: bool) -> Secondary {
    let pairs = pairs(sample);
    let estimate = sample.strata().and_then(|strata| Some((stratified(&strata)?, strata)));
    let unit = sample.unit();
    let loss = |of: fn(&RunPair<'_>) -> Option<f64>| sample.mean_of(of).map(estimated);
    Secondary {
        images: image_by_image(sample),
        replication: replication(arm, &pairs, &sample.by_network(), as_the_notebook),
        sign_flip_p: estimate.as_ref().map(|(_, strata)| permutation::sign_flip(strata, RANDOM_SEED)),
        probability_within_margin: estimate
            .as_ref()
            .map(|(found, _)| found.probability_within(level.margin / unit)),
        train_loss: loss(|pair| Some(pair.treated.last.train_loss? - pair.plain.last.train_loss?)),
        test_loss: loss(|pair| Some(pair.treated.last.test_loss? - pair.plain.last.test_loss?)),
        intraclass: intraclass::intraclass(&seeds(sample)),
        ..secondary(&pairs, sample.test_images, level)
    }
}

fn estimated(found: Student) -> Estimate {
    Estimate { difference: found.value, interval: found.interval(LEVEL), p: found.p() }
}

/// Converts the observations to pairs of accuracies.
fn pairs(sample: &Sample<'_>) -> Vec<Pair> {
    let pair = |one: &Observation<'_>| Pair {
        rankscale: one.rankscale,
        accuracy: one.images * sample.unit(),
        baseline: one.baseline_images * sample.unit(),
        compression: sample.compression(one.rankscale),
    };
    sample.observations.iter().map(pair).collect()
}

/// Returns rankscale, seed and difference of every observation.
fn seeds(sample: &Sample<'_>) -> Vec<(u32, u64, f64)> {
    sample.observations.iter().map(|one| (one.rankscale, one.seed, one.difference())).collect()
}

/// Computes the analyses of the pairs of one arm, tested on `test_images` images.
#[must_use]
pub fn secondary(pairs: &[Pair], test_images: usize, level: Level) -> Secondary {
    Secondary {
        by_rankscale: by_rankscale(pairs),
        wins: wins(pairs),
        trend: trend(pairs),
        noise: noise(pairs, test_images, level),
        ..Secondary::default()
    }
}

/// Estimates the slope of the differences over the logarithm of compression; `None` for fewer than three
/// pairs or two networks.
pub(crate) fn trend(pairs: &[Pair]) -> Option<Trend> {
    let points: Vec<_> = pairs.iter().map(|pair| (pair.compression, pair.difference())).collect();
    student::slope(&points).map(|found| Trend {
        slope: found.value,
        interval: found.interval(LEVEL),
        p: found.p(),
    })
}

/// Estimates the difference at each rankscale, with p values adjusted over the rankscales.
pub(crate) fn by_rankscale(pairs: &[Pair]) -> Vec<AtRankscale> {
    let mut rows: Vec<AtRankscale> = grouped(pairs, Pair::difference)
        .into_iter()
        .map(|(rankscale, differences)| {
            let estimate = student::mean(&differences);
            AtRankscale {
                rankscale,
                pairs: differences.len() as u32,
                difference: average(&differences),
                interval: estimate.map(|estimate| estimate.interval(LEVEL)),
                p: estimate.map(|estimate| estimate.p()),
                p_holm: None,
            }
        })
        .collect();
    let adjusted = holm_of_known(rows.iter().map(|row| row.p));
    for (row, adjusted) in rows.iter_mut().zip(adjusted) {
        row.p_holm = adjusted;
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

fn noise(pairs: &[Pair], test_images: usize, Level { alpha, margin }: Level) -> Option<Noise> {
    let differences = grouped(pairs, Pair::difference);
    let differences_sd = pooled_sd(differences.values().map(Vec::as_slice))?;
    let cells = [grouped(pairs, |pair| pair.accuracy), grouped(pairs, |pair| pair.baseline)];
    let runs_sd = pooled_sd(cells.iter().flat_map(BTreeMap::values).map(Vec::as_slice))?;
    let accuracies = pairs.iter().flat_map(|pair| [pair.accuracy, pair.baseline]);
    let variance = accuracies.map(|p| p * (1.0 - p)).sum::<f64>() / (2 * pairs.len()) as f64;
    let strata = differences.len();
    let seeds = (pairs.len() / strata).max(2);
    let needed = |enough: &dyn Fn(BalancedDesign) -> bool| {
        seeds_needed(strata, differences_sd, enough).and_then(|seeds| u32::try_from(seeds).ok())
    };
    Some(Noise {
        runs_sd,
        binomial_sd: (variance / test_images as f64).sqrt(),
        differences_sd,
        detectable: BalancedDesign { strata, seeds, sd: differences_sd }.detectable(POWER, alpha),
        seeds_for_margin: needed(&|design| design.power(margin, alpha) >= POWER),
        seeds_for_equivalence: needed(&|design| design.power_of_equivalence(margin, alpha) >= POWER),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use artifacts::rules::{ALPHA, MARGIN};

    const LEVEL: Level = Level { alpha: ALPHA, margin: MARGIN };

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
        // 0.1 points for each halving, and a spread of plus and minus 0.05 that does not change the sign.
        let planted = |rankscale: u32, seed: usize| {
            0.001 * f64::from(rankscale).log2() + [0.0005, -0.0005, 0.0][seed % 3]
        };
        let found = secondary(&pairs(&[2, 4, 8, 16], 3, planted), 10_000, LEVEL);
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
        // A t test with 4 degrees of freedom and a standard error of 0.05 / sqrt(8) detects 0.1 points with a
        // power above 80 %.
        assert_eq!((noise.seeds_for_margin, noise.seeds_for_equivalence), (Some(2), Some(2)));
        let z = (1.96 + 0.842) * 0.0005 / 12f64.sqrt();
        assert!(noise.detectable > z && noise.detectable < 1.3 * z, "{} against {z}", noise.detectable);
    }

    #[test]
    fn little_data_gives_little_and_no_panic() {
        assert_eq!(secondary(&[], 10_000, LEVEL), Secondary::default());
        let one = secondary(&pairs(&[8], 1, |_, _| 0.0), 10_000, LEVEL);
        assert_eq!((one.wins.unwrap().share, one.trend, one.noise), (0.5, None, None));
        assert_eq!(one.by_rankscale[0].p, None);
        let equal = secondary(&pairs(&[8], 4, |_, _| 0.0), 10_000, LEVEL);
        assert_eq!(equal.noise.unwrap().seeds_for_margin, Some(2));
    }
}
