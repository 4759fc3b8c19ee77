//! Difference of each arm to its baseline against rankscale, with zero and the headline interval.

use super::{Figure, arms};
use crate::chart::{Axis, Frame, Legend, Picture, Series, frame, series};
use crate::numbers;
use crate::selection::Selection;
use crate::style;
use network::Arm;
use std::collections::BTreeMap;

/// Name of the document.
pub const FILE: &str = "difference.svg";

/// Draws it; none where no pair of runs can be compared.
#[must_use]
pub fn figure(selection: &Selection<'_>) -> Option<Figure> {
    let mut rows: BTreeMap<(Arm, &str), Vec<(u32, f64)>> = BTreeMap::new();
    for pair in selection.pairs() {
        if let (Ok(arm), true) = (pair.decay.parse(), pair.rankscale > 0) {
            let row = (pair.rankscale, pair.difference * 100.0);
            rows.entry((arm, &pair.baseline)).or_default().push(row);
        }
    }
    let baselines: Vec<_> = rows.keys().map(|(arm, baseline)| format!("{arm} minus {baseline}")).collect();
    let series: Vec<_> = rows
        .iter()
        .map(|((arm, _), rows)| arms::over_rankscales(arm.name().to_owned(), style::arm(*arm), rows))
        .collect();
    if series.is_empty() {
        return None;
    }
    let band = selection.headline().and_then(|endpoint| Some((endpoint, endpoint.interval?)));
    let described: Vec<_> =
        series.iter().map(|series| arms::described(series, arms::at_rankscale, " points")).collect();
    let alt = format!(
        "Difference in test accuracy against rankscale, with a line at zero: {}.",
        described.join("; ")
    );
    let picture = Picture {
        width: style::WIDTH,
        height: style::HEIGHT,
        title: "Difference in test accuracy against rankscale".to_owned(),
        description: alt.clone(),
    };
    let svg = picture.draw(|area| {
        let ends = band.iter().flat_map(|(_, interval)| [interval.low * 100.0, interval.high * 100.0]);
        let y = Axis::linear(series.iter().flat_map(Series::heights).chain(ends).chain([0.0]), 0.4, 8);
        let frame = Frame::draw(
            area,
            frame::WITH_LEGEND,
            (arms::rankscale_axis(selection), "Rankscale"),
            (y, "Difference in test accuracy (percentage points)"),
        )?;
        let mut notes = Vec::new();
        if let Some((endpoint, interval)) = band {
            let color = style::arm(endpoint.decay).color;
            frame.band((interval.low * 100.0, interval.high * 100.0), color)?;
            notes.push(format!("Band: {} % interval", numbers::short(interval.level * 100.0)));
            notes.push("of the mean difference".to_owned());
            notes.push(format!("of {}", endpoint.decay));
        }
        frame.level(0.0, (style::REFERENCE, 1.0, 1.5))?;
        series::draw(&frame, &series)?;
        let entries = series.iter().map(|series| (series.name.clone(), series.look)).collect();
        Legend { title: "Weight Decay", entries, notes }.draw(&frame)
    });
    let mut caption = format!(
        "Above zero, the arm is better than its baseline ({}), paired by rankscale and seed.",
        numbers::listed(&baselines)
    );
    caption += if series.iter().any(Series::repeated) {
        " Every pair is a pale dot; lines join the means over seeds."
    } else {
        " Every marker is one pair of runs."
    };
    if band.is_some() {
        caption += " The band is the interval of the headline endpoint, the mean over rankscales.";
    }
    Some(Figure { file: FILE, heading: "Difference against rankscale", alt, caption, svg })
}
