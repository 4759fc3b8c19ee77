//! Accuracy against what a network costs, on a logarithmic axis; the dense network as a labelled point.

use super::{Figure, arms};
use crate::chart::canvas::{UNIT, font, length, write};
use crate::chart::{Axis, Frame, Legend, Picture, Series, frame, marker, series};
use crate::numbers;
use crate::selection::Selection;
use crate::style;
use network::{Arm, Counts};
use plotters::style::text_anchor::HPos;

/// A cost, and how to speak of it.
pub struct Cost {
    /// Name of the document.
    pub file: &'static str,
    /// Heading of the figure.
    pub heading: &'static str,
    /// Title of the axis.
    pub axis: &'static str,
    /// What it counts, in a sentence.
    pub noun: &'static str,
    /// Of a network: parameters and multiply-accumulates go in.
    pub of: fn(u64, u64) -> u64,
    /// Of the network of depthwise-separable convolutions, where it is counted.
    pub separable: fn(&Counts) -> Option<u64>,
    /// What the caption adds.
    pub remark: &'static str,
}

/// Draws it; none where no run has finished.
pub fn figure(selection: &Selection<'_>, cost: &Cost) -> Option<Figure> {
    let of = |parameters, macs| (cost.of)(parameters, macs) as f64;
    let mut series =
        arms::accuracy(selection, |run| of(run.parameters, run.macs), |cell| of(cell.parameters, cell.macs));
    for one in &mut series {
        // Neighbouring rankscales may build one network; by cost, they are one place after another.
        one.means.sort_by(|a, b| a.x.total_cmp(&b.x));
    }
    let dense: Vec<_> = selection
        .cells()
        .into_iter()
        .filter(|cell| cell.rankscale == 0)
        .filter_map(|cell| {
            let arm: Arm = cell.decay.parse().ok()?;
            Some((arm, of(cell.parameters, cell.macs), cell.mean * 100.0))
        })
        .collect();
    if series.is_empty() && dense.is_empty() {
        return None;
    }
    // A network of that size is not among the runs: it marks a place on the axis.
    let separable = selection.configuration().and_then(|one| (cost.separable)(&one.counts()));
    let separable = separable.map(|separable| separable as f64);
    let at = |x: f64| format!("{} {}", numbers::count(x as u64), cost.noun);
    let described: Vec<_> = series.iter().map(|series| arms::described(series, at, " %")).collect();
    let mut alt = format!("{}, logarithmic axis, one line per arm: {}.", cost.heading, described.join("; "));
    if !dense.is_empty() {
        alt += " The dense network is a labelled point at the right.";
    }
    if separable.is_some() {
        alt += " An upright line marks the size of the network of depthwise-separable convolutions.";
    }
    let picture = Picture {
        width: style::WIDTH,
        height: style::HEIGHT,
        title: cost.heading.to_owned(),
        description: alt.clone(),
    };
    let svg = picture.draw(|area| {
        let places = series.iter().flat_map(|series| series.means.iter().map(|mean| mean.x));
        let heights = series.iter().flat_map(Series::heights).chain(dense.iter().map(|dense| dense.2));
        let places = places.chain(dense.iter().map(|dense| dense.1)).chain(separable);
        let (x, y) = (Axis::logarithmic(places), Axis::linear(heights, 1.0, 8));
        let upright = separable.map(|x| [(x, y.low), (x, y.high)]);
        let frame = Frame::draw(area, frame::WITH_LEGEND, (x, cost.axis), (y, "Test accuracy (%)"))?;
        if let Some([foot, head]) = upright {
            frame.line([foot, head], 0.0, (style::REFERENCE, 1.0, style::THIN_LINE))?;
            let (x, y) = frame.at(head.0, head.1);
            let place = (f64::from(x) / UNIT + 4.0, f64::from(y) / UNIT - 8.0);
            let quiet = font(style::SMALL_TEXT, style::QUIET_INK);
            write(area, "depthwise separable", place, HPos::Right, &quiet)?;
        }
        series::draw(&frame, &series)?;
        for (arm, x, y) in &dense {
            marker::draw_on_rim(area, frame.at(*x, *y), style::MARKER, style::arm(*arm))?;
        }
        if let Some((_, x, y)) = dense.iter().min_by(|a, b| a.2.total_cmp(&b.2)) {
            let (x, y) = frame.at(*x, *y);
            let place = (f64::from(x) / UNIT, f64::from(y + length(18.0)) / UNIT);
            write(area, "dense", place, HPos::Center, &font(style::SMALL_TEXT, style::INK))?;
        }
        let mut entries: Vec<_> = series.iter().map(|series| (series.name.clone(), series.look)).collect();
        for (arm, ..) in &dense {
            if entries.iter().all(|(name, _)| name != arm.name()) {
                entries.push((arm.name().to_owned(), style::arm(*arm)));
            }
        }
        Legend { title: "Weight Decay", entries, notes: vec![] }.draw(&frame)
    });
    let caption = format!("Dots, lines and whiskers are those of the first figure. {}", cost.remark);
    Some(Figure { file: cost.file, heading: cost.heading, alt, caption, svg })
}
