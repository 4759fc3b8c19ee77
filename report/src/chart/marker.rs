//! Markers: one shape per series, so that colour is never the only difference.

use crate::chart::canvas::{Area, Drawing, UNIT, length, stroke};
use crate::style::{self, Look, Shape};
use plotters::prelude::{Circle, Color, Polygon};
use plotters::style::RGBColor;

/// Draws a marker with a radius in CSS pixels, centred on a point in plotters' units.
///
/// # Errors
/// Those of the drawing back end.
pub fn draw(area: &Area<'_>, at: (i32, i32), radius: f64, look: Look, opacity: f64) -> Drawing {
    match look.shape {
        Shape::Ring | Shape::HollowTriangle => {
            fill(area, at, radius, look.shape, look.color, opacity)?;
            fill(area, at, hole(look.shape, radius), look.shape, style::GROUND, 1.0)
        }
        shape => fill(area, at, radius, shape, look.color, opacity),
    }
}

/// Draws a marker on a rim of the background colour, which separates it from what lies below.
///
/// # Errors
/// Those of the drawing back end.
pub fn draw_on_rim(area: &Area<'_>, at: (i32, i32), radius: f64, look: Look) -> Drawing {
    fill(area, at, radius + 1.5, look.shape, style::GROUND, 1.0)?;
    draw(area, at, radius, look, 1.0)
}

/// Returns the radius of the hole of a hollow marker, whose rim is as wide as a line.
fn hole(shape: Shape, radius: f64) -> f64 {
    let rim = if shape == Shape::Ring { 1.6 } else { 2.6 };
    (radius - rim).max(0.0)
}

fn fill(
    area: &Area<'_>,
    at: (i32, i32),
    radius: f64,
    shape: Shape,
    color: RGBColor,
    opacity: f64,
) -> Drawing {
    // Shapes of equal radius differ in area; these factors make them look equally large.
    let corners: &[(f64, f64)] = match shape {
        Shape::Circle | Shape::Ring => {
            let style = stroke(color, opacity, 0.0).filled();
            return area.draw(&Circle::new(at, length(radius), style));
        }
        Shape::Triangle | Shape::HollowTriangle => &[(0.0, -1.25), (1.12, 0.75), (-1.12, 0.75)],
        Shape::Inverted => &[(0.0, 1.25), (1.12, -0.75), (-1.12, -0.75)],
        Shape::Diamond => &[(0.0, -1.3), (1.15, 0.0), (0.0, 1.3), (-1.15, 0.0)],
        Shape::Cross => &[
            (-0.4, -1.2),
            (0.4, -1.2),
            (0.4, -0.4),
            (1.2, -0.4),
            (1.2, 0.4),
            (0.4, 0.4),
            (0.4, 1.2),
            (-0.4, 1.2),
            (-0.4, 0.4),
            (-1.2, 0.4),
            (-1.2, -0.4),
            (-0.4, -0.4),
        ],
        Shape::Square => &[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
    };
    let offset = |factor: f64| (factor * radius * UNIT).round() as i32;
    let corners: Vec<_> = corners.iter().map(|(x, y)| (at.0 + offset(*x), at.1 + offset(*y))).collect();
    area.draw(&Polygon::new(corners, color.mix(opacity).filled()))
}
