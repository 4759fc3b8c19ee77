//! Curves of chosen runs over epochs, in one chart: lines for the images that judge a run, dots for training.
//!
//! Each arm has its colour, and its mark on its lines, so that arms can be told apart without colour.
//!
//! *Invariant:* all runs are drawn on one scale, which contains every value of them.

use super::desk::{Desk, Measure};
use super::ink;
use super::scale::Scale;
use super::words::fit;
use crate::moment::{Cell, Run, Sweep};
use artifacts::run::EpochRow;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use ratatui::widgets::canvas::{Canvas, Painter, Shape};

/// The width of the numbers at the axis.
const AXIS: u16 = 7;
/// The number of marks on a line.
const MARKS: usize = 5;
/// Braille dots of a cell, horizontally and vertically.
const DOTS: u16 = 2;
const DOTS_HIGH: u16 = 4;

/// The values of a run over epochs.
struct Curve {
    style: Style,
    mark: char,
    points: Vec<(f64, f64)>,
    /// Whether the curve is drawn as spaced dots instead of a line.
    dotted: bool,
}

/// Draws the legend, and as many charts as there is space for.
pub fn draw(sweep: &Sweep, desk: &Desk, area: Rect, buffer: &mut Buffer) {
    let runs = desk.drawn(sweep);
    let legend = legend(sweep, desk, &runs, usize::from(area.width));
    let legend_height = legend.len().min(2) as u16;
    for (line, y) in legend.into_iter().zip(area.y..area.bottom().min(area.y + legend_height)) {
        buffer.set_line(area.x, y, &line, area.width);
    }
    let below = Rect { y: area.y + legend_height, height: area.height.saturating_sub(legend_height), ..area };
    if runs.iter().all(|(_, run)| run.headway.epochs.is_empty()) {
        buffer.set_stringn(
            below.x,
            below.y,
            "No epoch of these runs is saved yet.",
            usize::from(below.width),
            Style::new(),
        );
        return;
    }
    let (both, gap) = ([Measure::Accuracy, Measure::Loss], 2);
    let [wide, high] = [below.width >= 2 * 45 + gap, below.height >= 20];
    let parts: Vec<(Measure, Rect)> = if wide {
        let width = (below.width - gap) / 2;
        let right = Rect { x: below.x + width + gap, width, ..below };
        both.into_iter().zip([Rect { width, ..below }, right]).collect()
    } else if high {
        let height = below.height / 2;
        let lower = Rect { y: below.y + height, height: below.height - height, ..below };
        both.into_iter().zip([Rect { height, ..below }, lower]).collect()
    } else {
        vec![(desk.measure, below)]
    };
    for (measure, part) in parts {
        chart(sweep, desk, &runs, measure, part, buffer);
    }
}

/// Formats the arms with their marks, and the runs.
fn legend(sweep: &Sweep, desk: &Desk, runs: &[(&Cell, &Run)], width: usize) -> Vec<Line<'static>> {
    let Some((cell, run)) = desk.chosen(sweep) else { return Vec::new() };
    let mut spans = vec![Span::raw(format!("r{:02} s{}  ", cell.rankscale, run.seed))];
    let mut used = spans[0].content.chars().count();
    for arm in &sweep.arms {
        if !runs.iter().any(|(cell, _)| cell.arm == *arm) {
            continue;
        }
        let look = sweep.look(*arm);
        let name = format!(" {arm}  ");
        used += 1 + name.chars().count();
        if used > width {
            break;
        }
        spans.push(Span::styled(ink::mark(look).to_string(), desk.ink.arm(look)));
        spans.push(Span::raw(name));
    }
    let kinds = format!("── {}  ·· train", sweep.judged_by);
    if used + kinds.chars().count() <= width {
        spans.push(Span::styled(kinds, Style::new().add_modifier(Modifier::DIM)));
    }
    let pinned = sweep.runs().filter(|(_, run)| desk.pins.contains(&run.name)).count();
    let mut lines = vec![Line::from(spans)];
    if pinned > 0 {
        lines.push(Line::raw(fit(&format!("and {pinned} pinned; c lets go of them"), width)));
    }
    lines
}

