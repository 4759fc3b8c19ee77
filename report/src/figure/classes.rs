//! Difference in accuracy by class, of the headline's arm.

use super::{Figure, arms};
use crate::chart::frame::Margins;
use crate::chart::{Axis, Frame, Mean, Picture, Plot, Scale, Series, series};
use crate::numbers;
use crate::selection::Selection;
use crate::style;
use artifacts::dataset::CLASS_NAMES;
use artifacts::study::ClassDifference;

/// Name of the document.
pub const FILE: &str = "classes.svg";

/// Ten names need the whole width; the title says which arm it is.
const MARGINS: Margins = Margins { left: 56.0, right: 16.0, top: 56.0, bottom: 74.0 };

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
    let picture = Picture {
        width: style::WIDTH,
        height: style::HEIGHT,
        title: title.to_owned(),
        description: alt.clone(),
    };
    let mean = |(at, row): (u32, &ClassDifference)| Mean {
        x: f64::from(at),
        y: row.difference * 100.0,
        runs: images.pairs,
        interval: row.interval.map(arms::points),
    };
    let series =
        Series { means: (0..).zip(&images.classes).map(mean).collect(), ..arms::empty(endpoint.decay) };
    let names: Vec<_> = images.classes.iter().map(|row| name(row.class)).collect();
    let y_title = format!("{} minus {} (percentage points)", endpoint.decay, endpoint.baseline);
    let svg = picture.draw(|area| {
        let y = Axis::linear(series.heights().chain([0.0]), 0.4, 8);
        let frame = Frame::draw(area, MARGINS, (Axis::named(&names), "Class"), (y, y_title.as_str()))?;
        frame.level(0.0, (style::REFERENCE, 1.0, 1.5))?;
        series::draw_apart(&frame, std::slice::from_ref(&series))
    });
    let caption = format!(
        "Above zero, {} gets more of a class's test images right than {}; the mean over rankscales of the mean over seeds, {}{}.",
        endpoint.decay,
        endpoint.baseline,
        numbers::many(u64::from(images.pairs), "pair"),
        if series.whiskered() { ", with the interval that the endpoint's is made by" } else { "" }
    );
    let plot = Plot {
        zero: true,
        scale: Scale::Named(names.into_iter().map(str::to_owned).collect()),
        ..Plot::single("Class", y_title, vec![series])
    };
    Some(Figure { file: FILE, heading: "Difference by class", alt, caption, plot, svg })
}
