//! An SVG document in memory: its size, background and alternative text.
//!
//! plotters places everything on integer coordinates, so it draws on a grid of [`UNIT`] units per CSS pixel,
//! and the document's `viewBox` scales it back.
//!
//! *Invariant:* the same calls give the same bytes; text from files is escaped.

use crate::style;
use plotters::coord::Shift;
use plotters::prelude::{
    Color, DrawingArea, DrawingAreaErrorKind, FontStyle, IntoDrawingArea, IntoFont, SVGBackend, Text,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{RGBColor, TextStyle};
use std::fmt::Write as _;
use std::io;

/// Units of plotters' grid per CSS pixel.
pub const UNIT: f64 = 4.0;

/// plotters divides font sizes by this factor when it writes an SVG.
const FONT_FACTOR: f64 = 1.24;

/// A part of a document to draw on.
pub type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
/// The result of a drawing step.
pub type Drawing = Result<(), DrawingAreaErrorKind<io::Error>>;

/// Size and alternative text of a document.
#[derive(Debug, Clone)]
pub struct Picture {
    /// Width, in CSS pixels.
    pub width: u32,
    /// Height, in CSS pixels.
    pub height: u32,
    /// The title: a few words that a tooltip shows and a screen reader says first.
    pub title: String,
    /// A description of what the figure shows, for readers who cannot see it.
    pub description: String,
}

impl Picture {
    /// Draws a document and returns its SVG.
    ///
    /// # Panics
    /// Never: only memory is written.
    #[must_use]
    pub fn draw(&self, paint: impl FnOnce(&Area<'_>) -> Drawing) -> String {
        let mut svg = String::new();
        {
            let size = (length(f64::from(self.width)) as u32, length(f64::from(self.height)) as u32);
            let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
            area.fill(&style::GROUND)
                .and_then(|()| paint(&area))
                .and_then(|()| area.present())
                .expect("a document in memory takes every shape");
        }
        self.with_head(&svg)
    }

    /// Replaces the head that plotters wrote by one with size and alternative text.
    fn with_head(&self, svg: &str) -> String {
        let body = svg.split_once('>').map_or(svg, |(_, body)| body);
        // These attributes are the defaults of every viewer, and half the size of a marker.
        let body = body.replace(" stroke=\"none\" stroke-width=\"0\"", "").replace(" opacity=\"1\"", "");
        let (width, height) = (self.width, self.height);
        let (wide, high) = (length(f64::from(width)), length(f64::from(height)));
        let mut document = String::with_capacity(svg.len() + 512);
        write!(
            document,
            "<svg width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {wide} {high}\" \
             xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-labelledby=\"title desc\">\n\
             <title id=\"title\">{}</title>\n<desc id=\"desc\">{}</desc>",
            escaped(&self.title),
            escaped(&self.description),
        )
        .expect("a string takes every character");
        document.push_str(&body);
        document
    }
}

/// Converts CSS pixels to plotters' units.
#[must_use]
pub fn length(pixels: f64) -> i32 {
    (pixels * UNIT).round() as i32
}

/// Returns a font of a size in CSS pixels.
#[must_use]
pub fn font(pixels: f64, color: RGBColor) -> TextStyle<'static> {
    styled(pixels, color, FontStyle::Normal)
}

/// Returns a bold font of a size in CSS pixels.
#[must_use]
pub fn bold(pixels: f64, color: RGBColor) -> TextStyle<'static> {
    styled(pixels, color, FontStyle::Bold)
}

fn styled(pixels: f64, color: RGBColor, style: FontStyle) -> TextStyle<'static> {
    let font = (style::FONT, pixels * UNIT * FONT_FACTOR).into_font().style(style);
    TextStyle { color: color.to_backend_color(), ..TextStyle::from(font) }
}

/// Writes one line of text at a position in CSS pixels, vertically centred on it.
///
/// # Errors
/// Those of the drawing back end.
pub fn write(area: &Area<'_>, text: &str, at: (f64, f64), side: HPos, font: &TextStyle<'static>) -> Drawing {
    if text.is_empty() {
        return Ok(());
    }
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    area.draw(&Text::new(text, (length(at.0), length(at.1)), font.clone().pos(Pos::new(side, VPos::Center))))
}

/// Returns the style of a stroke: a colour, an opacity, and a width in CSS pixels.
#[must_use]
pub fn stroke(color: RGBColor, opacity: f64, pixels: f64) -> plotters::style::ShapeStyle {
    color.mix(opacity).stroke_width(length(pixels) as u32)
}

/// Escapes text for an XML document: markup is escaped, and characters that XML forbids become spaces.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternative_text_and_labels_are_escaped() {
        let picture = Picture {
            width: 10,
            height: 5,
            title: "a < b & \"c\"\u{1}".to_owned(),
            description: "</desc><script>".to_owned(),
        };
        let svg = picture
            .draw(|area| write(area, "<b>\u{7}&", (5.0, 2.0), HPos::Left, &font(style::TEXT, style::INK)));
        let document = roxmltree::Document::parse(&svg).unwrap();
        let text = |tag: &str| {
            document
                .descendants()
                .find(|node| node.has_tag_name(tag))
                .unwrap()
                .text()
                .unwrap()
                .trim()
                .to_owned()
        };
        assert_eq!(text("title"), "a < b & \"c\"");
        assert_eq!(text("desc"), "</desc><script>");
        assert_eq!(text("text"), "<b> &");
    }
}
