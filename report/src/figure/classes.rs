//! Difference in accuracy by class, of the headline's arm.

use super::{Figure, arms};
use crate::chart::{Axis, Mean, Plot, Scale, Series};
use crate::numbers;
use crate::selection::Selection;
use artifacts::dataset::CLASS_NAMES;
use artifacts::study::ClassDifference;

/// Name of the document.
pub const FILE: &str = "classes.svg";

/// Draws it; none where no pair kept its predictions.
#[must_use]
pub fn figure(selection: &Selection<'_>) -> Option<Figure> {
    let endpoint = selection.headline()?;
    let images = endpoint.secondary.images.as_ref()?;
    let name = |class: u8| CLASS_NAMES.get(usize::from(class)).copied().unwrap_or("unknown");
    let described: Vec<_> = images
        .classes
        .iter()
        .map(|row| format!("{} {}", name(row.class), numbers::points(row.difference)))
        .collect();
    let title = "Difference in test accuracy by class";
    let alt = format!(
        "{title}, {} minus {}, in points: {}.",
        endpoint.decay,
        endpoint.baseline,
        described.join(", ")
    );
    let mean = |(at, row): (u32, &ClassDifference)| Mean {
        x: f64::from(at),
        y: row.difference * 100.0,
        runs: images.pairs,
        interval: row.interval.map(arms::points),
    };
    let series = Series {
        means: (0..).zip(&images.classes).map(mean).collect(),
        ..arms::empty(selection, endpoint.decay)
    };
    let names: Vec<_> = images.classes.iter().map(|row| name(row.class)).collect();
    let y_title = format!("{} minus {} (percentage points)", endpoint.decay, endpoint.baseline);
    let whiskered = series.whiskered();
    let plot = Plot {
        zero: true,
        scale: Scale::Named(names.iter().map(|name| (*name).to_owned()).collect()),
        ..Plot::single("Class", y_title, vec![series])
    };
    let svg = plot.picture((title, &alt), Axis::named(&names), 0.4, None, |_| Ok(()));
    let caption = format!(
        "Above zero, {} gets more of a class's test images right than {}; the mean over rankscales of the mean over seeds, {}{}.",
        endpoint.decay,
        endpoint.baseline,
        numbers::many(u64::from(images.pairs), "pair"),
        if whiskered { ", with the interval that the endpoint's is made by" } else { "" }
    );
    Some(Figure { file: FILE, heading: "Difference by class", alt, caption, plot, svg })
}
