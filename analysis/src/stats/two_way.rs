//! A bootstrap interval for the mean over strata that generalises to other seeds and other test images.
//!
//! Every resample draws pairs within each stratum and, independently, test images, the same ones for all
//! pairs (A. B. Owen, "The pigeonhole bootstrap", Annals of Applied Statistics 1, 2007); it is conservative.
//! Of a stratum's n pairs n - 1 are drawn, so that the variance of its mean is not too small by (n - 1) / n
//! (Rao and Wu, JASA 83, 1988).
//!
//! *Invariant:* the same pairs and the same seed give the same interval, bit for bit.

use crate::stats::LEVEL;
use artifacts::study::Interval;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The number of resampled means behind an interval.
const RESAMPLES: usize = 1000;
/// The largest number of pairs for which it is computed: the cost is the number of pairs times their
/// discordant images.
pub const MOST_PAIRS: usize = 200;

/// The images that only one run of a pair classified correctly: their indices, with +1 for the arm or -1 for
/// its baseline.
pub type Discordant = Vec<(u32, f64)>;

/// Returns the bootstrap interval of the mean over strata, for pairs tested on `images` images; `None` if a
/// stratum has a single pair or there are more than [`MOST_PAIRS`] pairs.
#[must_use]
pub fn interval(strata: &[Vec<Discordant>], images: usize, seed: u64) -> Option<Interval> {
    let pairs: usize = strata.iter().map(Vec::len).sum();
    if strata.is_empty() || images == 0 || pairs > MOST_PAIRS || strata.iter().any(|list| list.len() < 2) {
        return None;
    }
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut means: Vec<f64> = (0..RESAMPLES).map(|_| resampled(strata, images, &mut random)).collect();
    means.sort_by(f64::total_cmp);
    let tail = (1.0 - LEVEL) / 2.0;
    Some(Interval { low: percentile(&means, tail), high: percentile(&means, 1.0 - tail), level: LEVEL })
}

fn resampled(strata: &[Vec<Discordant>], images: usize, random: &mut ChaCha8Rng) -> f64 {
    let mut weights = vec![0.0; images];
    for _ in 0..images {
        weights[random.random_range(0..images)] += 1.0;
    }
    let difference =
        |pair: &Discordant| pair.iter().map(|(image, sign)| sign * weights[*image as usize]).sum::<f64>();
    let means = strata.iter().map(|list| {
        let draws = list.len() - 1;
        (0..draws).map(|_| difference(&list[random.random_range(0..list.len())])).sum::<f64>() / draws as f64
    });
    means.sum::<f64>() / (strata.len() * images) as f64
}

/// Returns the percentile by linear interpolation between order statistics (Hyndman and Fan's type 7, numpy's
/// default).
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let position = share * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[position.floor() as usize], sorted[position.ceil() as usize]);
    below + (above - below) * position.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pair with this many discordant images either way, at indices of its own.
    fn pair(arm: u32, baseline: u32, first: u32) -> Discordant {
        let at = |sign: f64| move |image: u32| (first + image, sign);
        (0..arm).map(at(1.0)).chain((arm..arm + baseline).map(at(-1.0))).collect()
    }

    #[test]
    fn percentiles_are_those_of_numpy() {
        // numpy.percentile([1, 2, 4, 8], [0, 10, 50, 97.5, 100])
        for (share, expected) in [(0.0, 1.0), (0.1, 1.3), (0.5, 3.0), (0.975, 7.7), (1.0, 8.0)] {
            assert!((percentile(&[1.0, 2.0, 4.0, 8.0], share) - expected).abs() < 1e-12, "{share}");
        }
    }

    #[test]
    fn equal_pairs_leave_the_spread_of_the_images() {
        // One pair three times: of 1000 images, 60 discordant one way and 40 the other. A mean of +1, -1 and
        // 0 has a variance of (0.1 - 0.02^2) / 1000, so the interval is 0.02 +- 1.96 * 0.00998.
        let found = interval(&[vec![pair(60, 40, 0); 3]], 1000, 1).unwrap();
        assert!((found.low - 0.000_44).abs() < 0.002 && (found.high - 0.039_56).abs() < 0.002, "{found:?}");
        assert_eq!(interval(&[vec![pair(60, 40, 0); 3]], 1000, 1), Some(found));
    }

    #[test]
    fn seeds_add_to_it() {
        let strata = [vec![pair(60, 40, 0), pair(20, 60, 200), pair(90, 30, 400)]];
        let (both, images) =
            (interval(&strata, 1000, 1).unwrap(), interval(&[vec![pair(60, 40, 0); 3]], 1000, 1).unwrap());
        assert!(both.high - both.low > images.high - images.low);
        assert_eq!(interval(&[vec![pair(1, 1, 0)]], 1000, 1), None, "a single pair");
        assert_eq!(interval(&[vec![pair(1, 1, 0); MOST_PAIRS + 1]], 1000, 1), None, "minutes");
    }
}
