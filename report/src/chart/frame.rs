//! A panel: a plotting area with grid, ticks and axis titles.
//!
//! The title of the vertical axis is set horizontally above its top end, so that it reads without turning
//! one's head.

use crate::chart::axis::Axis;
use crate::chart::canvas::{Area, Drawing, UNIT, font, length, stroke, write};
use crate::style;
use plotters::chart::{ChartBuilder, ChartContext};
use plotters::prelude::{Cartesian2d, DrawingAreaErrorKind, PathElement, Rectangle, SVGBackend};
use plotters::style::text_anchor::HPos;
use plotters::style::{Color, RGBColor};
use std::io;

/// Distances of a panel's plotting area from the sides of its part of the document, in CSS pixels.
#[derive(Debug, Clone, Copy)]
pub struct Margins {
    /// Space for the labels of the vertical axis.
    pub left: f64,
    /// Space for a legend.
    pub right: f64,
    /// Space for the title of the vertical axis.
    pub top: f64,
    /// Space for the labels and the title of the horizontal axis.
    pub bottom: f64,
}

/// With [`style::WIDTH`] and [`style::HEIGHT`], these leave a plotting area of 2 : 1, the proportions of the
/// document.
pub const WITH_LEGEND: Margins = Margins { left: 56.0, right: 204.0, top: 56.0, bottom: 74.0 };

/// A panel ready to be drawn on.
pub struct Frame<'a, 'b> {
    area: &'a Area<'b>,
    chart: ChartContext<'a, SVGBackend<'b>, Cartesian2d<Axis, Axis>>,
    x: Axis,
    y: Axis,
}

impl<'a, 'b> Frame<'a, 'b> {
    /// Draws grid, ticks and titles.
    ///
    /// # Errors
    /// Those of the drawing back end.
    pub fn draw(
        area: &'a Area<'b>,
        margins: Margins,
        (x, x_title): (Axis, &str),
        (y, y_title): (Axis, &str),
    ) -> Result<Self, DrawingAreaErrorKind<io::Error>> {
        let units = |pixels: f64| length(pixels) as u32;
        let mut chart = ChartBuilder::on(area)
            .margin_right(units(margins.right))
            .margin_top(units(margins.top))
            .set_label_area_size(plotters::chart::LabelAreaPosition::Left, units(margins.left))
            .set_label_area_size(plotters::chart::LabelAreaPosition::Bottom, units(margins.bottom))
            .build_cartesian_2d(x.clone(), y.clone())?;
        chart
            .configure_mesh()
            .bold_line_style(stroke(style::GRID, 1.0, 1.0))
            .light_line_style(style::GRID.mix(0.0))
            .axis_style(stroke(style::AXIS, 1.0, 1.0))
            .set_all_tick_mark_size(length(5.0))
            .label_style(font(style::SMALL_TEXT, style::INK))
            .draw()?;
        let frame = Self { area, chart, x, y };
        let (left, top, right, bottom) = frame.edges();
        // A panel among several may leave its titles to its neighbours.
        write(area, y_title, (left - 40.0, top - 24.0), HPos::Left, &font(style::TEXT, style::INK))?;
        write(
            area,
            x_title,
            (f64::midpoint(left, right), bottom + 44.0),
            HPos::Center,
            &font(style::TEXT, style::INK),
        )?;
        Ok(frame)
    }

    /// Returns the part of the document in which this panel lies.
    #[must_use]
    pub fn area(&self) -> &'a Area<'b> {
        self.area
    }

    /// Returns left, top, right and bottom of the plotting area, in CSS pixels of the panel's part.
    #[must_use]
    pub fn edges(&self) -> (f64, f64, f64, f64) {
        let ((low, high), (start, end)) = ((self.x.low, self.x.high), (self.y.low, self.y.high));
        let pixels = |units: i32| f64::from(units) / UNIT;
        let (left, bottom) = self.place(low, start);
        let (right, top) = self.place(high, end);
        (pixels(left), pixels(top), pixels(right), pixels(bottom))
    }

    /// Returns the position of a data point, in plotters' units of the panel's part.
    #[must_use]
    pub fn at(&self, x: f64, y: f64) -> (i32, i32) {
        self.place(self.x.position(x), self.y.position(y))
    }

    fn place(&self, x: f64, y: f64) -> (i32, i32) {
        let (px, py) = self.chart.plotting_area().map_coordinate(&(x, y));
        let (ox, oy) = self.area.get_base_pixel();
        (px - ox, py - oy)
    }

    /// Draws a line through points, shifted to the right by `shift` CSS pixels.
    ///
    /// # Errors
    /// Those of the drawing back end.
    pub fn line(
        &self,
        points: impl IntoIterator<Item = (f64, f64)>,
        shift: f64,
        (color, opacity, width): (RGBColor, f64, f64),
    ) -> Drawing {
        let path: Vec<_> =
            points.into_iter().map(|(x, y)| self.at(x, y)).map(|(x, y)| (x + length(shift), y)).collect();
        if path.len() < 2 {
            return Ok(());
        }
        self.area.draw(&PathElement::new(path, stroke(color, opacity, width)))
    }

    /// Draws a horizontal line across the whole panel.
    ///
    /// # Errors
    /// Those of the drawing back end.
    pub fn level(&self, y: f64, (color, opacity, width): (RGBColor, f64, f64)) -> Drawing {
        let path = vec![self.place(self.x.low, y), self.place(self.x.high, y)];
        self.area.draw(&PathElement::new(path, stroke(color, opacity, width)))
    }

    /// Draws a vertical line across the whole panel, with its name on top.
    ///
    /// # Errors
    /// Those of the drawing back end.
    pub fn upright(&self, x: f64, name: &str) -> Drawing {
        let [foot, (left, top)] = [self.y.low, self.y.high].map(|y| self.place(self.x.position(x), y));
        let line = stroke(style::REFERENCE, 1.0, style::THIN_LINE);
        self.area.draw(&PathElement::new(vec![foot, (left, top)], line))?;
        let place = (f64::from(left) / UNIT + 4.0, f64::from(top) / UNIT - 8.0);
        write(self.area, name, place, HPos::Right, &font(style::SMALL_TEXT, style::QUIET_INK))
    }

    /// Draws a horizontal band across the whole panel.
    ///
    /// # Errors
    /// Those of the drawing back end.
    pub fn band(&self, [low, high]: [f64; 2], color: RGBColor) -> Drawing {
        let corners = [self.place(self.x.low, high), self.place(self.x.high, low)];
        self.area.draw(&Rectangle::new(corners, color.mix(style::BAND_OPACITY).filled()))
    }
}
