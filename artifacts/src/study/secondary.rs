//! The secondary analyses of an arm, besides its endpoint and verdict.

use super::interval::Interval;
use network::Arm;
use serde::{Deserialize, Serialize};

/// Secondary statistics of an endpoint. `by_rankscale` and `trend` can qualify its verdict or withhold *no
/// meaningful difference*; nothing else here enters it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secondary {
    /// The difference at each rankscale.
    pub by_rankscale: Vec<AtRankscale>,
    /// How often the arm wins; `None` without a pair.
    pub wins: Option<Wins>,
    /// The trend of the difference over compression; `None` for fewer than three pairs or two networks.
    pub trend: Option<Trend>,
    /// The variation between seeds, and what it means for another study; `None` if no rankscale has two
    /// pairs.
    pub noise: Option<Noise>,
    /// The pairs compared image by image; `None` if no pair kept its predictions.
    pub images: Option<ImageByImage>,
    /// The comparison with the 2018 notebook's figure; `None` for arms that it does not have.
    pub replication: Option<Replication>,
    /// The two-sided p value of the sign-flip permutation test, which assumes no distribution; `None` without
    /// a spread.
    pub sign_flip_p: Option<f64>,
    /// The posterior probability, from a flat prior, that the true mean lies within the margin; `None`
    /// without a spread.
    pub probability_within_margin: Option<f64>,
    /// The difference of the loss on the training images in the last epoch; `None` without a spread, or if a
    /// run lacks it.
    pub train_loss: Option<Estimate>,
    /// The difference of the loss on the test images after the last epoch; `None` as for `train_loss`.
    pub test_loss: Option<Estimate>,
    /// The correlation of pairs of one seed at several rankscales; `None` if rankscales do not share seeds.
    pub intraclass: Option<Intraclass>,
    /// The mean difference if every diverged run had guessed at random; `None` if none diverged.
    pub diverged_as_chance: Option<f64>,
    /// All available pairs, if the verdict is of an earlier look.
    pub later: Option<Later>,
}

/// A mean difference over networks, estimated as the endpoint is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// The mean difference.
    pub difference: f64,
    /// The 95 % interval of the difference.
    pub interval: Interval,
    /// The two-sided p value of no difference.
    pub p: f64,
}

/// An intraclass correlation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intraclass {
    /// The correlation, over rankscales, of the differences of pairs that share a seed.
    pub correlation: f64,
    /// The confidence interval of the correlation.
    pub interval: Interval,
    /// The number of seeds that all rankscales have.
    pub seeds: u32,
}

/// All pairs, including those since the look that a verdict rests on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Later {
    /// The number of pairs.
    pub pairs: u32,
    /// The mean difference over networks.
    pub difference: f64,
    /// Its interval of level `1 - alpha`; `None` without a spread.
    pub interval: Option<Interval>,
}

/// Whether a mean of the notebook's is compatible with another study like these runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Agreement {
    /// The notebook's mean lies within the prediction interval: these runs do not contradict it.
    Compatible,
    /// It lies outside the prediction interval.
    Incompatible,
    /// There is no spread between seeds, or the runs were not trained as the notebook's were.
    NotEnoughEvidence,
}

/// The notebook's two curves beside our pairs of runs, over the rankscales that both have.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replication {
    /// The number of rankscales that both have; those that build one network count as one in the means.
    pub rankscales: u32,
    /// The difference of the arm from the baseline.
    pub difference: Replicated,
    /// The test accuracy of the arm.
    pub accuracy: Replicated,
    /// The test accuracy of the baseline.
    pub baseline: Replicated,
}

/// A mean over networks in the notebook, beside the same mean of our runs; both are fractions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replicated {
    /// The notebook's mean.
    pub notebook: f64,
    /// Our mean.
    pub ours: f64,
    /// The 95 % prediction interval of the mean of another study with one pair at each rankscale, given our
    /// pairs.
    pub prediction: Option<Interval>,
    /// The conclusion.
    pub agreement: Agreement,
}

/// Pairs of runs compared image by image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageByImage {
    /// The number of pairs that kept their predictions.
    pub pairs: u32,
    /// The mean fraction of test images that only one run of a pair classified correctly.
    pub discordant: f64,
    /// The number of pairs that differ at level 5 % by `McNemar`'s exact test, adjusted by Holm's method.
    pub significant: u32,
    /// The difference in accuracy by class.
    pub classes: Vec<ClassDifference>,
    /// The 95 % bootstrap interval of the mean difference over other seeds and other test images; `None` if
    /// there are too few pairs for an interval, or so many that it would take minutes.
    pub other_images: Option<Interval>,
}

/// The difference in accuracy on the test images of one class.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassDifference {
    /// The class, counted from 0.
    pub class: u8,
    /// The mean over rankscales of the mean difference.
    pub difference: f64,
    /// Its confidence interval, computed as the endpoint's; `None` if there is not enough data for one.
    pub interval: Option<Interval>,
}

/// The difference at one rankscale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AtRankscale {
    /// The rankscale.
    pub rankscale: u32,
    /// The number of pairs, one per seed.
    pub pairs: u32,
    /// The mean difference.
    pub difference: f64,
    /// Student's t interval; `None` for one pair, or if all differences are equal.
    pub interval: Option<Interval>,
    /// The two-sided p value of Student's t test; `None` if there is no interval.
    pub p: Option<f64>,
    /// The p value adjusted for the number of rankscales by Holm's method.
    pub p_holm: Option<f64>,
}

/// The probability that the arm is better than the baseline: the proportion of pairs that the arm wins, a tie
/// counting half.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wins {
    /// The proportion of pairs.
    pub share: f64,
    /// Wilson's interval.
    pub interval: Interval,
}

/// The regression of the differences on the logarithm of compression.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trend {
    /// The change of the difference for each halving of the parameters.
    pub slope: f64,
    /// Student's t interval of the slope.
    pub interval: Interval,
    /// The two-sided p value of a slope of zero.
    pub p: f64,
}

/// The variation between seeds; standard deviations and differences are fractions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Noise {
    /// The sample standard deviation of last-epoch accuracy over seeds, pooled over cells of both arms.
    pub runs_sd: f64,
    /// The standard deviation due to the finite test set alone: `sqrt(p (1 - p) / images)`.
    pub binomial_sd: f64,
    /// The sample standard deviation of the paired differences, pooled over rankscales.
    pub differences_sd: f64,
    /// The smallest difference that one test of a study with as many pairs, at the level of its judgement,
    /// would detect with a power of 80 %.
    pub detectable: f64,
    /// Seeds at every rankscale to detect a difference of the size of the margin with a power of 80 %; `None`
    /// if that is more than anybody would train.
    pub seeds_for_margin: Option<u32>,
    /// Seeds at every rankscale for the interval to lie within the margin in 80 % of studies if there is no
    /// difference; the tests of unlike rankscales withhold the verdict in some of them.
    pub seeds_for_equivalence: Option<u32>,
}

/// The comparison of two rankscales that build the same network: any difference is noise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identical {
    /// The two rankscales.
    pub rankscales: [u32; 2],
    /// The arm.
    pub decay: Arm,
    /// The number of seeds that both have.
    pub pairs: u32,
    /// The number of pairs with equal accuracy; with deterministic arithmetic, all of them.
    pub equal: u32,
    /// The mean difference, second minus first.
    pub difference: f64,
    /// Student's t interval; `None` for one pair, or if all differences are equal.
    pub interval: Option<Interval>,
    /// The two-sided p value of Student's t test; `None` if there is no interval.
    pub p: Option<f64>,
}
