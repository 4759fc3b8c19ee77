//! A series of a figure: every run as a dot, the means joined by a line, whiskers where they say something.

use crate::chart::canvas::{Drawing, UNIT, length, stroke};
use crate::chart::frame::Frame;
use crate::chart::marker;
use crate::style::{self, Look};
use plotters::prelude::PathElement;

/// Runs a cell needs before whiskers say more than its dots do.
pub const WHISKER_RUNS: u32 = 3;

/// Mean of the runs of a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mean {
    /// Horizontal.
    pub x: f64,
    /// Vertical.
    pub y: f64,
    /// How many runs.
    pub runs: u32,
    /// Their standard deviation.
    pub sd: Option<f64>,
}

impl Mean {
    /// Half the length of its whiskers; none where the cell is too small for them.
    #[must_use]
    pub fn whisker(&self) -> Option<f64> {
        self.sd.filter(|sd| self.runs >= WHISKER_RUNS && sd.is_finite())
    }
}

/// Dots and means of one arm or device.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// In the legend.
    pub name: String,
    /// In the figure.
    pub look: Look,
    /// Single runs.
    pub dots: Vec<(f64, f64)>,
    /// In the order of the line.
    pub means: Vec<Mean>,
}

impl Series {
    /// Every height the series reaches, whiskers included.
    pub fn heights(&self) -> impl Iterator<Item = f64> + '_ {
        let whiskers = self.means.iter().flat_map(|mean| {
            let reach = mean.whisker().unwrap_or(0.0);
            [mean.y - reach, mean.y + reach]
        });
        self.dots.iter().map(|(_, y)| *y).chain(whiskers)
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
    let repeated = series.iter().any(Series::repeated);
    let room = pitch(frame, series) * 0.75;
    let step = if repeated && series.len() > 1 { (room / series.len() as f64).min(7.0) } else { 0.0 };
    let middle = (series.len().max(1) - 1) as f64 / 2.0;
    let shifted = |i: usize| (i as f64 - middle) * step;
    for (i, one) in series.iter().enumerate() {
        draw_line(frame, one, shifted(i))?;
    }
    let width = 2.0 * (BESIDE + style::DOT) + step;
    let beside =
        if repeated && series.len() <= 2 && width <= pitch(frame, series) * 0.9 { BESIDE } else { 0.0 };
    for (i, one) in series.iter().enumerate() {
        let outwards = if shifted(i) < 0.0 { -beside } else { beside };
        draw_dots(frame, one, shifted(i), outwards)?;
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
        if let Some(reach) = mean.whisker() {
            let ends = [(mean.x, mean.y - reach), (mean.x, mean.y + reach)];
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

fn draw_dots(frame: &Frame<'_, '_>, series: &Series, shift: f64, beside: f64) -> Drawing {
    let moved = |x: f64, y: f64, shift: f64| {
        let (x, y) = frame.at(x, y);
        (x + length(shift), y)
    };
    // A cell of one run is its own mean: a second marker on the same spot would only blur the first.
    if series.repeated() {
        for (x, y) in &series.dots {
            marker::draw(
                frame.area(),
                moved(*x, *y, shift + beside),
                style::DOT,
                series.look,
                style::DOT_OPACITY,
            )?;
        }
    }
    for mean in &series.means {
        marker::draw_on_rim(frame.area(), moved(mean.x, mean.y, shift), style::MARKER, series.look)?;
    }
    Ok(())
}
