//! The A/A check: rankscales that build one network, held against each other.

use super::{Figure, arms};
use crate::chart::canvas::length;
use crate::chart::{Axis, Frame, Legend, Picture, frame, marker};
use crate::numbers;
use crate::selection::Selection;
use crate::style;
use artifacts::study::Identical;
use network::Arm;

/// Name of the document.
pub const FILE: &str = "identical.svg";

/// Distance of two arms at one place, in CSS pixels.
const STEP: f64 = 16.0;

/// Draws it; none where no two rankscales of the study build one network.
#[must_use]
pub fn figure(selection: &Selection<'_>) -> Option<Figure> {
    let checks = &selection.study.summary.identical;
    let mut places: Vec<[u32; 2]> = checks.iter().map(|check| check.rankscales).collect();
    places.dedup();
    let arms: Vec<Arm> =
        Arm::ALL.into_iter().filter(|arm| checks.iter().any(|check| check.decay == *arm)).collect();
    if places.is_empty() {
        return None;
    }
    let names: Vec<String> = places.iter().map(|[first, second]| format!("{second} minus {first}")).collect();
    let described: Vec<_> = checks
        .iter()
        .map(|check| {
            let [first, second] = check.rankscales;
            format!("{second} minus {first}, {}: {}", check.decay, numbers::points(check.difference))
        })
        .collect();
    let title = "A/A check: the same network under two rankscales";
    let alt = format!("{title}, difference in test accuracy in points: {}.", described.join("; "));
    let picture = Picture {
        width: style::WIDTH,
        height: style::HEIGHT,
        title: title.to_owned(),
        description: alt.clone(),
    };
    let ends = |check: &Identical| arms::ends(check.difference, check.interval);
    let svg = picture.draw(|area| {
        let heights = checks.iter().flat_map(ends).chain([0.0]);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let y = Axis::linear(heights, 0.4, 6);
        let axes = ((Axis::named(&names), "Rankscales"), (y, "Difference (percentage points)"));
        let frame = Frame::draw(area, frame::WITH_LEGEND, axes.0, axes.1)?;
        frame.level(0.0, (style::REFERENCE, 1.0, 1.5))?;
        for check in checks {
            let look = style::arm(check.decay);
            let place = places.iter().position(|place| *place == check.rankscales);
            let arm = arms.iter().position(|arm| *arm == check.decay);
            let (Some(place), Some(arm)) = (place, arm) else { continue };
            let (x, shift) = (place as f64, (arm as f64 - (arms.len() - 1) as f64 / 2.0) * STEP);
            let [low, high] = ends(check);
            frame.line([(x, low), (x, high)], shift, (look.color, 1.0, style::THIN_LINE))?;
            let (left, top) = frame.at(x, check.difference * 100.0);
            marker::draw_on_rim(frame.area(), (left + length(shift), top), style::MARKER, look)?;
        }
        let entries = arms.iter().map(|arm| (arm.name().to_owned(), style::arm(*arm))).collect();
        Legend { title: "Weight Decay", entries, notes: Vec::new() }.draw(&frame)
    });
    let caption = "The two rankscales of a place build one network, so what their runs differ by is not the network; markers are \
                   means over seeds, lines 95 % intervals. With one seed and deterministic arithmetic the runs are equal."
        .to_owned();
    Some(Figure { file: FILE, heading: "A/A check", alt, caption, svg })
}