fn chart(
    sweep: &Sweep,
    desk: &Desk,
    runs: &[(&Cell, &Run)],
    measure: Measure,
    area: Rect,
    buffer: &mut Buffer,
) {
    if area.height < 4 || area.width < AXIS + 10 {
        return;
    }
    let curves = curves(sweep, desk, runs, measure);
    let epochs = runs.iter().map(|(_, run)| run.epochs).max().unwrap_or(1).max(2) as f64;
    let values = curves.iter().flat_map(|curve| curve.points.iter().map(|(_, value)| *value));
    let scale = Scale::of(measure, values);
    let title = match measure {
        Measure::Accuracy => "accuracy, %",
        Measure::Loss => "loss, nats, as logarithm",
    };
    let quiet = Style::new().add_modifier(Modifier::DIM);
    buffer.set_stringn(area.x + AXIS, area.y, title, usize::from(area.width - AXIS), quiet);
    let plot = Rect { x: area.x + AXIS, y: area.y + 1, width: area.width - AXIS, height: area.height - 2 };
    for (at, text) in scale.ticks(usize::from(plot.height).div_ceil(4).clamp(2, 6)) {
        let y = plot.bottom() - 1 - cell(scale.share(at), plot.height, DOTS_HIGH);
        let text = format!("{text:>width$}", width = usize::from(AXIS) - 1);
        buffer.set_stringn(area.x, y, text, usize::from(AXIS) - 1, quiet);
    }
    let last = format!("{epochs:.0}");
    let word = "epoch";
    buffer.set_stringn(plot.x, plot.bottom(), "1", 1, quiet);
    buffer.set_stringn(plot.x + plot.width / 2 - 2, plot.bottom(), word, word.len(), quiet);
    buffer.set_stringn(plot.right() - last.len() as u16, plot.bottom(), &last, last.len(), quiet);
    let canvas =
        Canvas::default().marker(Marker::Braille).x_bounds([1.0, epochs]).y_bounds([scale.low, scale.high]);
    canvas
        .paint(|context| {
            for curve in
                curves.iter().filter(|curve| curve.dotted).chain(curves.iter().filter(|curve| !curve.dotted))
            {
                let every = if curve.dotted { 4 } else { 1 };
                context.draw(&Stroke { curve, every, dots: plot.width * DOTS, epochs });
                context.layer();
            }
        })
        .render(plot, buffer);
    let lines = curves.iter().filter(|curve| !curve.dotted);
    let count = lines.clone().count().max(1);
    for (at, curve) in lines.enumerate() {
        for (epoch, value) in marked(&curve.points, epochs, at as f64 / count as f64) {
            let x = cell((epoch - 1.0) / (epochs - 1.0), plot.width, DOTS);
            let y = plot.height - 1 - cell(scale.share(value), plot.height, DOTS_HIGH);
            buffer[(plot.x + x, plot.y + y)].set_char(curve.mark).set_style(curve.style);
        }
    }
}

/// Returns which of `cells` cells contains the dot at this fraction of the axis.
fn cell(share: f64, cells: u16, dots: u16) -> u16 {
    let dot = (share.clamp(0.0, 1.0) * f64::from(cells * dots - 1)).round() as u16;
    (dot / dots).min(cells - 1)
}

