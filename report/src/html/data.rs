//! The content of the page's charts, as the JSON that `page.js` reads: every figure's plot, and the runs
//! behind its dots.
//!
//! *Invariant:* a run is named once; everything else refers to it by its index.

use crate::chart::{Band, Line, Mean, Plot, Scale, Series};
use crate::figure::Figure;
use crate::selection::Selection;
use crate::style::Shape;
use plotters::style::RGBColor;
use serde::Serialize;
use std::collections::BTreeMap;

/// The whole JSON document.
#[derive(Serialize)]
pub(super) struct Data<'a> {
    arms: Vec<ArmData>,
    rankscales: Vec<u32>,
    runs: Vec<RunData<'a>>,
    /// The plots, by the stem of the figure's file.
    plots: BTreeMap<&'static str, PlotData<'a>>,
}

#[derive(Serialize)]
struct ArmData {
    name: &'static str,
    color: String,
}

#[derive(Serialize)]
struct RunData<'a> {
    run: &'a str,
    arm: &'a str,
    rankscale: u32,
    seed: u64,
    /// Test accuracy after the last epoch, in per cent.
    accuracy: Option<f64>,
}

#[derive(Serialize)]
struct PlotData<'a> {
    x: &'a str,
    y: &'a str,
    scale: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    names: Vec<&'a str>,
    by: &'static str,
    panels: Vec<PanelData<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    background: Vec<SeriesData<'a>>,
    zero: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    band: Option<BandData>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    marks: Vec<(f64, &'static str)>,
}

#[derive(Serialize)]
struct BandData {
    arm: &'static str,
    color: String,
    ends: [f64; 2],
}

#[derive(Serialize)]
struct PanelData<'a> {
    name: &'a str,
    series: Vec<SeriesData<'a>>,
}

#[derive(Serialize)]
struct SeriesData<'a> {
    name: &'a str,
    color: String,
    shape: &'static str,
    /// Horizontal position, vertical position, and the run's index.
    dots: Vec<(f64, f64, usize)>,
    /// Horizontal position, vertical position, number of runs, and the ends of the interval if there is one.
    means: Vec<MeanData>,
    lines: Vec<LineData>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum MeanData {
    Plain(f64, f64, u32),
    Within(f64, f64, u32, f64, f64),
}

#[derive(Serialize)]
struct LineData {
    run: usize,
    /// Epoch of the first value; the others follow one by one.
    from: u32,
    /// The values; null where one is missing.
    values: Vec<Option<f64>>,
}

pub(super) fn of<'a>(selection: &Selection<'a>, figures: &'a [Figure]) -> Data<'a> {
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    for series in figures.iter().flat_map(|figure| figure.plot.series()) {
        let runs = series.dots.iter().map(|dot| &dot.run).chain(series.lines.iter().map(|line| &line.run));
        names.extend(runs.map(|run| (run.as_str(), 0)));
    }
    let rows = selection.study.runs.iter().filter(|run| names.contains_key(run.run.as_str()));
    let mut runs: Vec<RunData<'_>> = rows
        .map(|run| RunData {
            run: &run.run,
            arm: &run.decay,
            rankscale: run.rankscale,
            seed: run.seed,
            accuracy: run.test_accuracy.map(|accuracy| short(accuracy * 100.0)),
        })
        .collect();
    runs.sort_by(|a, b| a.run.cmp(b.run));
    let places = runs.iter().enumerate().map(|(place, run)| (run.run, place)).collect();
    Data {
        arms: selection
            .arms()
            .into_iter()
            .map(|arm| ArmData { name: arm.name(), color: css(selection.look(arm).color) })
            .collect(),
        rankscales: selection.rankscales(),
        plots: figures.iter().map(|figure| (figure.stem(), plot(&figure.plot, &places))).collect(),
        runs,
    }
}

/// The index of each run in the list of runs.
type Places<'a> = BTreeMap<&'a str, usize>;

