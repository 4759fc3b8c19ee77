//! What else is said of an arm, besides its endpoint and verdict.

use super::interval::Interval;
use network::Arm;
use serde::{Deserialize, Serialize};

/// Secondary statistics of an endpoint; they do not enter its verdict.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secondary {
    /// The difference at each rankscale.
    pub by_rankscale: Vec<AtRankscale>,
    /// How often the arm wins; none without a pair.
    pub wins: Option<Wins>,
    /// How the difference changes with compression; none below three pairs or two networks.
    pub trend: Option<Trend>,
    /// What varies from seed to seed, and what that means for another study; none where no rankscale has two pairs.
    pub noise: Option<Noise>,
    /// The pairs image by image; none where no pair kept its predictions.
    pub images: Option<ImageByImage>,
    /// The 2018 notebook's figure beside it; none for arms that it does not have.
    pub replication: Option<Replication>,
    /// Two-sided p by flipping the signs of the pairs: a second opinion that takes no distribution; none without a spread.
    pub sign_flip_p: Option<f64>,
    /// Probability that the true mean lies within the margin, from a flat prior; none without a spread.
    pub probability_within_margin: Option<f64>,
    /// Difference of the loss on the training images in the last epoch; none without a spread, or where a run does not know it.
    pub train_loss: Option<Estimate>,
    /// Difference of the loss on the test images after the last epoch; as `train_loss`.
    pub test_loss: Option<Estimate>,
    /// How alike pairs of one seed are at several rankscales; none where rankscales have seeds of their own.
    pub intraclass: Option<Intraclass>,
    /// The mean difference if every diverged run counted as guessing (one image in ten); none where none diverged.
    pub diverged_as_chance: Option<f64>,
    /// All pairs there are, where the verdict is of an earlier look.
    pub later: Option<Later>,
}

/// A mean difference over networks, as the endpoint's.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// The mean.
    pub difference: f64,
    /// Its 95 % interval.
    pub interval: Interval,
    /// Two-sided p of no difference.
    pub p: f64,
}

/// An intraclass correlation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intraclass {
    /// Of the differences of pairs that share a seed, over rankscales.
    pub correlation: f64,
    /// Its interval.
    pub interval: Interval,
    /// Seeds that all rankscales have.
    pub seeds: u32,
}

/// The pairs since the look that a verdict rests on, with those of the look.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Later {
    /// Pairs in all.
    pub pairs: u32,
    /// Mean difference over networks.
    pub difference: f64,
    /// Its interval of level `1 - alpha`; none without a spread.
    pub interval: Option<Interval>,
}

/// Whether the notebook's figure is what another study like it would give, going by these runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Agreement {
    /// Its mean difference lies within the prediction interval: these runs do not speak against it.
    Compatible,
    /// It lies outside.
    Incompatible,
    /// There is no spread to go by, or the runs were not trained as the notebook's were.
    NotEnoughEvidence,
}

/// The notebook's difference beside ours, over the rankscales that both have.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replication {
    /// How many.
    pub rankscales: u32,
    /// The notebook's mean difference.
    pub notebook: f64,
    /// Ours.
    pub difference: f64,
    /// Where the mean of another study with one pair at each rankscale falls, going by ours.
    pub prediction: Option<Interval>,
    /// What follows.
    pub agreement: Agreement,
}

/// Pairs of runs compared image by image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageByImage {
    /// Pairs that kept their predictions.
    pub pairs: u32,
    /// Share of test images that one run of a pair got right and the other did not, on average.
    pub discordant: f64,
    /// Pairs that differ at 5 % by `McNemar`'s exact test, adjusted by Holm's method.
    pub significant: u32,
    /// The difference in accuracy by class.
    pub classes: Vec<ClassDifference>,
    /// The 95 % interval of the mean difference for other seeds and other test images, by a bootstrap of both; none where there are
    /// too few pairs for an interval, or so many that it would take minutes.
    pub other_images: Option<Interval>,
}

/// The difference in accuracy on the test images of one class.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassDifference {
    /// The class, 0 to 9.
    pub class: u8,
    /// Mean over rankscales of the mean difference.
    pub difference: f64,
    /// Its interval, as the endpoint's; none where there is not enough data for one.
    pub interval: Option<Interval>,
}

/// The difference at one rankscale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AtRankscale {
    /// Where.
    pub rankscale: u32,
    /// Seeds.
    pub pairs: u32,
    /// Mean difference.
    pub difference: f64,
    /// Student's interval; none for one pair, or where all differences are equal.
    pub interval: Option<Interval>,
    /// Two-sided p of Student's test; none where there is no interval.
    pub p: Option<f64>,
    /// The same, adjusted for the number of rankscales by Holm's method.
    pub p_holm: Option<f64>,
}

/// P(arm > baseline): the share of pairs that the arm wins, a tie counting half.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wins {
    /// Of all pairs.
    pub share: f64,
    /// Wilson's interval.
    pub interval: Interval,
}

/// A line through the differences against the logarithm of compression.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trend {
    /// Change of the difference for each halving of the parameters.
    pub slope: f64,
    /// Student's interval.
    pub interval: Interval,
    /// Two-sided p.
    pub p: f64,
}

/// Spread from seed to seed, as fractions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Noise {
    /// Sample sd of last-epoch accuracy over seeds, pooled over cells of both arms.
    pub runs_sd: f64,
    /// What the finite test set alone gives: `sqrt(p (1 - p) / images)`.
    pub binomial_sd: f64,
    /// Sample sd of the paired differences, pooled over rankscales.
    pub differences_sd: f64,
    /// The smallest difference that as many pairs again would find in four studies of five.
    pub detectable: f64,
    /// Seeds at every rankscale for a difference as large as the margin to be found in four studies of five; none where nobody would
    /// train as many.
    pub seeds_for_margin: Option<u32>,
    /// Seeds at every rankscale for *no meaningful difference* in four studies of five, where there is none at all.
    pub seeds_for_equivalence: Option<u32>,
}

/// Two rankscales that build one network, held against each other: whatever they differ by is not the network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identical {
    /// The two.
    pub rankscales: [u32; 2],
    /// Arm.
    pub decay: Arm,
    /// Seeds that both have.
    pub pairs: u32,
    /// Of them, pairs of equal accuracy: with deterministic arithmetic all of them.
    pub equal: u32,
    /// Mean difference, second minus first.
    pub difference: f64,
    /// Student's interval; none for one pair, or where all differences are equal.
    pub interval: Option<Interval>,
    /// Two-sided p of Student's test; none where there is no interval.
    pub p: Option<f64>,
}
