//! The content of a figure, as numbers. The SVG and the interactive chart both show it.

use crate::chart::axis::Axis;
use crate::chart::canvas::{Drawing, Picture};
use crate::chart::frame::{self, Frame, Margins};
use crate::chart::legend::Legend;
use crate::chart::series::{self, Series};
use crate::style;
use network::Arm;
use plotters::style::RGBColor;

/// Names need the whole width.
const WITHOUT_LEGEND: Margins = Margins { left: 56.0, right: 16.0, top: 56.0, bottom: 74.0 };

/// The scale of the horizontal axis.
#[derive(Debug, Clone, PartialEq)]
pub enum Scale {
    /// A linear scale.
    Linear,
    /// A logarithmic scale.
    Logarithmic,
    /// Names at 0, 1, 2, and so on.
    Named(Vec<String>),
}

/// A range of values that is shaded across the whole plot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// The arm that it belongs to.
    pub arm: Arm,
    /// Its colour.
    pub color: RGBColor,
    /// Its lower and upper end.
    pub ends: [f64; 2],
}

/// Series on their axes, in one panel or several.
#[derive(Debug, Clone, PartialEq)]
pub struct Plot {
    /// Title of the horizontal axis.
    pub x: String,
    /// The scale of the horizontal axis.
    pub scale: Scale,
    /// Title of the vertical axis.
    pub y: String,
    /// The variable that distinguishes the panels, such as `Layer`.
    pub by: &'static str,
    /// The panels, with their names.
    pub panels: Vec<(String, Vec<Series>)>,
    /// Series that are drawn pale behind the first panel, for comparison.
    pub background: Vec<Series>,
    /// Whether a line at zero is drawn.
    pub zero: bool,
    /// A shaded band, if any.
    pub band: Option<Band>,
    /// Vertical lines: their positions and names.
    pub marks: Vec<(f64, &'static str)>,
}

impl Plot {
    /// Makes a plot of one panel on a linear axis.
    #[must_use]
    pub fn single(x: impl Into<String>, y: impl Into<String>, series: Vec<Series>) -> Self {
        Self::panels("", x, y, vec![(String::new(), series)])
    }

    /// Makes a plot of several panels on linear axes.
    #[must_use]
    pub fn panels(
        by: &'static str,
        x: impl Into<String>,
        y: impl Into<String>,
        panels: Vec<(String, Vec<Series>)>,
    ) -> Self {
        let (x, y) = (x.into(), y.into());
        Self {
            x,
            y,
            by,
            panels,
            scale: Scale::Linear,
            background: Vec::new(),
            zero: false,
            band: None,
            marks: Vec::new(),
        }
    }

    /// Iterates over every series of every panel.
    pub fn series(&self) -> impl Iterator<Item = &Series> {
        self.panels.iter().flat_map(|(_, series)| series)
    }

    /// Draws the only panel, on a vertical axis at least `least` high. `more` draws on top of it what only
    /// this figure has.
    #[must_use]
    pub fn picture(
        &self,
        (title, description): (&str, &str),
        x: Axis,
        least: f64,
        legend: Option<(&str, Vec<String>)>,
        more: impl FnOnce(&Frame<'_, '_>) -> Drawing,
    ) -> String {
        let picture = Picture {
            width: style::WIDTH,
            height: style::HEIGHT,
            title: title.to_owned(),
            description: description.to_owned(),
        };
        picture.draw(|area| {
            let margins = if legend.is_some() { frame::WITH_LEGEND } else { WITHOUT_LEGEND };
            let y = Axis::linear(self.heights(), least, 8);
            let frame = Frame::draw(area, margins, (x, &self.x), (y, &self.y))?;
            if let Some(Band { color, ends, .. }) = self.band {
                frame.band(ends, color)?;
            }
            if self.zero {
                frame.level(0.0, (style::REFERENCE, 1.0, 1.5))?;
            }
            for (x, name) in &self.marks {
                frame.upright(*x, name)?;
            }
            series::draw_background(&frame, &self.background)?;
            for (_, series) in &self.panels {
                match self.scale {
                    Scale::Named(_) => series::draw_apart(&frame, series)?,
                    _ => series::draw(&frame, series)?,
                }
            }
            more(&frame)?;
            match legend {
                Some((title, notes)) => Legend { title, entries: self.legend(), notes }.draw(&frame),
                None => Ok(()),
            }
        })
    }

    fn heights(&self) -> impl Iterator<Item = f64> {
        let series = self.series().chain(&self.background).flat_map(Series::heights);
        series.chain(self.band.into_iter().flat_map(|band| band.ends)).chain(self.zero.then_some(0.0))
    }

    /// Returns the name and look of each series, each name once.
    #[must_use]
    pub fn legend(&self) -> Vec<(String, style::Look)> {
        let mut entries: Vec<(String, style::Look)> = Vec::new();
        for one in self.series() {
            if entries.iter().all(|(name, _)| *name != one.name) {
                entries.push((one.name.clone(), one.look));
            }
        }
        entries
    }
}
