//! Small multiples: panels of one size, in rows below the title of their vertical axes.

use super::axis::Axis;
use super::canvas::{Area, Drawing, bold, font, length, write};
use super::frame::{Frame, Margins};
use crate::style;
use plotters::style::text_anchor::HPos;

/// Height reserved for the title of the vertical axes, in CSS pixels.
const HEAD: u32 = 26;

/// The grid of the panels; lengths are in CSS pixels.
#[derive(Debug, Clone, Copy)]
pub struct Multiples {
    /// The number of panels.
    pub panels: usize,
    /// Panels per row.
    pub columns: usize,
    /// The width of a panel.
    pub width: f64,
    /// The height of a row.
    pub row: u32,
    /// The distances of a panel's plotting area from its edges.
    pub margins: Margins,
}

/// The name of a panel, and its axes.
#[derive(Debug)]
pub struct Panel {
    /// The name, which is written above it.
    pub name: String,
    /// The horizontal axis; only the lowest panels have its title.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
}

impl Multiples {
    /// Returns the height of the document.
    #[must_use]
    pub fn height(&self) -> u32 {
        HEAD + self.panels.div_ceil(self.columns) as u32 * self.row
    }

    /// Returns the left and the upper edge of a panel; those of the panel after the last are free.
    #[must_use]
    pub fn place(&self, at: usize) -> (f64, f64) {
        let (row, column) = (at / self.columns, at % self.columns);
        (column as f64 * self.width, f64::from(HEAD) + row as f64 * f64::from(self.row))
    }

    /// Draws the frame of each panel, and has it painted by `paint`, which gets its index too.
    ///
    /// # Errors
    /// Those of the drawing back end.
    pub fn draw(
        &self,
        area: &Area<'_>,
        (x_title, y_title): (&str, &str),
        panels: impl IntoIterator<Item = Panel>,
        paint: impl Fn(&Frame<'_, '_>, usize) -> Drawing,
    ) -> Drawing {
        let place = (8.0, f64::from(HEAD) / 2.0 + 2.0);
        write(area, y_title, place, HPos::Left, &font(style::TEXT, style::INK))?;
        for (at, Panel { name, x, y }) in panels.into_iter().enumerate() {
            let (left, top) = self.place(at);
            let size = (length(self.width), length(f64::from(self.row)));
            let part = area.clone().shrink((length(left), length(top)), size);
            let is_lowest = at + self.columns >= self.panels;
            let frame = Frame::draw(&part, self.margins, (x, if is_lowest { x_title } else { "" }), (y, ""))?;
            let (left, top, right, _) = frame.edges();
            let middle = (f64::midpoint(left, right), top - 12.0);
            write(&part, &name, middle, HPos::Center, &bold(style::SMALL_TEXT, style::INK))?;
            paint(&frame, at)?;
        }
        Ok(())
    }
}
