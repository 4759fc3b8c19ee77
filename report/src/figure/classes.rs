//! The difference in accuracy by class, for the headline's arm. If there are many classes, those with the
//! largest differences in either direction are drawn.

use super::{Figure, arms};
use crate::chart::{Axis, Mean, Plot, Scale, Series};
use crate::selection::Selection;
use artifacts::study::ClassDifference;
use artifacts::words;

/// Name of the document.
pub const FILE: &str = "classes.svg";

/// The largest number of classes in a figure that leaves room for their names.
const MOST: usize = 10;

/// Selects the classes to show: all of them in order, or, of more than [`MOST`], those with the largest
/// differences in either direction, sorted by difference.
fn shown(classes: &[ClassDifference]) -> Vec<&ClassDifference> {
    let mut rows: Vec<_> = classes.iter().collect();
    if rows.len() > MOST {
        rows.sort_by(|a, b| a.difference.total_cmp(&b.difference));
        rows.drain(MOST / 2..rows.len() - MOST / 2);
    }
    rows
}

/// Draws the figure; `None` if no pair kept its predictions.
#[must_use]
pub fn figure(selection: &Selection<'_>) -> Option<Figure> {
    let endpoint = selection.headline()?;
    let images = endpoint.secondary.images.as_ref()?;
    let task = selection.configuration().map(|recipe| recipe.recipe.dataset).unwrap_or_default();
    let name = |class: u8| task.class_names().get(usize::from(class)).copied().unwrap_or("unknown");
    let shown = shown(&images.classes);
    let described: Vec<_> =
        shown.iter().map(|row| format!("{} {}", name(row.class), words::points(row.difference))).collect();
    let judged = selection.judged_by();
    let title = format!("Difference in {judged} accuracy by class");
    let part = if shown.len() < images.classes.len() {
        format!(" (the {} largest either way of {} classes)", MOST / 2, images.classes.len())
    } else {
        String::new()
    };
    let alt = format!(
        "{title}, {} minus {}, in points{part}: {}.",
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
        means: (0..).zip(shown.iter().copied()).map(mean).collect(),
        ..arms::empty(selection, endpoint.decay)
    };
    let names: Vec<_> = shown.iter().map(|row| name(row.class)).collect();
    let y_title = format!("{} minus {} (percentage points)", endpoint.decay, endpoint.baseline);
    let whiskered = series.whiskered();
    let plot = Plot {
        zero: true,
        scale: Scale::Named(names.iter().map(|name| (*name).to_owned()).collect()),
        ..Plot::single("Class", y_title, vec![series])
    };
    let svg = plot.picture((&title, &alt), Axis::named(&names), 0.4, None, |_| Ok(()));
    let caption = format!(
        "Above zero, {} gets more of a class's {judged} images right than {}; the mean over rankscales of the mean over seeds, {}{}{part}{}.",
        endpoint.decay,
        endpoint.baseline,
        words::many(u64::from(images.pairs), "pair"),
        if whiskered { ", with 95 % intervals, made as the endpoint's is" } else { "" },
        if part.is_empty() {
            ""
        } else {
            "; chosen for being extreme, they say more than another study would find"
        }
    );
    Some(Figure { file: FILE, heading: "Difference by class", alt, caption, plot, svg })
}
