//! Difference of each arm to its baseline against rankscale, with zero and the headline interval.

use super::{Figure, arms};
use crate::chart::{Axis, Band, Frame, Legend, Mean, Picture, Plot, Series, frame, series};
use crate::numbers;
use crate::selection::Selection;
use crate::style;
use network::Arm;
use std::collections::BTreeMap;

/// Name of the document.
pub const FILE: &str = "difference.svg";

/// Of two pairs, the interval is nine times as long as they are apart, and would squeeze all else flat.
const WHISKER_PAIRS: u32 = 3;

/// Draws it; none where no pair of runs can be compared.
#[must_use]
pub fn figure(selection: &Selection<'_>) -> Option<Figure> {
    let mut rows: BTreeMap<(Arm, &str), Vec<(u32, f64, &str)>> = BTreeMap::new();
    let names: BTreeMap<_, _> = selection
        .runs()
        .into_iter()
        .map(|run| ((run.rankscale, run.decay.as_str(), run.seed), run.run.as_str()))
        .collect();
    for pair in selection.pairs() {
        if let (Ok(arm), true) = (pair.decay.parse(), pair.rankscale > 0) {
            let run =
                names.get(&(pair.rankscale, pair.decay.as_str(), pair.seed)).copied().unwrap_or_default();
            let row = (pair.rankscale, pair.difference * 100.0, run);
            rows.entry((arm, &pair.baseline)).or_default().push(row);
        }
    }
    let baselines: Vec<_> = rows.keys().map(|(arm, baseline)| format!("{arm} minus {baseline}")).collect();
    let series: Vec<_> = rows
        .iter()
        .map(|((arm, _), rows)| {
            let mut series = arms::over_rankscales(arm.name().to_owned(), style::arm(*arm), rows);
            for mean in &mut series.means {
                *mean = mean.within(interval(selection, *arm, mean));
            }
            series
        })
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
        let ends = band.iter().flat_map(|(_, interval)| arms::points(*interval));
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
            frame.band(arms::points(interval), color)?;
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
    if series.iter().any(Series::whiskered) {
        caption +=
            " Whiskers are Student's 95 % intervals at each rankscale, where it has three pairs or more.";
    }
    if band.is_some() {
        caption += " The band is the interval of the headline endpoint, the mean over rankscales.";
    }
    let plot = Plot {
        zero: true,
        band: band.map(|(endpoint, interval)| Band { arm: endpoint.decay, ends: arms::points(interval) }),
        ..Plot::single("Rankscale", "Difference in test accuracy (points)", series)
    };
    Some(Figure { file: FILE, heading: "Difference against rankscale", alt, caption, plot, svg })
}

/// Student's interval of an arm's mean at a rankscale, in points.
fn interval(selection: &Selection<'_>, arm: Arm, mean: &Mean) -> Option<[f64; 2]> {
    let rows = &selection.endpoint(arm)?.secondary.by_rankscale;
    let row = rows.iter().find(|row| f64::from(row.rankscale) == mean.x && row.pairs >= WHISKER_PAIRS)?;
    row.interval.map(arms::points)
}
