//! Difference in accuracy by class, of the headline's arm.

use super::{Figure, arms};
use crate::chart::frame::Margins;
use crate::chart::{Axis, Frame, Picture, marker};
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
    let ends = |row: &ClassDifference| arms::ends(row.difference, row.interval);
    let intervals = images.classes.iter().any(|row| row.interval.is_some());
    let look = style::arm(endpoint.decay);
    let y_title = format!("{} minus {} (percentage points)", endpoint.decay, endpoint.baseline);
    let svg = picture.draw(|area| {
        let heights = images.classes.iter().flat_map(ends).chain([0.0]);
        let y = Axis::linear(heights, 0.4, 8);
        let names: Vec<_> = images.classes.iter().map(|row| name(row.class)).collect();
        let frame = Frame::draw(area, MARGINS, (Axis::named(&names), "Class"), (y, y_title.as_str()))?;
        frame.level(0.0, (style::REFERENCE, 1.0, 1.5))?;
        for (at, row) in images.classes.iter().enumerate() {
            let at = at as f64;
            let [low, high] = ends(row);
            frame.line([(at, low), (at, high)], 0.0, (look.color, 1.0, style::THIN_LINE))?;
            marker::draw_on_rim(frame.area(), frame.at(at, row.difference * 100.0), style::MARKER, look)?;
        }
        Ok(())
    });
    let caption = format!(
        "Above zero, {} gets more of a class's test images right than {}; the mean over rankscales of the mean over seeds, {}{}.",
        endpoint.decay,
        endpoint.baseline,
        numbers::many(u64::from(images.pairs), "pair"),
        if intervals { ", with the interval that the endpoint's is made by" } else { "" }
    );
    Some(Figure { file: FILE, heading: "Difference by class", alt, caption, svg })
}
