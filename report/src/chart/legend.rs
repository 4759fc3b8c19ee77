//! A legend to the right of the plotting area: a title, then one line per series.

use crate::chart::canvas::{Area, Drawing, bold, font, length, stroke, write};
use crate::chart::frame::Frame;
use crate::chart::marker;
use crate::style::{self, Look};
use plotters::prelude::PathElement;
use plotters::style::RGBColor;
use plotters::style::text_anchor::HPos;

/// Distance between two lines where there is room for it, in CSS pixels.
const LEADING: f64 = 22.0;
/// The number of characters that fit beside a picture.
const NAME: usize = 22;
/// Length of the sample line before a name, in CSS pixels.
const SWATCH: f64 = 24.0;

/// The title, the series, and the notes below them.
#[derive(Debug, Clone)]
pub struct Legend<'a> {
    /// The title, in bold.
    pub title: &'a str,
    /// Names and looks of the series.
    pub entries: Vec<(String, Look)>,
    /// Short notes, one per line.
    pub notes: Vec<String>,
}

impl Legend<'_> {
    /// Draws the legend beside the only panel, from the top of the plotting area down.
    ///
    /// # Errors
    /// Those of the drawing back end.
    pub fn draw(&self, frame: &Frame<'_, '_>) -> Drawing {
        let (_, top, right, bottom) = frame.edges();
        self.draw_at(frame.area(), (right + 16.0, top + 8.0), bottom)
    }

    /// Draws the legend with the middle of its title's line at a position in CSS pixels, so that it ends
    /// above `bottom`: many lines stand closer together.
    ///
    /// # Errors
    /// Those of the drawing back end.
    pub fn draw_at(&self, area: &Area<'_>, (left, top): (f64, f64), bottom: f64) -> Drawing {
        let lines = self.entries.len() as f64 + 0.8 * self.notes.len() as f64 + 0.5;
        let leading = ((bottom - top) / lines).clamp(LEADING / 2.0, LEADING);
        let mut y = top;
        let swatch = |y: f64, color: RGBColor, width: f64| {
            let ends = vec![(length(left), length(y)), (length(left + SWATCH), length(y))];
            area.draw(&PathElement::new(ends, stroke(color, 1.0, width)))
        };
        let name_left = left + SWATCH + 8.0;
        write(area, self.title, (left, y), HPos::Left, &bold(style::TEXT, style::INK))?;
        for (name, look) in &self.entries {
            y += leading;
            swatch(y, look.color, style::LINE)?;
            marker::draw_on_rim(area, (length(left + SWATCH / 2.0), length(y)), style::MARKER, *look)?;
            write(area, &shortened(name), (name_left, y), HPos::Left, &font(style::SMALL_TEXT, style::INK))?;
        }
        y += leading / 2.0;
        for note in &self.notes {
            y += leading * 0.8;
            write(area, note, (left, y), HPos::Left, &font(style::SMALL_TEXT, style::QUIET_INK))?;
        }
        Ok(())
    }
}

/// Leaves out the middle of a name that does not fit: names that differ often do so at an end.
fn shortened(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    if letters.len() <= NAME {
        return name.to_owned();
    }
    let (start, end) = (&letters[..NAME / 2], &letters[letters.len() - (NAME - NAME / 2 - 1)..]);
    start.iter().chain(&['…']).chain(end).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_keeps_both_ends() {
        assert_eq!(shortened("appropriate"), "appropriate");
        assert_eq!(shortened("PyTorch channels last"), "PyTorch channels last");
        assert_eq!(shortened("~ published-appropriate, λ = 5e-4"), "~ published…, λ = 5e-4");
        assert_eq!(shortened("~ published-appropriate, λ = 5e-4").chars().count(), NAME);
    }
}
