//! Training images per second against rankscale, by device.

use super::{Figure, arms};
use crate::chart::{Plot, Series};
use crate::numbers;
use crate::selection::Selection;
use crate::style;
use std::collections::{BTreeMap, BTreeSet};

/// Name of the document.
pub const FILE: &str = "speed.svg";

/// The number of characters of a device's name that fit beside the panel.
const NAME: usize = 20;

/// Draws the figure; `None` if no finished run recorded its speed.
#[must_use]
pub fn figure(selection: &Selection<'_>) -> Option<Figure> {
    let mut devices: BTreeMap<(String, u32), Vec<arms::Row<'_>>> = BTreeMap::new();
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
            arms::over_rankscales(Series::empty(&label, style::device(i)), rows)
        })
        .collect();
    if series.is_empty() {
        return None;
    }
    let described: Vec<_> =
        series.iter().map(|series| arms::described(series, arms::at_rankscale, "")).collect();
    let alt = format!("Training images a second against rankscale, by device: {}.", described.join("; "));
    let title = "Training images a second against rankscale";
    let plot = Plot { zero: true, ..Plot::single("Rankscale", "Training images a second", series) };
    let axis = arms::rankscale_axis(selection);
    let svg = plot.picture((title, &alt), axis, 1.0, Some(("Device", Vec::new())), |_| Ok(()));
    let machines: Vec<_> = names.into_iter().cloned().collect();
    let caption = format!(
        "Median over the epochs of each run, augmentation included, on {}. The arms do nearly the same work at a rankscale; \
         what differs within a device is what else the machine did.",
        numbers::listed(&machines)
    );
    Some(Figure { file: FILE, heading: "Speed", alt, caption, plot, svg })
}

/// Truncates a device's name to fit.
fn shortened(name: &str) -> String {
    let cut: String = name.chars().take(NAME).collect();
    if cut.len() < name.len() { format!("{}…", cut.trim_end()) } else { cut }
}
