//! Training images a second against rankscale, by device.

use super::{Figure, arms};
use crate::chart::{Axis, Frame, Legend, Picture, Plot, Series, frame, series};
use crate::numbers;
use crate::selection::Selection;
use crate::style;
use std::collections::{BTreeMap, BTreeSet};

/// Name of the document.
pub const FILE: &str = "speed.svg";

/// Characters of a device's name that fit beside the panel.
const NAME: usize = 20;

/// Draws it; none where no finished run recorded its speed.
#[must_use]
pub fn figure(selection: &Selection<'_>) -> Option<Figure> {
    let mut devices: BTreeMap<(String, u32), Vec<(u32, f64, &str)>> = BTreeMap::new();
    for run in selection.runs() {
        if let (Some(speed), true) =
            (run.images_per_second.filter(|speed| speed.is_finite()), run.rankscale > 0)
        {
            let device =
                run.device_name.clone().or(run.device.clone()).unwrap_or_else(|| "unknown".to_owned());
            let threads = if run.device.as_deref() == Some("cpu") { run.threads.unwrap_or(0) } else { 0 };
            devices.entry((device, threads)).or_default().push((run.rankscale, speed, &run.run));
        }
    }
    let names: BTreeSet<_> = devices.keys().map(|(name, _)| name).collect();
    let series: Vec<_> = devices
        .iter()
        .enumerate()
        .map(|(i, ((name, threads), rows))| {
            let threads = (*threads > 0).then(|| numbers::many(u64::from(*threads), "thread"));
            let label = threads.filter(|_| names.len() == 1).unwrap_or_else(|| shortened(name));
            arms::over_rankscales(label, style::device(i), rows)
        })
        .collect();
    if series.is_empty() {
        return None;
    }
    let described: Vec<_> =
        series.iter().map(|series| arms::described(series, arms::at_rankscale, "")).collect();
    let alt = format!("Training images a second against rankscale, by device: {}.", described.join("; "));
    let picture = Picture {
        width: style::WIDTH,
        height: style::HEIGHT,
        title: "Training images a second against rankscale".to_owned(),
        description: alt.clone(),
    };
    let svg = picture.draw(|area| {
        let heights = series.iter().flat_map(Series::heights).chain([0.0]);
        let frame = Frame::draw(
            area,
            frame::WITH_LEGEND,
            (arms::rankscale_axis(selection), "Rankscale"),
            (Axis::linear(heights, 1.0, 6), "Training images a second"),
        )?;
        series::draw(&frame, &series)?;
        let entries = series.iter().map(|series| (series.name.clone(), series.look)).collect();
        Legend { title: "Device", entries, notes: vec![] }.draw(&frame)
    });
    let machines: Vec<_> = names.into_iter().cloned().collect();
    let caption = format!(
        "Median over the epochs of each run, augmentation included, on {}. The arms do nearly the same work at a rankscale; \
         what differs within a device is what else the machine did.",
        numbers::listed(&machines)
    );
    let plot = Plot::single("Rankscale", "Training images a second", series);
    Some(Figure { file: FILE, heading: "Speed", alt, caption, plot, svg })
}

/// A device's name, cut to fit.
fn shortened(name: &str) -> String {
    let cut: String = name.chars().take(NAME).collect();
    if cut.len() < name.len() { format!("{}…", cut.trim_end()) } else { cut }
}
