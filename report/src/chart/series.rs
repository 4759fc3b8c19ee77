//! A series of a figure: every run as a dot, the means joined by a line, and whiskers for their intervals.

use crate::chart::canvas::{Drawing, UNIT, length, stroke};
use crate::chart::frame::Frame;
use crate::chart::marker;
use crate::style::{self, Look};
use plotters::prelude::PathElement;
use std::collections::BTreeMap;

/// A single run, or a pair of runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Dot {
    /// Horizontal position.
    pub x: f64,
    /// Vertical position.
    pub y: f64,
    /// The name of the run; for a pair, that of its first run.
    pub run: String,
}

/// The values of a run from epoch to epoch.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The name of the run.
    pub run: String,
    /// The points, in the order in which the line joins them.
    pub points: Vec<(f64, f64)>,
}

/// The mean of the runs of a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mean {
    /// Horizontal position.
    pub x: f64,
    /// Vertical position.
    pub y: f64,
    /// The number of runs.
    pub runs: u32,
    /// The ends of its interval, drawn as whiskers.
    pub interval: Option<[f64; 2]>,
}

/// The dots and means of one arm or device.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// Its colour and marker.
    pub look: Look,
    /// The single runs.
    pub dots: Vec<Dot>,
    /// The means, in the order in which the line joins them.
    pub means: Vec<Mean>,
    /// The curves of single runs, drawn behind the line of means.
    pub lines: Vec<Line>,
}

impl Series {
    /// Makes a series without data.
    #[must_use]
    pub fn empty(name: &str, look: Look) -> Self {
        Self { name: name.to_owned(), look, dots: Vec::new(), means: Vec::new(), lines: Vec::new() }
    }

    /// Iterates over every vertical position of the series, whiskers included.
    pub fn heights(&self) -> impl Iterator<Item = f64> + '_ {
        let means = self.means.iter().flat_map(|mean| mean.interval.unwrap_or([mean.y; 2]));
        self.dots.iter().map(|dot| dot.y).chain(means)
    }

    /// Returns whether any mean has an interval.
    #[must_use]
    pub fn whiskered(&self) -> bool {
        self.means.iter().any(|mean| mean.interval.is_some())
    }

    /// Keeps at most the first `most` dots at each horizontal position. Returns whether there were more.
    pub fn leave_dots(&mut self, most: usize) -> bool {
        let mut kept: BTreeMap<u64, usize> = BTreeMap::new();
        let before = self.dots.len();
        self.dots.retain(|dot| {
            let here = kept.entry(dot.x.to_bits()).or_default();
            *here += 1;
            *here <= most
        });
        self.dots.len() < before
    }

    /// Returns whether any cell holds more than one run.
    #[must_use]
    pub fn repeated(&self) -> bool {
        self.means.iter().any(|mean| mean.runs > 1)
    }
}

/// Distance from a mean to the column of its runs, in CSS pixels.
const BESIDE: f64 = style::MARKER + style::DOT + 1.5;

/// Draws all series. If cells hold several runs, the series stand side by side as far as the distance of
/// their neighbours on the axis allows. One or two series with enough room have their runs in a column beside
/// the mean, otherwise the runs are behind it.
///
/// # Errors
/// Those of the drawing back end.
pub fn draw(frame: &Frame<'_, '_>, series: &[Series]) -> Drawing {
    let mut names: Vec<&str> = Vec::new();
    for one in series {
        if !names.contains(&one.name.as_str()) {
            names.push(&one.name);
        }
    }
    let repeated = series.iter().any(Series::repeated);
    let room = pitch(frame, series) * 0.75;
    let step = if repeated && names.len() > 1 { (room / names.len() as f64).min(7.0) } else { 0.0 };
    let middle = (names.len().max(1) - 1) as f64 / 2.0;
    // Series of one name share a position, be it the low-rank networks of an arm or the dense one.
    let shifted = |one: &Series| {
        let place = names.iter().position(|name| *name == one.name).unwrap_or_default();
        (place as f64 - middle) * step
    };
    for one in series {
        draw_line(frame, one, shifted(one))?;
    }
    let width = 2.0 * (BESIDE + style::DOT) + step;
    let beside =
        if repeated && names.len() <= 2 && width <= pitch(frame, series) * 0.9 { BESIDE } else { 0.0 };
    for one in series {
        let outwards = if shifted(one) < 0.0 { -beside } else { beside };
        draw_dots(frame, one, shifted(one), outwards)?;
    }
    Ok(())
}

