//! Pairs of runs compared image by image: what one got right and the other did not.
//!
//! *Invariant:* the two runs of a pair were tested on the same images, in the same order.

use crate::bootstrap;
use crate::endpoint::RANDOM_SEED;
use crate::evidence::allows_interval;
use crate::join::pairs::RunPair;
use crate::secondary::holm;
use crate::strata::Strata;
use crate::verdict::SIGNIFICANCE;
use anyhow::ensure;
use artifacts::run::PredictionRow;
use artifacts::study::{ClassDifference, ClassRow, ImageByImage};
use network::architecture::CLASSES;
use statrs::distribution::{Binomial, DiscreteCDF};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Test images and their classes, in the order of a run's predictions.
pub type Tested = Arc<[(u32, u8)]>;

/// Which test images a run got right after its last epoch.
#[derive(Debug, Clone, PartialEq)]
pub struct Marks {
    images: Tested,
    right: Vec<bool>,
}

impl Marks {
    /// From a run's predictions. Runs tested on the same images share one list of them, the one in `known`.
    #[must_use]
    pub fn new(rows: &[PredictionRow], known: &mut Vec<Tested>) -> Self {
        let same = |images: &&Tested| {
            images.len() == rows.len()
                && images.iter().zip(rows).all(|(image, row)| *image == (row.image, row.label))
        };
        let images = known.iter().find(same).cloned().unwrap_or_else(|| {
            let images: Tested = rows.iter().map(|row| (row.image, row.label)).collect();
            known.push(Arc::clone(&images));
            images
        });
        Self { images, right: rows.iter().map(|row| row.prediction == row.label).collect() }
    }
}

