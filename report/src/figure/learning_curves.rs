//! Accuracy against epoch: small multiples by rankscale, one line per arm, single runs as thin lines
//! behind it.

use super::{Figure, arms};
use crate::chart::frame::Margins;
use crate::chart::{
    Area, Axis, Drawing, Frame, Legend, Line, Mean, Multiples, Picture, Plot, Series, multiples, series,
};
use crate::selection::{Selection, finished};
use crate::style::{self, Look};
use artifacts::words;
use network::Arm;
use std::collections::{BTreeMap, BTreeSet};

/// Name of the document.
pub const FILE: &str = "learning-curves.svg";

/// The largest number of panels; of more rankscales, the first, the last and evenly spaced ones between are
/// shown.
const PANELS: usize = 6;
/// The number of epochs from which a schedule counts as long.
const LONG: u32 = 20;
/// Panels per row.
const COLUMNS: usize = 3;
/// Height of a row, in CSS pixels.
const ROW: u32 = 240;
/// Width reserved for the legend, in CSS pixels.
const LEGEND: u32 = 204;

const MARGINS: Margins = Margins { left: 46.0, right: 10.0, top: 30.0, bottom: 54.0 };

/// Epochs, and accuracies in per cent.
type Curve = Vec<(f64, f64)>;

/// The curves of one rankscale, one series per arm.
#[derive(Debug, Default)]
struct Panel {
    rankscale: u32,
    series: BTreeMap<Arm, Series>,
    /// Whether there are more single runs than are drawn.
    more: bool,
}

impl Panel {
    fn name(&self) -> String {
        words::at_network(self.rankscale)
    }

    fn points(&self) -> impl Iterator<Item = &(f64, f64)> {
        self.series.values().flat_map(|series| &series.lines).flat_map(|line| &line.points)
    }
}

/// Draws the figure; `None` if no epoch has ended.
#[must_use]
pub fn figure(selection: &Selection<'_>) -> Option<Figure> {
    let all = panels(selection);
    if all.is_empty() {
        return None;
    }
    let count = all.len();
    let panels: Vec<_> = chosen(count).into_iter().map(|i| &all[i]).collect();
    let shown: Vec<_> = panels.iter().map(|panel| panel.name()).collect();
    let arms: BTreeMap<Arm, Look> =
        panels.iter().flat_map(|panel| &panel.series).map(|(arm, series)| (*arm, series.look)).collect();
    let names: Vec<_> = arms.keys().map(ToString::to_string).collect();
    let alt = format!(
        "Learning curves: {} accuracy against epoch, one panel each for {}, one line per arm ({}).",
        selection.judged_by(),
        words::listed(&shown),
        words::listed(&names)
    );
    let picture = Picture {
        width: style::WIDTH,
        height: multiples(panels.len()).height(),
        title: "Learning curves".to_owned(),
        description: alt.clone(),
    };
    let accuracy = selection.accuracy_axis();
    let svg = picture.draw(|area| draw(area, &accuracy, &panels, &arms));
    let mut caption = format!(
        "{} accuracy after every epoch; all panels share their axes. Lines are means over finished runs, thin \
         lines single runs, unfinished and diverged ones included.",
        words::capital(selection.judged_by())
    );
    if floor(&panels, last_epoch(&panels)) > 0.0 {
        caption += " The picture's axis begins where the first quarter of the schedule ends; the steep start is cut off, and so is what lies below the lowest mean after it.";
    }
    if all.iter().any(|panel| panel.more) {
        caption += &arms::first_runs();
    }
    if panels.len() < count {
        let shown = format!(" Of {count} rankscales, the picture shows {}.", panels.len());
        caption += &shown;
    }
    let by_name = all.into_iter().map(|panel| (panel.name(), panel.series.into_values().collect())).collect();
    let plot = Plot::panels("Rankscale", "Epoch", accuracy, by_name);
    Some(Figure { file: FILE, heading: "Learning curves", alt, caption, plot, svg })
}

/// Returns the indices of the panels to show.
fn chosen(count: usize) -> Vec<usize> {
    if count <= PANELS {
        return (0..count).collect();
    }
    (0..PANELS).map(|i| (i * (count - 1) + (PANELS - 1) / 2) / (PANELS - 1)).collect()
}

fn panels(selection: &Selection<'_>) -> Vec<Panel> {
    let done: BTreeSet<_> =
        selection.study.runs.iter().filter(|run| finished(run)).map(|run| run.run.as_str()).collect();
    let mut curves: BTreeMap<(u32, Arm, u64, &str), Curve> = BTreeMap::new();
    for row in selection.epochs() {
        if let Some(arm) = selection.arm(&row.decay) {
            curves
                .entry((row.rankscale, arm, row.seed, &row.run))
                .or_default()
                .push((f64::from(row.epoch), row.test_accuracy * 100.0));
        }
    }
    let mut panels: BTreeMap<u32, Panel> = BTreeMap::new();
    let mut sums: BTreeMap<(u32, Arm), BTreeMap<u32, (f64, u32)>> = BTreeMap::new();
    for ((rankscale, arm, _, run), points) in curves {
        if done.contains(run) {
            let sum = sums.entry((rankscale, arm)).or_default();
            for (epoch, accuracy) in &points {
                let (total, runs) = sum.entry(*epoch as u32).or_default();
                *total += accuracy;
                *runs += 1;
            }
        }
        let panel = panels.entry(rankscale).or_insert_with(|| Panel { rankscale, ..Panel::default() });
        let series = panel.series.entry(arm).or_insert_with(|| arms::empty(selection, arm));
        if series.lines.len() < arms::RUNS {
            series.lines.push(Line { run: run.to_owned(), points });
        } else {
            panel.more = true;
        }
    }
    for ((rankscale, arm), sum) in sums {
        let mean = |(epoch, (total, runs)): (u32, (f64, u32))| Mean {
            x: f64::from(epoch),
            y: total / f64::from(runs),
            runs,
            interval: None,
        };
        if let Some(series) = panels.get_mut(&rankscale).and_then(|panel| panel.series.get_mut(&arm)) {
            series.means = sum.into_iter().map(mean).collect();
        }
    }
    panels.into_values().collect()
}