fn curves(sweep: &Sweep, desk: &Desk, runs: &[(&Cell, &Run)], measure: Measure) -> Vec<Curve> {
    let test: fn(&EpochRow) -> Option<f64> = match measure {
        Measure::Accuracy => |row| Some(100.0 * row.test_accuracy),
        Measure::Loss => |row| logarithm(row.test_loss?),
    };
    let train: fn(&EpochRow) -> Option<f64> = match measure {
        Measure::Accuracy => |row| row.train_accuracy.map(|accuracy| 100.0 * accuracy),
        Measure::Loss => |row| logarithm(row.train_loss?),
    };
    let of = |(cell, run): &(&Cell, &Run)| {
        let look = sweep.look(cell.arm);
        [(test, false), (train, true)].map(|(value, dotted)| {
            let epochs = run.headway.epochs.iter();
            let points = epochs.filter_map(|row| {
                Some((f64::from(row.epoch), value(row).filter(|value| value.is_finite())?))
            });
            Curve { style: desk.ink.arm(look), mark: ink::mark(look), points: points.collect(), dotted }
        })
    };
    runs.iter().flat_map(of).collect()
}

/// Returns the logarithm of a positive number; a loss of zero has none, and is not drawn.
fn logarithm(loss: f64) -> Option<f64> {
    (loss > 0.0).then(|| loss.log10())
}

/// Selects some points of a line for marks, including its last one; `shift` separates the marks of different
/// lines.
fn marked(points: &[(f64, f64)], epochs: f64, shift: f64) -> Vec<(f64, f64)> {
    let step = ((epochs / MARKS as f64) as usize).max(1);
    let first = (shift * step as f64) as usize;
    let mut marks: Vec<_> = points.iter().copied().skip(first).step_by(step).collect();
    if let Some(last) = points.last()
        && marks.last() != Some(last)
    {
        marks.push(*last);
    }
    marks
}

/// A curve, drawn as dots.
struct Stroke<'a> {
    curve: &'a Curve,
    /// Only every so-many-th column has a dot.
    every: u16,
    dots: u16,
    epochs: f64,
}

impl Shape for Stroke<'_> {
    fn draw(&self, painter: &mut Painter<'_, '_>) {
        let color = self.curve.style.fg.unwrap_or(Color::Reset);
        let points = &self.curve.points;
        let (Some(first), Some(last)) = (points.first(), points.last()) else { return };
        let mut before: Option<(usize, usize)> = None;
        for dot in (0..self.dots).step_by(usize::from(self.every)) {
            let epoch = 1.0 + (self.epochs - 1.0) * f64::from(dot) / f64::from((self.dots - 1).max(1));
            if epoch < first.0 || epoch > last.0 {
                continue;
            }
            let Some((x, y)) = painter.get_point(epoch, between(points, epoch)) else { continue };
            let from = match before {
                Some((_, before)) if self.every == 1 => before,
                _ => y,
            };
            // A steep line is drawn without gaps.
            for y in from.min(y)..=from.max(y) {
                painter.paint(x, y, color);
            }
            before = Some((x, y));
        }
        if let Some((x, y)) = painter.get_point(last.0, last.1) {
            painter.paint(x, y, color);
        }
    }
}

/// Interpolates the value between two epochs.
fn between(points: &[(f64, f64)], epoch: f64) -> f64 {
    let after = points.partition_point(|point| point.0 < epoch).clamp(1, points.len().max(2) - 1);
    match (points.get(after - 1), points.get(after)) {
        (Some(a), Some(b)) => a.1 + (b.1 - a.1) * ((epoch - a.0) / (b.0 - a.0)).clamp(0.0, 1.0),
        (Some(only), None) | (None, Some(only)) => only.1,
        (None, None) => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_through_its_points_and_a_mark_stands_at_its_end() {
        let points = [(1.0, 0.0), (3.0, 4.0), (4.0, 4.0)];
        assert_eq!([1.0, 2.0, 3.5].map(|epoch| between(&points, epoch)), [0.0, 2.0, 4.0]);
        assert_eq!(between(&points[..1], 1.0), 0.0);
        assert_eq!(marked(&points, 4.0, 0.5).last(), Some(&(4.0, 4.0)));
    }
}
