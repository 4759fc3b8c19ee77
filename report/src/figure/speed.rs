//! Training images per second against rankscale, by device.

use super::{Figure, arms};
use crate::chart::{Plot, Series};
use crate::selection::Selection;
use crate::style;
use artifacts::words;
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
    let labels = labels(&devices.keys().collect::<Vec<_>>());
    let series: Vec<_> = devices
        .iter()
        .enumerate()
        .map(|(i, (_, rows))| arms::over_rankscales(Series::empty(&labels[i], style::device(i)), rows))
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
        words::listed(&machines)
    );
    Some(Figure { file: FILE, heading: "Speed", alt, caption, plot, svg })
}

/// Returns a label for each device and number of threads (0 on a GPU), no two of them alike.
fn labels(devices: &[&(String, u32)]) -> Vec<String> {
    let with = |name: &str| devices.iter().filter(|(other, _)| other == name).count();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut label = |(name, threads): &(String, u32)| {
        let threads = (*threads > 0).then(|| words::many(u64::from(*threads), "thread"));
        let label = match threads {
            Some(threads) if with(name) == devices.len() => threads,
            Some(threads) if with(name) > 1 => format!("{}, {threads}", shortened(name)),
            _ => shortened(name),
        };
        let count = seen.entry(label.clone()).or_default();
        *count += 1;
        // Long names may have the same beginning.
        if *count == 1 { label } else { format!("{label} ({count})") }
    };
    devices.iter().map(|device| label(device)).collect()
}

/// Truncates a device's name to fit.
fn shortened(name: &str) -> String {
    let cut: String = name.chars().take(NAME).collect();
    if cut.len() < name.len() { format!("{}…", cut.trim_end()) } else { cut }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_devices_have_one_label() {
        let of = |devices: &[(&str, u32)]| {
            let devices: Vec<_> =
                devices.iter().map(|(name, threads)| ((*name).to_owned(), *threads)).collect();
            labels(&devices.iter().collect::<Vec<_>>())
        };
        assert_eq!(of(&[("A", 1), ("A", 2)]), ["1 thread", "2 threads"]);
        assert_eq!(of(&[("A", 1), ("A", 2), ("B", 0)]), ["A, 1 thread", "A, 2 threads", "B"]);
        let long = ["Intel(R) Xeon(R) CPU E5-2690", "Intel(R) Xeon(R) CPU E5-2697"];
        assert_eq!(of(&[(long[0], 4), (long[1], 4)]), ["Intel(R) Xeon(R) CPU…", "Intel(R) Xeon(R) CPU… (2)"]);
    }
}
