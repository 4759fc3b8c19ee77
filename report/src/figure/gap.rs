//! The generalisation gap: training minus test (or held-out) accuracy against rankscale.

use super::{Figure, arms};
use crate::chart::Plot;
use crate::selection::Selection;

/// Name of the document.
pub const FILE: &str = "gap.svg";

/// Draws the figure; `None` if no finished run recorded its training accuracy.
#[must_use]
pub fn figure(selection: &Selection<'_>) -> Option<Figure> {
    let runs = selection.runs();
    let series: Vec<_> = selection
        .arms()
        .into_iter()
        .map(|arm| {
            let rows: Vec<_> = runs
                .iter()
                .filter(|run| run.decay == arm.name() && run.rankscale > 0)
                .filter_map(|run| {
                    Some((
                        run.rankscale,
                        (run.train_accuracy? - run.test_accuracy?) * 100.0,
                        run.run.as_str(),
                    ))
                })
                .filter(|(_, gap, _)| gap.is_finite())
                .collect();
            arms::over_rankscales(arms::empty(selection, arm), &rows)
        })
        .filter(|series| !series.means.is_empty())
        .collect();
    if series.is_empty() {
        return None;
    }
    let described: Vec<_> =
        series.iter().map(|series| arms::described(series, arms::at_rankscale, " points")).collect();
    let judged = selection.judged_by();
    let gap = format!("Train minus {judged} accuracy");
    let title = format!("{gap} against rankscale");
    let alt = format!("{title}: {}.", described.join("; "));
    let drawn = arms::drawn(&series);
    let plot = Plot { zero: true, ..Plot::single("Rankscale", format!("{gap} (percentage points)"), series) };
    let axis = arms::rankscale_axis(selection);
    let svg = plot.picture((&title, &alt), axis, 1.0, Some((arms::LEGEND, Vec::new())), |_| Ok(()));
    let dense =
        if runs.iter().any(|run| run.rankscale == 0) { " The dense network is left out." } else { "" };
    let caption = format!(
        "In the last epoch. Train accuracy is taken on augmented images in training mode while the weights still move, {judged} \
         accuracy on plain images after the epoch, so the gap can lie below zero. {drawn}{dense}"
    );
    let heading =
        if judged == "test" { "Train-test gap" } else { "Gap between training and held-out accuracy" };
    Some(Figure { file: FILE, heading, alt, caption, plot, svg })
}
