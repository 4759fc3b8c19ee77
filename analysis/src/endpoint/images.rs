//! The pairs of an endpoint image by image.

use crate::endpoint::missing::allows_interval;
use crate::endpoint::verdict::SIGNIFICANCE;
use crate::stats::RANDOM_SEED;
use crate::stats::bootstrap;
use crate::stats::holm::holm;
use crate::stats::mcnemar::mcnemar;
use crate::stats::strata::Strata;
use artifacts::study::{ClassDifference, ClassRow, ImageByImage};
use std::collections::BTreeMap;

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
