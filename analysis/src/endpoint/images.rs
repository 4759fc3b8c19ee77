//! The pairs of an endpoint, compared image by image.

use crate::endpoint::missing::allows_interval;
use crate::endpoint::sample::Sample;
use crate::join::classes::classes;
use crate::join::pairs::RunPair;
use crate::stats::holm::holm;
use crate::stats::mcnemar::mcnemar;
use crate::stats::strata::Strata;
use crate::stats::stratified::stratified;
use crate::stats::two_way::{self, Discordant};
use crate::stats::{LEVEL, RANDOM_SEED};
use artifacts::rules::ALPHA;
use artifacts::study::{ClassDifference, ClassRow, ImageByImage, Interval};
use std::collections::BTreeMap;

/// Compares the pairs image by image; `None` if no pair kept its predictions.
#[must_use]
pub fn image_by_image(sample: &Sample<'_>) -> Option<ImageByImage> {
    let mut marked: Vec<(u32, RunPair<'_>)> = Vec::new();
    for observation in &sample.observations {
        let first = observation.pairs.first().copied();
        marked.extend(first.filter(has_marks).map(|pair| (observation.rankscale, pair)));
    }
    let all = marked.len() == sample.observations.len();
    let rows: Vec<(u32, ClassRow)> = marked
        .iter()
        .flat_map(|(network, pair)| {
            classes(std::slice::from_ref(pair)).unwrap_or_default().into_iter().map(|row| (*network, row))
        })
        .collect();
    let mut found = summary(&rows)?;
    found.other_images = if all { other_images(&marked) } else { None };
    Some(found)
}

fn has_marks(pair: &RunPair<'_>) -> bool {
    pair.treated.run.marks.is_some() && pair.plain.run.marks.is_some()
}

/// Summarises the class tables of the pairs, each row given with its network.
#[must_use]
pub fn summary(rows: &[(u32, ClassRow)]) -> Option<ImageByImage> {
    let mut pairs: BTreeMap<(u32, u64), [u32; 3]> = BTreeMap::new();
    let mut classes: BTreeMap<u8, BTreeMap<u32, Vec<f64>>> = BTreeMap::new();
    for (network, row) in rows.iter().filter(|(_, row)| row.images > 0) {
        let pair = pairs.entry((*network, row.seed)).or_default();
        for (sum, count) in pair.iter_mut().zip([row.images, row.only_arm, row.only_baseline]) {
            *sum += count;
        }
        let difference = (f64::from(row.only_arm) - f64::from(row.only_baseline)) / f64::from(row.images);
        classes.entry(row.class).or_default().entry(*network).or_default().push(difference);
    }
    if pairs.is_empty() {
        return None;
    }
    let share = |[images, arm, baseline]: &[u32; 3]| f64::from(arm + baseline) / f64::from(*images);
    let p: Vec<f64> = pairs.values().map(|[_, arm, baseline]| mcnemar(*arm, *baseline)).collect();
    let class = |(class, lists): (u8, BTreeMap<u32, Vec<f64>>)| {
        let strata = Strata::new(lists.into_values())?;
        let estimate = stratified(&strata).filter(|_| allows_interval(&strata));
        let interval = estimate.map(|estimate| estimate.interval(LEVEL));
        Some(ClassDifference { class, difference: strata.mean(), interval })
    };
    Some(ImageByImage {
        pairs: pairs.len() as u32,
        discordant: pairs.values().map(share).sum::<f64>() / pairs.len() as f64,
        significant: holm(&p).into_iter().filter(|p| *p <= ALPHA).count() as u32,
        classes: classes.into_iter().filter_map(class).collect(),
        other_images: None,
    })
}

/// Returns the confidence interval over other seeds and other test images, for pairs given with their
/// networks.
fn other_images(marked: &[(u32, RunPair<'_>)]) -> Option<Interval> {
    if marked.len() > two_way::MOST_PAIRS {
        return None;
    }
    let mut images = 0;
    let mut strata: BTreeMap<u32, Vec<Discordant>> = BTreeMap::new();
    for (network, RunPair { treated, plain }) in marked {
        let (ours, theirs) = (treated.run.marks.as_ref()?, plain.run.marks.as_ref()?);
        images = ours.right.len();
        let signs = (0..).zip(ours.right.iter().zip(&theirs.right));
        let discordant = signs.filter(|(_, (ours, theirs))| ours != theirs);
        let pair = discordant.map(|(image, (ours, _))| (image, if *ours { 1.0 } else { -1.0 })).collect();
        strata.entry(*network).or_default().push(pair);
    }
    two_way::interval(&strata.into_values().collect::<Vec<_>>(), images, RANDOM_SEED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(seed: u64, class: u8, only_arm: u32, only_baseline: u32) -> (u32, ClassRow) {
        let row = ClassRow {
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
        (8, row)
    }

    #[test]
    fn pairs_are_counted_image_by_image() {
        // The first pair differs strongly, the second not at all.
        let rows = [row(0, 3, 30, 2), row(0, 5, 4, 4), row(1, 3, 2, 2), row(1, 5, 0, 0)];
        let found = summary(&rows).unwrap();
        assert_eq!((found.pairs, found.significant), (2, 1));
        assert!((found.discordant - 0.11).abs() < 1e-12);
        let differences: Vec<_> = found.classes.iter().map(|class| (class.class, class.difference)).collect();
        assert_eq!(differences, [(3, 0.14), (5, 0.0)]);
        assert_eq!(summary(&[]), None);
    }

    #[test]
    fn a_class_has_an_interval_from_as_many_pairs_as_a_verdict_needs() {
        let interval = |pairs: u64| {
            let rows: Vec<_> = (0..pairs).map(|seed| row(seed, 3, 4 + seed as u32 % 3, 2)).collect();
            summary(&rows).unwrap().classes[0].interval
        };
        assert!(interval(8).is_none() && interval(9).is_some());
    }
}
