//! Palette, sizes and fonts of every figure, in one place.
//!
//! Colours and markers of arms are those of [`artifacts::look`]; distinct markers keep the arms apart in
//! greyscale print. Every figure has its own white background, so that it reads the same on a light and on a
//! dark page.
//!
//! *Invariant:* lengths are CSS pixels, as a reader sees them; only [`crate::chart::canvas`] knows the finer
//! integer grid on which plotters draws.

pub use artifacts::look::Shape;

use artifacts::look::{self, Colour};
use plotters::style::RGBColor;

/// Width of every figure.
pub const WIDTH: u32 = 900;
/// Height of a figure with one panel: the notebook's aspect of 2.
pub const HEIGHT: u32 = 450;

/// Background of every figure.
pub const GROUND: RGBColor = RGBColor(255, 255, 255);
/// Text.
pub const INK: RGBColor = RGBColor(34, 34, 34);
/// Less prominent text.
pub const QUIET_INK: RGBColor = RGBColor(95, 95, 95);
/// Axis lines and ticks.
pub const AXIS: RGBColor = RGBColor(120, 120, 120);
/// Grid lines.
pub const GRID: RGBColor = RGBColor(228, 228, 228);
/// A reference line, such as zero.
pub const REFERENCE: RGBColor = RGBColor(70, 70, 70);

/// The generic font family: no font is shipped or assumed.
pub const FONT: &str = "sans-serif";
/// Axis titles, legends and panel titles.
pub const TEXT: f64 = 14.0;
/// Tick labels and notes.
pub const SMALL_TEXT: f64 = 13.0;

/// Width of the line through means.
pub const LINE: f64 = 2.0;
/// Width of whiskers, of single runs' lines and of curves in the background.
pub const THIN_LINE: f64 = 1.0;
/// Radius of a marker of a mean.
pub const MARKER: f64 = 5.0;
/// Radius of a marker of a run.
pub const DOT: f64 = 3.5;
/// Opacity of a run's marker where the mean is drawn too.
pub const DOT_OPACITY: f64 = 0.45;
/// Opacity of a single run's line behind the mean.
pub const RUN_OPACITY: f64 = 0.35;
/// Opacity of a band.
pub const BAND_OPACITY: f64 = 0.15;
/// The fraction of its colour that is kept by what stands back: the background curve, a difference that is
/// not significant.
pub const MUTED: f64 = 0.38;

/// Colour and marker of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Colour of line and marker.
    pub color: RGBColor,
    /// Shape of the marker.
    pub shape: Shape,
}

const fn rgb(Colour(red, green, blue): Colour) -> RGBColor {
    RGBColor(red, green, blue)
}

impl From<look::Look> for Look {
    fn from(look::Look { colour, shape }: look::Look) -> Self {
        Self { color: rgb(colour), shape }
    }
}

/// Returns the look of the `index`-th device; it repeats after the end of the palette.
#[must_use]
pub const fn device(index: usize) -> Look {
    const LOOKS: [(Colour, Shape); 6] = [
        (look::BLUE, Shape::Circle),
        (look::VERMILLION, Shape::Triangle),
        (look::GREEN, Shape::Square),
        (look::PURPLE, Shape::Diamond),
        (look::BLACK, Shape::Inverted),
        (look::ORANGE, Shape::Ring),
    ];
    let (colour, shape) = LOOKS[index % LOOKS.len()];
    Look { color: rgb(colour), shape }
}

/// Blends a colour with the background: the fraction `share` of the colour is kept.
#[must_use]
pub fn washed(color: RGBColor, share: f64) -> RGBColor {
    let wash = |channel: u8| (f64::from(channel) * share + 255.0 * (1.0 - share)).round() as u8;
    RGBColor(wash(color.0), wash(color.1), wash(color.2))
}