fn last_epoch(panels: &[&Panel]) -> u32 {
    let points = panels.iter().flat_map(|panel| panel.points());
    points.map(|(epoch, _)| *epoch as u32).max().unwrap_or(1)
}

/// Returns the grid of so many panels; one or two are not stretched over the whole width.
fn multiples(panels: usize) -> Multiples {
    let columns = panels.min(COLUMNS);
    let width = f64::from(style::WIDTH - LEGEND) / columns.max(2) as f64;
    Multiples { panels, columns, width, row: ROW, margins: MARGINS }
}

fn draw(area: &Area<'_>, title: &str, panels: &[&Panel], arms: &BTreeMap<Arm, Look>) -> Drawing {
    let last = last_epoch(panels);
    let epochs: Vec<_> = (1..=last).collect();
    let floor = floor(panels, last);
    let points = panels.iter().flat_map(|panel| panel.points());
    let y = Axis::linear(points.map(|(_, accuracy)| accuracy.max(floor)), 2.0, 5);
    let multiples = multiples(panels.len());
    let framed = panels.iter().map(|panel| multiples::Panel {
        name: panel.name(),
        x: Axis::whole(&epochs, 1.0, 0.11),
        y: y.clone(),
    });
    multiples.draw(area, ("Epoch", title), framed, |frame, at| draw_panel(frame, panels[at], floor))?;
    // The legend is drawn on the whole document, because drawing on a panel is clipped to it.
    let entries = arms.iter().map(|(arm, look)| (arm.name().to_owned(), *look)).collect();
    let place = (multiples.columns as f64 * multiples.width + 10.0, multiples.place(0).1 + MARGINS.top + 8.0);
    let bottom = f64::from(multiples.height());
    Legend { title: arms::LEGEND, entries, notes: vec![] }.draw_at(area, place, bottom)
}

/// Returns the lower end of the vertical axis. In a long schedule it is the lowest mean of finished runs
/// after a quarter of the epochs, because the steep start would compress the end, where the arms differ, into
/// a few pixels.
fn floor(panels: &[&Panel], last: u32) -> f64 {
    if last < LONG {
        return 0.0;
    }
    panels
        .iter()
        .flat_map(|panel| panel.series.values())
        .flat_map(|series| &series.means)
        .filter(|mean| mean.x >= f64::from(last) / 4.0)
        .map(|mean| mean.y)
        .reduce(f64::min)
        .unwrap_or(0.0)
}

/// Returns the pieces of a curve above a floor, cut where the curve crosses it.
fn above(curve: &Curve, floor: f64) -> Vec<Curve> {
    let mut pieces: Vec<Curve> = Vec::new();
    let mut last: Option<(f64, f64)> = None;
    for &(x, y) in curve {
        let crossing = last.filter(|last| (last.1 < floor) != (y < floor)).map(|last| {
            let share = (floor - last.1) / (y - last.1);
            (last.0 + share * (x - last.0), floor)
        });
        if y >= floor && (crossing.is_some() || last.is_none()) {
            pieces.push(crossing.into_iter().collect());
        }
        if let Some(piece) = pieces.last_mut() {
            if y >= floor {
                piece.push((x, y));
            } else if let Some(crossing) = crossing {
                piece.push(crossing);
            }
        }
        last = Some((x, y));
    }
    pieces
}

fn draw_panel(frame: &Frame<'_, '_>, panel: &Panel, floor: f64) -> Drawing {
    for series in panel.series.values() {
        // A single finished run is its own mean.
        if series.lines.len() > 1 || series.means.is_empty() {
            for piece in series.lines.iter().flat_map(|line| above(&line.points, floor)) {
                frame.line(piece, 0.0, (series.look.color, style::RUN_OPACITY, style::THIN_LINE))?;
            }
        }
    }
    for series in panel.series.values() {
        let curve: Curve = series.means.iter().map(|mean| (mean.x, mean.y)).collect();
        series::draw_curve(frame, &curve, &above(&curve, floor), series.look)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_is_cut_where_it_crosses_the_floor() {
        let curve = vec![(1.0, 0.0), (2.0, 20.0), (3.0, 20.0), (4.0, 0.0), (5.0, 10.0)];
        let pieces = above(&curve, 10.0);
        assert_eq!(
            pieces,
            [vec![(1.5, 10.0), (2.0, 20.0), (3.0, 20.0), (3.5, 10.0)], vec![(5.0, 10.0), (5.0, 10.0)]]
        );
        assert_eq!(above(&curve, 0.0), std::slice::from_ref(&curve));
    }

    #[test]
    fn the_first_and_the_last_rankscale_are_always_shown() {
        for count in 1..40 {
            let chosen = chosen(count);
            assert_eq!((chosen[0], chosen[chosen.len() - 1]), (0, count - 1));
            assert!(chosen.windows(2).all(|pair| pair[0] < pair[1]));
        }
    }
}