fn plot<'a>(plot: &'a Plot, places: &Places<'_>) -> PlotData<'a> {
    let (scale, names) = match &plot.scale {
        Scale::Linear => ("linear", Vec::new()),
        Scale::Logarithmic => ("logarithmic", Vec::new()),
        Scale::Named(names) => ("named", names.iter().map(String::as_str).collect()),
    };
    let panel = |(name, series): &'a (String, Vec<Series>)| PanelData {
        name,
        series: series.iter().map(|series| one(series, places)).collect(),
    };
    PlotData {
        x: &plot.x,
        y: &plot.y,
        scale,
        names,
        by: plot.by,
        panels: plot.panels.iter().map(panel).collect(),
        background: plot.background.iter().map(|series| one(series, places)).collect(),
        zero: plot.zero,
        band: plot.band.map(|Band { arm, color, ends }| BandData {
            arm: arm.name(),
            color: css(color),
            ends: ends.map(short),
        }),
        marks: plot.marks.clone(),
    }
}

fn one<'a>(series: &'a Series, places: &Places<'_>) -> SeriesData<'a> {
    let mean = |mean: &Mean| {
        let (x, y) = (short(mean.x), short(mean.y));
        match mean.interval {
            None => MeanData::Plain(x, y, mean.runs),
            Some([low, high]) => MeanData::Within(x, y, mean.runs, short(low), short(high)),
        }
    };
    let line = |Line { run, points }: &Line| {
        let epochs: BTreeMap<u32, f64> = points.iter().map(|(x, y)| (*x as u32, short(*y))).collect();
        let (from, to) = (*epochs.keys().next()?, *epochs.keys().next_back()?);
        let values = (from..=to).map(|epoch| epochs.get(&epoch).copied()).collect();
        Some(LineData { run: *places.get(run.as_str())?, from, values })
    };
    let dots = series
        .dots
        .iter()
        .filter_map(|dot| Some((short(dot.x), short(dot.y), *places.get(dot.run.as_str())?)));
    SeriesData {
        name: &series.name,
        color: css(series.look.color),
        shape: shape(series.look.shape),
        dots: dots.collect(),
        means: series.means.iter().map(mean).collect(),
        lines: series.lines.iter().filter_map(line).collect(),
    }
}

/// Rounds to six digits, as many as a chart can show; whole numbers are counts, and stay as they are.
pub(super) fn short(value: f64) -> f64 {
    if value.fract() == 0.0 {
        return value;
    }
    format!("{value:.5e}").parse().unwrap_or(value)
}

fn css(RGBColor(red, green, blue): RGBColor) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

const fn shape(shape: Shape) -> &'static str {
    match shape {
        Shape::Circle => "circle",
        Shape::Triangle => "triangle",
        Shape::Diamond => "diamond",
        Shape::Square => "square",
        Shape::Inverted => "inverted",
        Shape::Cross => "cross",
        Shape::Ring => "ring",
        Shape::HollowTriangle => "hollow-triangle",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::Dot;
    use network::Arm;
    use serde_json::json;

    #[test]
    fn numbers_are_cut_to_six_digits() {
        assert_eq!(
            [short(91.234_567_8), short(230_912.0), short(-0.000_123_456_78)],
            [91.2346, 230_912.0, -0.000_123_457]
        );
    }

    #[test]
    fn a_chart_has_the_numbers_of_its_figure_and_the_runs_behind_them() {
        let look = artifacts::look::house(Arm::ORIGINAL).unwrap().into();
        let mean = |x, y, interval| Mean { x, y, runs: 3, interval };
        let series = Series {
            dots: vec![Dot { x: 8.0, y: 91.5, run: "b".into() }],
            means: vec![mean(8.0, 91.0, None), mean(31.0, 86.0, Some([85.0, 87.0]))],
            lines: vec![Line { run: "a".into(), points: vec![(2.0, 50.0), (4.0, 60.0)] }],
            ..Series::empty("original", look)
        };
        let found = serde_json::to_value(one(&series, &BTreeMap::from([("a", 0), ("b", 1)]))).unwrap();
        let expected = json!({
            "name": "original",
            "color": "#0072b2",
            "shape": "circle",
            "dots": [[8.0, 91.5, 1]],
            "means": [[8.0, 91.0, 3], [31.0, 86.0, 3, 85.0, 87.0]],
            "lines": [{ "run": 0, "from": 2, "values": [50.0, null, 60.0] }],
        });
        assert_eq!(found, expected);
    }
}