/// Returns the smallest distance between two positions on the horizontal axis, in CSS pixels.
fn pitch(frame: &Frame<'_, '_>, series: &[Series]) -> f64 {
    let mut places: Vec<_> =
        series.iter().flat_map(|series| &series.means).map(|mean| frame.at(mean.x, mean.y).0).collect();
    places.sort_unstable();
    places.dedup();
    let gaps = places.windows(2).map(|pair| f64::from(pair[1] - pair[0]) / UNIT);
    gaps.fold(f64::from(style::WIDTH), f64::min)
}

fn draw_line(frame: &Frame<'_, '_>, series: &Series, shift: f64) -> Drawing {
    let look = series.look;
    frame.line(series.means.iter().map(|mean| (mean.x, mean.y)), shift, (look.color, 1.0, style::LINE))?;
    for mean in &series.means {
        if let Some(ends) = mean.interval {
            let ends = ends.map(|end| (mean.x, end));
            frame.line(ends, shift, (look.color, 1.0, style::THIN_LINE))?;
            for (x, y) in ends {
                let (x, y) = frame.at(x, y);
                let (x, cap) = (x + length(shift), length(3.0));
                let path = vec![(x - cap, y), (x + cap, y)];
                frame.area().draw(&PathElement::new(path, stroke(look.color, 1.0, style::THIN_LINE)))?;
            }
        }
    }
    Ok(())
}

/// Distance between series at one position if there is plenty of room, in CSS pixels.
const APART: f64 = 16.0;

/// Draws only means and whiskers, at positions that are not numbers: side by side, without a line between
/// them.
///
/// # Errors
/// Those of the drawing back end.
pub fn draw_apart(frame: &Frame<'_, '_>, series: &[Series]) -> Drawing {
    for (i, one) in series.iter().enumerate() {
        let shift = (i as f64 - (series.len() - 1) as f64 / 2.0) * APART;
        for mean in &one.means {
            if let Some(ends) = mean.interval {
                frame.line(ends.map(|end| (mean.x, end)), shift, (one.look.color, 1.0, style::THIN_LINE))?;
            }
            let (x, y) = frame.at(mean.x, mean.y);
            marker::draw_on_rim(frame.area(), (x + length(shift), y), style::MARKER, one.look)?;
        }
    }
    Ok(())
}

/// Radius of a marker in the background, in CSS pixels.
const BACKGROUND_MARKER: f64 = 2.5;

/// Draws lines and small markers as a background.
///
/// # Errors
/// Those of the drawing back end.
pub fn draw_background(frame: &Frame<'_, '_>, series: &[Series]) -> Drawing {
    for one in series {
        let line = one.means.iter().map(|mean| (mean.x, mean.y));
        frame.line(line, 0.0, (one.look.color, 1.0, style::LINE))?;
        for mean in &one.means {
            marker::draw(frame.area(), frame.at(mean.x, mean.y), BACKGROUND_MARKER, one.look, 1.0)?;
        }
    }
    Ok(())
}

/// The number of markers on a curve: a few suffice to tell it from others without colour.
const MARKED: usize = 5;

/// Draws a curve in pieces, with a few markers on it.
///
/// # Errors
/// Those of the drawing back end.
pub fn draw_curve(
    frame: &Frame<'_, '_>,
    curve: &[(f64, f64)],
    pieces: &[Vec<(f64, f64)>],
    look: Look,
) -> Drawing {
    for piece in pieces {
        frame.line(piece.iter().copied(), 0.0, (look.color, 1.0, style::LINE))?;
    }
    let lowest = pieces.iter().flatten().map(|(_, y)| *y).fold(f64::INFINITY, f64::min);
    let marked = curve.iter().rev().step_by(curve.len().div_ceil(MARKED).max(1));
    for (x, y) in marked.filter(|(_, y)| *y >= lowest) {
        marker::draw_on_rim(frame.area(), frame.at(*x, *y), style::MARKER * 0.8, look)?;
    }
    Ok(())
}

fn draw_dots(frame: &Frame<'_, '_>, series: &Series, shift: f64, beside: f64) -> Drawing {
    let moved = |x: f64, y: f64, shift: f64| {
        let (x, y) = frame.at(x, y);
        (x + length(shift), y)
    };
    // A cell of one run is its own mean: a second marker at the same position would only blur the first.
    if series.repeated() {
        for dot in &series.dots {
            let place = moved(dot.x, dot.y, shift + beside);
            marker::draw(frame.area(), place, style::DOT, series.look, style::DOT_OPACITY)?;
        }
    }
    for mean in &series.means {
        marker::draw_on_rim(frame.area(), moved(mean.x, mean.y, shift), style::MARKER, series.look)?;
    }
    Ok(())
}
