//! The A/A check: the differences between rankscales that build the same network.

use super::{Figure, arms};
use crate::chart::{Axis, Mean, Plot, Scale, Series};
use crate::selection::Selection;
use artifacts::study::Identical;
use artifacts::words;
use network::Arm;
use std::collections::BTreeSet;

/// Name of the document.
pub const FILE: &str = "identical.svg";

/// Draws the figure; `None` if no two rankscales of the study build the same network.
#[must_use]
pub fn figure(selection: &Selection<'_>) -> Option<Figure> {
    let checks = &selection.study.summary.identical;
    let mut places: Vec<[u32; 2]> = checks.iter().map(|check| check.rankscales).collect();
    places.dedup();
    let arms: BTreeSet<Arm> = checks.iter().map(|check| check.decay).collect();
    if places.is_empty() {
        return None;
    }
    let names: Vec<String> = places.iter().map(|[first, second]| format!("{second} minus {first}")).collect();
    let described: Vec<_> = checks
        .iter()
        .map(|check| {
            let [first, second] = check.rankscales;
            format!("{second} minus {first}, {}: {}", check.decay, words::points(check.difference))
        })
        .collect();
    let title = "A/A check: the same network under two rankscales";
    let alt = format!(
        "{title}, difference in {} accuracy in points: {}.",
        selection.judged_by(),
        described.join("; ")
    );
    let place = |check: &Identical| places.iter().position(|place| *place == check.rankscales);
    let mean = |check: &Identical| {
        Some(Mean {
            x: place(check)? as f64,
            y: check.difference * 100.0,
            runs: check.pairs,
            interval: check.interval.map(arms::points),
        })
    };
    let of = |arm: &Arm| Series {
        means: checks.iter().filter(|check| check.decay == *arm).filter_map(mean).collect(),
        ..arms::empty(selection, *arm)
    };
    let series = arms.iter().map(of).collect();
    let axis = Axis::named(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let plot = Plot {
        zero: true,
        scale: Scale::Named(names),
        ..Plot::single("Rankscales", "Difference (percentage points)", series)
    };
    let svg = plot.picture((title, &alt), axis, 0.4, Some((arms::LEGEND, Vec::new())), |_| Ok(()));
    let caption = "The two rankscales of a place build one network, so what their runs differ by is not the network; markers are \
                   means over seeds, lines 95 % intervals. With one seed and deterministic arithmetic the runs are equal."
        .to_owned();
    Some(Figure { file: FILE, heading: "A/A check", alt, caption, plot, svg })
}
