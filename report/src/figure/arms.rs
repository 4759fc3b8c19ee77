//! Series by arm, as most figures draw them.

use crate::chart::{Mean, Series};
use crate::numbers;
use crate::selection::Selection;
use crate::style;
use artifacts::study::{CellRow, Interval, RunRow};
use network::Arm;
use std::collections::BTreeMap;

/// Test accuracy in per cent, by arm: runs as dots, cells as means. Dense networks are left to the caller.
pub fn accuracy(
    selection: &Selection<'_>,
    run_x: impl Fn(&RunRow) -> f64,
    cell_x: impl Fn(&CellRow) -> f64,
) -> Vec<Series> {
    let (runs, cells) = (selection.runs(), selection.cells());
    let series = |arm: Arm| Series {
        name: arm.name().to_owned(),
        look: style::arm(arm),
        dots: runs
            .iter()
            .filter(|run| run.decay == arm.name() && run.rankscale > 0)
            .filter_map(|run| Some((run_x(run), run.test_accuracy? * 100.0)))
            .collect(),
        means: cells
            .iter()
            .filter(|cell| cell.decay == arm.name() && cell.rankscale > 0)
            .map(|cell| Mean {
                x: cell_x(cell),
                y: cell.mean * 100.0,
                runs: cell.runs,
                sd: cell.sd.map(|sd| sd * 100.0),
            })
            .collect(),
    };
    selection.arms().into_iter().map(series).filter(|series| !series.means.is_empty()).collect()
}

/// A series of rows at whole places on the horizontal axis: dots, and their mean at each place.
pub fn over_rankscales(name: String, look: style::Look, rows: &[(u32, f64)]) -> Series {
    let mut places: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for (rankscale, value) in rows {
        places.entry(*rankscale).or_default().push(*value);
    }
    let mean = |(place, values): (u32, Vec<f64>)| Mean {
        x: f64::from(place),
        y: values.iter().sum::<f64>() / values.len() as f64,
        runs: values.len() as u32,
        sd: None,
    };
    Series {
        name,
        look,
        dots: rows.iter().map(|(rankscale, value)| (f64::from(*rankscale), *value)).collect(),
        means: places.into_iter().map(mean).collect(),
    }
}

/// `original from 91.20 % at rankscale 2 to 86.31 % at rankscale 31`, for alternative texts; `place` names a place
/// on the horizontal axis.
pub fn described(series: &Series, place: impl Fn(f64) -> String, unit: &str) -> String {
    let at = |mean: &Mean| format!("{}{unit} at {}", numbers::fixed(mean.y, 2), place(mean.x));
    match series.means.as_slice() {
        [] => format!("{} without a value", series.name),
        [one] => format!("{} {}", series.name, at(one)),
        [first, .., last] => format!("{} from {} to {}", series.name, at(first), at(last)),
    }
}

/// `rankscale 8`.
pub fn at_rankscale(rankscale: f64) -> String {
    format!("rankscale {rankscale}")
}

/// The axis of the rankscales shown.
pub fn rankscale_axis(selection: &Selection<'_>) -> crate::chart::Axis {
    crate::chart::Axis::whole(&selection.rankscales(), 4.0, 0.034)
}

/// Lower and upper end of a difference's interval in percentage points; the difference itself where there is none.
pub fn ends(difference: f64, interval: Option<Interval>) -> [f64; 2] {
    interval.map_or([difference; 2], |interval| [interval.low, interval.high]).map(|end| end * 100.0)
}