/// Every pair of which both runs kept their predictions, class by class, in the order of the pairs.
///
/// # Errors
/// A pair of runs that were tested on different images.
pub fn classes(pairs: &[RunPair<'_>]) -> anyhow::Result<Vec<ClassRow>> {
    let mut rows = Vec::new();
    for RunPair { treated, plain } in pairs {
        let (Some(ours), Some(theirs)) = (&treated.run.marks, &plain.run.marks) else { continue };
        let (treated, plain) = (&treated.run.record, &plain.run.record);
        ensure!(
            ours.images == theirs.images,
            "{} and {}: predictions.parquet: a pair must be tested on the same images",
            treated.name,
            plain.name
        );
        let of = &treated.configuration;
        let recipe = of.recipe(&treated.data.fingerprint);
        rows.extend((0..).zip(counts(ours, theirs)).map(|(class, [images, only_arm, only_baseline])| {
            ClassRow {
                recipe: recipe.clone(),
                lambda: of.lambda,
                rankscale: of.rankscale as u32,
                seed: of.seed,
                decay: of.decay.name().to_owned(),
                baseline: plain.configuration.decay.name().to_owned(),
                class,
                images,
                only_arm,
                only_baseline,
            }
        }));
    }
    Ok(rows)
}

/// For each class its images, those that only the one run got right, and those that only the other did.
fn counts(ours: &Marks, theirs: &Marks) -> [[u32; 3]; CLASSES] {
    let mut counts = [[0u32; 3]; CLASSES];
    for ((_, label), (ours, theirs)) in ours.images.iter().zip(ours.right.iter().zip(&theirs.right)) {
        let count = &mut counts[usize::from(*label)];
        count[0] += 1;
        count[1] += u32::from(*ours && !theirs);
        count[2] += u32::from(!ours && *theirs);
    }
    counts
}

/// Two-sided p of `McNemar`'s exact test: of the images that only one run got right, the one's share is a coin's (Q. `McNemar`, "Note
/// on the sampling error of the difference between correlated proportions or percentages", Psychometrika 12, 1947).
#[must_use]
pub fn mcnemar(only_arm: u32, only_baseline: u32) -> f64 {
    let images = u64::from(only_arm + only_baseline);
    let coin = Binomial::new(0.5, images).expect("a half is a probability");
    (2.0 * coin.cdf(u64::from(only_arm.min(only_baseline)))).min(1.0)
}

/// Pairs image by image; none where there is none.
#[must_use]
pub fn image_by_image(rows: &[&ClassRow]) -> Option<ImageByImage> {
    let mut pairs: BTreeMap<(u32, u64), [u32; 3]> = BTreeMap::new();
    let mut classes: BTreeMap<u8, BTreeMap<u32, Vec<f64>>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.images > 0) {
        let pair = pairs.entry((row.rankscale, row.seed)).or_default();
        for (sum, count) in pair.iter_mut().zip([row.images, row.only_arm, row.only_baseline]) {
            *sum += count;
        }
        let difference = (f64::from(row.only_arm) - f64::from(row.only_baseline)) / f64::from(row.images);
        classes.entry(row.class).or_default().entry(row.rankscale).or_default().push(difference);
    }
    if pairs.is_empty() {
        return None;
    }
    let share = |[images, arm, baseline]: &[u32; 3]| f64::from(arm + baseline) / f64::from(*images);
    let p: Vec<f64> = pairs.values().map(|[_, arm, baseline]| mcnemar(*arm, *baseline)).collect();
    let class = |(class, lists): (u8, BTreeMap<u32, Vec<f64>>)| {
        let strata = Strata::new(lists.into_values())?;
        let interval = allows_interval(&strata).then(|| bootstrap::interval(&strata, RANDOM_SEED)).flatten();
        Some(ClassDifference { class, difference: strata.mean(), interval })
    };
    Some(ImageByImage {
        pairs: pairs.len() as u32,
        discordant: pairs.values().map(share).sum::<f64>() / pairs.len() as f64,
        significant: holm(&p).into_iter().filter(|p| *p <= SIGNIFICANCE).count() as u32,
        classes: classes.into_iter().filter_map(class).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs::Run;
    use crate::join::finished::finished;
    use crate::join::made_up::{configuration, done};
    use crate::join::pairs::pairs;
    use crate::secondary::tests::{close, expected};
    use network::Arm;

    #[test]
    fn the_exact_test_is_that_of_statsmodels() {
        for case in expected()["mcnemar"].as_array().unwrap() {
            let [arm, baseline] = ["only_arm", "only_baseline"].map(|key| case[key].as_u64().unwrap() as u32);
            close(mcnemar(arm, baseline), &case["p"]);
        }
        assert!((mcnemar(0, 0) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn runs_on_the_same_images_share_their_list() {
        let row = |image, prediction| PredictionRow { image, label: 3, prediction, loss: 0.1 };
        let mut known = Vec::new();
        let first = Marks::new(&[row(0, 3), row(4, 1)], &mut known);
        let second = Marks::new(&[row(0, 2), row(4, 3)], &mut known);
        let other = Marks::new(&[row(1, 3), row(4, 3)], &mut known);
        assert!(Arc::ptr_eq(&first.images, &second.images) && first.images != other.images);
        assert_eq!((first.right, second.right, known.len()), (vec![true, false], vec![false, true], 2));
    }

    #[test]
    fn both_runs_of_a_pair_kept_predictions_of_the_same_images() {
        let mut known = Vec::new();
        let mut marks = |images: [u32; 2], predictions: [u8; 2]| {
            let row = |(image, prediction)| PredictionRow { image, label: 3, prediction, loss: 0.1 };
            Some(Marks::new(&images.into_iter().zip(predictions).map(row).collect::<Vec<_>>(), &mut known))
        };
        let [mut plain, mut treated] =
            [Arm::Original, Arm::Appropriate].map(|arm| done(&configuration(8, arm, 0), 0.9));
        let rows = |plain: &Run, treated: &Run| classes(&pairs(&finished([plain, treated], None)));
        plain.marks = marks([0, 4], [3, 1]);
        assert_eq!(rows(&plain, &treated).unwrap(), [], "the one kept none");
        treated.marks = marks([0, 4], [3, 3]);
        let found = rows(&plain, &treated).unwrap();
        let counts = found.iter().map(|row| (row.images, row.only_arm, row.only_baseline));
        assert_eq!((found.len(), counts.max()), (10, Some((2, 1, 0))));
        treated.marks = marks([0, 5], [3, 3]);
        let message = rows(&plain, &treated).unwrap_err().to_string();
        assert!(message.contains(&treated.record.name) && message.contains("same images"), "{message}");
    }

    #[test]
    fn pairs_are_counted_image_by_image() {
        let row = |seed, class, only_arm, only_baseline| ClassRow {
            recipe: String::new(),
            lambda: 0.0,
            rankscale: 8,
            seed,
            decay: String::new(),
            baseline: String::new(),
            class,
            images: 100,
            only_arm,
            only_baseline,
        };
        // The first pair differs by far, the second not at all.
        let rows = [row(0, 3, 30, 2), row(0, 5, 4, 4), row(1, 3, 2, 2), row(1, 5, 0, 0)];
        let found = image_by_image(&rows.iter().collect::<Vec<_>>()).unwrap();
        assert_eq!((found.pairs, found.significant), (2, 1));
        assert!((found.discordant - 0.11).abs() < 1e-12);
        let differences: Vec<_> = found.classes.iter().map(|class| (class.class, class.difference)).collect();
        assert_eq!(differences, [(3, 0.14), (5, 0.0)]);
        assert_eq!(image_by_image(&[]), None);
    }
}
