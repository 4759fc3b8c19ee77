//! The difference against the strength of decay, if an experiment sweeps it.

use super::{Figure, arms as by_arm};
use crate::chart::{Axis, Mean, Plot, Scale, Series};
use crate::selection::Selection;
use artifacts::study::Endpoint;
use artifacts::words;
use network::Arm;
use std::collections::BTreeMap;

/// Name of the document.
pub const FILE: &str = "lambda.svg";

/// Draws the figure; `None` if all runs of the headline's recipe have the same strength.
#[must_use]
pub fn figure(selection: &Selection<'_>) -> Option<Figure> {
    let recipe = &selection.headline()?.recipe;
    let of_recipe = |endpoint: &&Endpoint| endpoint.recipe == *recipe;
    let endpoints = || selection.study.summary.endpoints.iter().filter(of_recipe);
    let none = endpoints().any(|endpoint| endpoint.lambda == 0.0 && endpoint.difference.is_some());
    let endpoints = endpoints().filter(|endpoint| endpoint.lambda > 0.0);
    let mut arms: BTreeMap<Arm, Vec<(&Endpoint, f64)>> = BTreeMap::new();
    for endpoint in endpoints {
        if let Some(difference) = endpoint.difference {
            arms.entry(endpoint.decay).or_default().push((endpoint, difference * 100.0));
        }
    }
    arms.retain(|_, rows| rows.len() > 1);
    if arms.is_empty() {
        return None;
    }
    for rows in arms.values_mut() {
        rows.sort_by(|a, b| a.0.lambda.total_cmp(&b.0.lambda));
    }
    let series: Vec<Series> = arms
        .iter()
        .map(|(arm, rows)| Series {
            means: rows
                .iter()
                .map(|(endpoint, y)| Mean {
                    x: endpoint.lambda,
                    y: *y,
                    runs: endpoint.pairs,
                    interval: endpoint.interval().map(by_arm::points),
                })
                .collect(),
            ..by_arm::empty(selection, *arm)
        })
        .collect();
    let described: Vec<_> = arms
        .iter()
        .flat_map(|(arm, rows)| rows.iter().map(move |row| (arm, row)))
        .map(|(arm, (endpoint, y))| {
            format!("{arm} {} at {}", words::fixed(*y, 2), words::short(endpoint.lambda))
        })
        .collect();
    let title = "Difference against the strength of decay";
    let alt = format!("{title}, logarithmic axis, in points: {}.", described.join(", "));
    let means = || series.iter().flat_map(|series| &series.means);
    let mut axis = Axis::logarithmic(means().map(|mean| mean.x));
    axis.ticks = means().map(|mean| (axis.position(mean.x), words::short(mean.x))).collect();
    axis.ticks.sort_by(|a, b| a.0.total_cmp(&b.0));
    axis.ticks.dedup();
    let plot = Plot {
        zero: true,
        scale: Scale::Logarithmic,
        ..Plot::single(
            "λ",
            format!("Difference in {} accuracy (percentage points)", selection.judged_by()),
            series,
        )
    };
    let svg = plot.picture((title, &alt), axis, 0.4, Some((by_arm::LEGEND, Vec::new())), |_| Ok(()));
    let mut caption =
        "The endpoint at each strength λ of the baseline's decay; whiskers are confidence intervals of the level at \
                   which each endpoint is judged, where there is enough data for one."
            .to_owned();
    if none {
        caption += " λ = 0 has no place on a logarithmic axis, and is left out.";
    }
    Some(Figure { file: FILE, heading: "Strength of decay", alt, caption, plot, svg })
}
