//! The notebook's figure remade: accuracy against rankscale, one line per arm.
//!
//! The notebook's own curve is drawn in the background for comparison. It is left out, and the caption says
//! why, if
//! - the network or the data set is not the notebook's, or the accuracies are not of test images, or
//! - our curves would keep less than two fifths of the height of an axis that holds both: after a schedule of
//!   few epochs they lie tens of points below the notebook's, and the differences between arms would be
//!   compressed.

use super::{Figure, arms};
use crate::chart::canvas::{UNIT, font, write};
use crate::chart::{Frame, Mean, Plot, Series};
use crate::selection::Selection;
use crate::style;
use artifacts::look;
use artifacts::notebook::{self, Point};
use artifacts::words;
use network::{Arm, FULL_CHANNELS};
use plotters::style::text_anchor::HPos;

/// Name of the document.
pub const FILE: &str = "rankscale.svg";

/// The least fraction of the height that our curves must keep beside the notebook's.
const LEAST_SHARE: f64 = 2.0 / 5.0;
/// The least range that our curves count as having, in percentage points.
const LEAST_SPAN: f64 = 2.0;
/// Half the width of the direct label, and its distance from the curve, in CSS pixels.
const LABEL: (f64, f64) = (54.0, 14.0);

/// Draws the figure; `None` if no run has finished.
#[must_use]
pub fn figure(selection: &Selection<'_>) -> Option<Figure> {
    let series = arms::accuracy(selection, |run| f64::from(run.rankscale), |cell| f64::from(cell.rankscale));
    if series.is_empty() {
        return None;
    }
    let (background, remark) = background(selection, &series);
    let accuracy = format!("{} accuracy", selection.judged_by());
    let caption = format!("{}{}{remark}", words::capital(&accuracy), caption(&series));
    let alt = alternative(&accuracy, &series, !background.is_empty());
    let plot = Plot {
        background: of_notebook(&background, &selection.arms()),
        ..Plot::single("Rankscale", selection.accuracy_axis(), series)
    };
    let title = format!("{} against rankscale", words::capital(&accuracy));
    let axis = arms::rankscale_axis(selection);
    let svg = plot.picture((&title, &alt), axis, 1.0, Some((arms::LEGEND, Vec::new())), |frame| {
        let Some(place) = label_place(frame, &plot) else { return Ok(()) };
        let quiet = font(style::SMALL_TEXT, style::QUIET_INK);
        write(frame.area(), "2018 notebook", place, HPos::Center, &quiet)
    });
    Some(Figure { file: FILE, heading: "Accuracy against rankscale", alt, caption, plot, svg })
}

/// Says when the accuracy was taken, and what dots, lines and whiskers are.
fn caption(series: &[Series]) -> String {
    let mut text = " after the last epoch, never the best one.".to_owned();
    if series.iter().any(Series::repeated) {
        text += " ";
        text += arms::drawn(series);
        text += " Arms stand side by side where the axis has room, so that they can be told apart.";
    } else {
        text += " Every marker is one run: no cell has a second seed, so nothing here shows how much of a \
                 difference is chance.";
    }
    if series.iter().any(Series::whiskered) {
        text += " Whiskers are Student's 95 % intervals of the means, where there are three runs or more.";
    }
    text
}

fn alternative(accuracy: &str, series: &[Series], with_notebook: bool) -> String {
    let arms: Vec<_> =
        series.iter().map(|series| arms::described(series, arms::at_rankscale, " %")).collect();
    let mut text =
        format!("Line chart of {accuracy} against rankscale, one line per arm: {}.", arms.join("; "));
    if with_notebook {
        text += " The curves of the 2018 notebook lie pale in the background.";
    }
    text
}

