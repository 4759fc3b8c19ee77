//! How the difference depends on the strength of decay, where an experiment sweeps it.

use super::{Figure, arms as by_arm};
use crate::chart::{Axis, Frame, Legend, Mean, Picture, Plot, Scale, Series, frame, series};
use crate::numbers;
use crate::selection::Selection;
use crate::style;
use artifacts::study::Endpoint;
use network::Arm;
use std::collections::BTreeMap;

/// Name of the document.
pub const FILE: &str = "lambda.svg";

/// Draws it; none where all runs of the headline's recipe have one strength.
#[must_use]
pub fn figure(selection: &Selection<'_>) -> Option<Figure> {
    let recipe = &selection.headline()?.recipe;
    let endpoints = selection.study.summary.endpoints.iter().filter(|endpoint| endpoint.recipe == *recipe);
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
                    interval: endpoint.interval.map(by_arm::points),
                })
                .collect(),
            ..by_arm::empty(*arm)
        })
        .collect();
    let described: Vec<_> = arms
        .iter()
        .flat_map(|(arm, rows)| rows.iter().map(move |row| (arm, row)))
        .map(|(arm, (endpoint, y))| {
            format!("{arm} {} at {}", numbers::fixed(*y, 2), numbers::short(endpoint.lambda))
        })
        .collect();
    let title = "Difference against the strength of decay";
    let alt = format!("{title}, logarithmic axis, in points: {}.", described.join(", "));
    let picture = Picture {
        width: style::WIDTH,
        height: style::HEIGHT,
        title: title.to_owned(),
        description: alt.clone(),
    };
    let svg = picture.draw(|area| {
        let heights = series.iter().flat_map(Series::heights).chain([0.0]);
        let means = || series.iter().flat_map(|series| &series.means);
        let mut x = Axis::logarithmic(means().map(|mean| mean.x));
        x.ticks = means().map(|mean| (x.position(mean.x), numbers::short(mean.x))).collect();
        x.ticks.sort_by(|a, b| a.0.total_cmp(&b.0));
        x.ticks.dedup();
        let y = Axis::linear(heights, 0.4, 8);
        let frame = Frame::draw(
            area,
            frame::WITH_LEGEND,
            (x, "λ"),
            (y, "Difference in test accuracy (percentage points)"),
        )?;
        frame.level(0.0, (style::REFERENCE, 1.0, 1.5))?;
        series::draw(&frame, &series)?;
        let entries = series.iter().map(|series| (series.name.clone(), series.look)).collect();
        Legend { title: "Weight Decay", entries, notes: Vec::new() }.draw(&frame)
    });
    let caption =
        "The endpoint at each strength λ of the baseline's decay; whiskers are 95 % intervals where \
                   there is enough data for one."
            .to_owned();
    let plot = Plot {
        zero: true,
        scale: Scale::Logarithmic,
        ..Plot::single("λ", "Difference in test accuracy (points)", series)
    };
    Some(Figure { file: FILE, heading: "Strength of decay", alt, caption, plot, svg })
}
