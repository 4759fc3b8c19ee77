//! A series of a figure: every run as a dot, the means joined by a line, whiskers where they say something.

use crate::chart::canvas::{Drawing, UNIT, length, stroke};
use crate::chart::frame::Frame;
use crate::chart::marker;
use crate::style::{self, Look};
use plotters::prelude::PathElement;
use std::collections::BTreeMap;

/// A single run, or a pair of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Dot {
    /// Horizontal.
    pub x: f64,
    /// Vertical.
    pub y: f64,
    /// The run's name; of a pair, its first run's.
    pub run: String,
}

/// A run's values from epoch to epoch.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The run's name.
    pub run: String,
    /// In the order of the line.
    pub points: Vec<(f64, f64)>,
}

/// Mean of the runs of a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mean {
    /// Horizontal.
    pub x: f64,
    /// Vertical.
    pub y: f64,
    /// How many runs.
    pub runs: u32,
    /// Ends of its interval: the whiskers.
    pub interval: Option<[f64; 2]>,
}

/// Dots and means of one arm or device.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// In the legend.
    pub name: String,
    /// In the figure.
    pub look: Look,
    /// Single runs.
    pub dots: Vec<Dot>,
    /// In the order of the line.
    pub means: Vec<Mean>,
    /// Single runs behind the line.
    pub lines: Vec<Line>,
}

impl Series {
    /// Nothing yet.
    #[must_use]
    pub fn empty(name: &str, look: Look) -> Self {
        Self { name: name.to_owned(), look, dots: Vec::new(), means: Vec::new(), lines: Vec::new() }
    }

    /// Every height the series reaches, whiskers included.
    pub fn heights(&self) -> impl Iterator<Item = f64> + '_ {
        let means = self.means.iter().flat_map(|mean| mean.interval.unwrap_or([mean.y; 2]));
        self.dots.iter().map(|dot| dot.y).chain(means)
    }

    /// Whether some mean has an interval.
    #[must_use]
    pub fn whiskered(&self) -> bool {
        self.means.iter().any(|mean| mean.interval.is_some())
    }

    /// Leaves at most so many dots at a place, the first ones; says whether there were more.
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

    /// Whether some cell holds more than one run.
    #[must_use]
    pub fn repeated(&self) -> bool {
        self.means.iter().any(|mean| mean.runs > 1)
    }
}

/// Pixels from a mean to the column of its runs.
const BESIDE: f64 = style::MARKER + style::DOT + 1.5;

/// Draws all series. Where cells hold several runs, the series stand side by side as far as their neighbours on
/// the axis leave room; one or two series with room enough have their runs in a column beside the mean, else
/// behind it.
///
/// # Errors
/// The back end's.
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
    // What has one name stands in one place, be it the low-rank networks of an arm or the dense one.
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

/// Least distance of two places on the horizontal axis, in CSS pixels.
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

/// Distance of series at one place, where there is no end of room, in CSS pixels.
const APART: f64 = 16.0;

/// Means and whiskers only, of places that are no numbers: side by side, and no line between them.
///
/// # Errors
/// The back end's.
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

/// Radius of a marker in the background.
const BACKGROUND_MARKER: f64 = 2.5;

/// Lines and small markers, to be drawn over.
///
/// # Errors
/// The back end's.
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

/// Markers on a curve: a few are enough to tell it from others without colour.
const MARKED: usize = 5;

/// A curve, drawn in pieces, with a few markers on them.
///
/// # Errors
/// The back end's.
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
    // A cell of one run is its own mean: a second marker on the same spot would only blur the first.
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