/// Returns the part of the notebook's curve to show, and the caption's remark on it.
fn background(selection: &Selection<'_>, series: &[Series]) -> (Vec<Point>, String) {
    let shown = selection.rankscales();
    let (first, last) = (shown.first().copied().unwrap_or(0), shown.last().copied().unwrap_or(0));
    let curve: Vec<_> =
        notebook::curve().into_iter().filter(|point| (first..=last).contains(&point.rankscale)).collect();
    let left_out = |why: &str| (Vec::new(), format!(" The 2018 notebook's curve is left out: {why}."));
    if curve.is_empty() {
        return left_out("it has none of these rankscales");
    }
    let Some(configuration) = selection.configuration() else {
        return left_out("the recipe of these runs is not known");
    };
    if !configuration.recipe.dataset.is_the_notebooks() {
        return left_out("it is of CIFAR-10");
    }
    if !configuration.recipe.is_judged_by_test() {
        return left_out("it is of test images");
    }
    if configuration.recipe.channels != FULL_CHANNELS {
        return left_out("these networks have other widths");
    }
    let span = |values: &mut dyn Iterator<Item = f64>| {
        values
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
    };
    let theirs = curve.iter().flat_map(Point::accuracies).map(|accuracy| accuracy * 100.0);
    let ours = span(&mut series.iter().flat_map(Series::heights));
    let theirs = span(&mut { theirs });
    let both = ours.1.max(theirs.1) - ours.0.min(theirs.0);
    if (ours.1 - ours.0).max(LEAST_SPAN) < both * LEAST_SHARE {
        return left_out(&format!(
            "it lies between {} % and {} %, too far from these runs for one axis to show both",
            words::fixed(theirs.0, 1),
            words::fixed(theirs.1, 1)
        ));
    }
    let mut remark =
        " Pale in the background: the 2018 notebook's two curves, digitised from its figure; 128 epochs, \
                      one unseeded run a point, arms as its code had them"
            .to_owned();
    remark += if selection.has_the_notebooks_recipe() { "." } else { ", and so not of the same recipe." };
    (curve, remark)
}

/// Returns the notebook's two curves as series, which look like those of the arms that they stand for.
fn of_notebook(curve: &[Point], shown: &[Arm]) -> Vec<Series> {
    if curve.is_empty() {
        return Vec::new();
    }
    let of = |(i, arm): (usize, Arm)| {
        let mean = |point: &Point| Mean {
            x: f64::from(point.rankscale),
            y: point.accuracies()[i] * 100.0,
            runs: 1,
            interval: None,
        };
        let look = look::house(arm).expect("the notebook's arms are of the house");
        let look = style::Look::from(look);
        let look = style::Look { color: style::washed(look.color, style::MUTED), ..look };
        let means = curve.iter().map(mean).collect();
        Series { means, ..Series::empty(&format!("2018 notebook, {arm}"), look) }
    };
    notebook::arms(shown).into_iter().enumerate().map(of).collect()
}

/// Returns the centre of the direct label: just above or below the background curve, where the other lines
/// are farthest.
fn label_place(frame: &Frame<'_, '_>, plot: &Plot) -> Option<(f64, f64)> {
    let line = |series: &Series| series.means.iter().map(|mean| (mean.x, mean.y)).collect::<Vec<_>>();
    let spots: Vec<_> = plot.background.iter().flat_map(line).collect();
    let lines: Vec<_> = plot.background.iter().chain(plot.series()).map(line).collect();
    let pixels = |(x, y): (f64, f64)| {
        let (x, y) = frame.at(x, y);
        (f64::from(x) / UNIT, f64::from(y) / UNIT)
    };
    let obstacles: Vec<_> = lines
        .iter()
        .flat_map(|line| {
            let ends = line.windows(2).map(|pair| (pixels(pair[0]), pixels(pair[1])));
            let between = ends.flat_map(|(a, b)| {
                let steps = ((b.0 - a.0).abs() / 6.0).ceil().max(1.0) as u32;
                (0..=steps).map(move |step| {
                    let share = f64::from(step) / f64::from(steps);
                    (a.0 + (b.0 - a.0) * share, a.1 + (b.1 - a.1) * share)
                })
            });
            between.chain(line.first().map(|first| pixels(*first)))
        })
        .collect();
    let (left, top, right, bottom) = frame.edges();
    let mut best: Option<(f64, (f64, f64))> = None;
    for (x, y) in spots.iter().map(|spot| pixels(*spot)) {
        for place in [(x, y - LABEL.1), (x, y + LABEL.1)] {
            let inside = place.0 - LABEL.0 > left
                && place.0 + LABEL.0 < right
                && place.1 - 9.0 > top
                && place.1 + 9.0 < bottom;
            let clearance = obstacles
                .iter()
                .filter(|(x, _)| (x - place.0).abs() < LABEL.0 + 6.0)
                .map(|(_, y)| (y - place.1).abs())
                .fold(f64::INFINITY, f64::min);
            if inside && best.is_none_or(|(most, _)| clearance > most) {
                best = Some((clearance, place));
            }
        }
    }
    best.map(|(_, place)| place)
}
