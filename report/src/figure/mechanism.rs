//! The effect of decay on the layers: a quantity of `expand . contract` against rankscale or epoch, small
//! multiples by layer.

use super::Figure;
use crate::chart::frame::Margins;
use crate::chart::{
    Area, Axis, Drawing, Frame, Legend, Mean, Multiples, Picture, Plot, Series, multiples, series,
};
use crate::figure::arms;
use crate::selection::Selection;
use crate::style;
use artifacts::study::{StudyLayerRow, TrajectoryRow};
use artifacts::words;
use network::Arm;
use std::collections::{BTreeMap, BTreeSet};

/// Panels per row; seven layers leave the eighth position to the legend.
const COLUMNS: usize = 4;
/// Height of a row, in CSS pixels.
const ROW: u32 = 230;

const MARGINS: Margins = Margins { left: 44.0, right: 10.0, top: 30.0, bottom: 54.0 };

/// A quantity of a layer, and its names.
#[derive(Debug)]
pub struct Quantity {
    /// File and heading of the figure after the last epoch, against rankscale.
    pub at_end: Name,
    /// File and heading of the figure from epoch to epoch.
    pub over_epochs: Name,
    /// Title of the axes.
    pub axis: &'static str,
    /// A remark for the caption.
    pub remark: &'static str,
    /// Computes the quantity from the final state of a layer.
    pub of: fn(&StudyLayerRow) -> Option<f64>,
    /// Computes the quantity from the state of a layer after an epoch.
    pub at: fn(&TrajectoryRow) -> f64,
}

/// The file and the heading of a figure.
#[derive(Debug)]
pub struct Name {
    /// Name of the document.
    pub file: &'static str,
    /// Heading of the figure.
    pub heading: &'static str,
}

/// The Frobenius norm of the product.
pub const NORM: Quantity = Quantity {
    at_end: Name { file: "norms.svg", heading: "Norm of the layers" },
    over_epochs: Name { file: "norms-epochs.svg", heading: "Norm of the layers in training" },
    axis: "Frobenius norm of expand · contract",
    remark: "The product of a layer's two factors is the 1x1 convolution they stand for; its norm is what decay \
             shrinks, directly or by way of the factors.",
    of: |row| row.product_norm,
    at: |row| row.product_norm,
};

/// The stable rank of the product: how many directions it uses.
pub const STABLE_RANK: Quantity = Quantity {
    at_end: Name { file: "stable-rank.svg", heading: "Stable rank of the layers" },
    over_epochs: Name { file: "stable-rank-epochs.svg", heading: "Stable rank of the layers in training" },
    axis: "Stable rank of expand · contract",
    remark: "The squared Frobenius norm over the squared largest singular value: how many directions of the \
             bottleneck a layer uses, at most its rank.",
    of: |row| row.stable_rank,
    at: |row| row.stable_rank,
};

/// The panels by layer, in the network's order.
type Panels = Vec<(String, Vec<Series>)>;

/// Draws the quantity after the last epoch against rankscale; `None` if no finished run measured its layers.
#[must_use]
pub fn figure(selection: &Selection<'_>, quantity: &Quantity) -> Option<Figure> {
    let mut rows: Grouped<arms::Row<'_>> = Grouped::default();
    for row in selection.layers() {
        let value = (quantity.of)(row).filter(|value| value.is_finite());
        if let (Some(value), Some(arm), true) = (value, selection.arm(&row.decay), row.rankscale > 0) {
            rows.add(&row.layer, arm, (row.rankscale, value, &row.run));
        }
    }
    let mut panels = rows.panels(|arm, rows| arms::over_rankscales(arms::empty(selection, arm), &rows))?;
    let x = Axis::whole(&selection.rankscales(), 4.0, 0.12);
    let mut more = false;
    for series in panels.iter_mut().flat_map(|(_, series)| series) {
        more |= series.leave_dots(arms::RUNS);
    }
    let remark = format!(
        "After the last epoch; lines join the means over seeds. {}{}",
        quantity.remark,
        if more { arms::first_runs() } else { String::new() }
    );
    let axes = (("Rankscale", x), quantity.axis);
    Some(small_multiples(&quantity.at_end, panels, axes, &remark, arms::at_rankscale, |frame, series| {
        series::draw(frame, series)
    }))
}

/// Draws the quantity from epoch to epoch, averaged over the rankscales that all arms have, because means
/// over different rankscales could not be compared. `None` if there is no such rankscale, or if no finished
/// run measured its layers.
#[must_use]
pub fn over_epochs(selection: &Selection<'_>, quantity: &Quantity) -> Option<Figure> {
    let mut rows: Grouped<(u32, f64, u32)> = Grouped::default();
    let trajectories = selection.trajectories();
    let rankscales = common_rankscales(&trajectories);
    for row in trajectories.iter().filter(|row| rankscales.contains(&row.rankscale)) {
        let value = (quantity.at)(row);
        if let (true, Some(arm)) = (value > 0.0 && value.is_finite(), selection.arm(&row.decay)) {
            rows.add(&row.layer, arm, (row.epoch, value.ln(), row.runs));
        }
    }
    let last = trajectories.iter().map(|row| row.epoch).max()?;
    let panels =
        rows.panels(|arm, rows| Series { means: geometric_means(&rows), ..arms::empty(selection, arm) })?;
    let x = Axis::whole(&(0..=last).collect::<Vec<_>>(), 1.0, 0.12);
    let remark = format!(
        "After every epoch, before the first one at 0; geometric means over {} of the means over seeds. {}",
        words::rankscales(&rankscales),
        quantity.remark
    );
    let at_epoch = |epoch: f64| format!("epoch {epoch}");
    let axes = (("Epoch", x), quantity.axis);
    Some(small_multiples(&quantity.over_epochs, panels, axes, &remark, at_epoch, |frame, series| {
        for one in series {
            let curve: Vec<_> = one.means.iter().map(|mean| (mean.x, mean.y)).collect();
            series::draw_curve(frame, &curve, std::slice::from_ref(&curve), one.look)?;
        }
        Ok(())
    }))
}

/// Returns the rankscales that every arm has.
fn common_rankscales(rows: &[&TrajectoryRow]) -> Vec<u32> {
    let mut arms: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
    for row in rows {
        arms.entry(&row.decay).or_default().insert(row.rankscale);
    }
    let common = arms.into_values().reduce(|common, other| common.intersection(&other).copied().collect());
    common.into_iter().flatten().collect()
}

/// Averages the logarithms of (epoch, logarithm, runs) by epoch, which gives geometric means.
fn geometric_means(rows: &[(u32, f64, u32)]) -> Vec<Mean> {
    let mut epochs: BTreeMap<u32, (f64, u32, u32)> = BTreeMap::new();
    for (epoch, logarithm, runs) in rows {
        let (sum, number, all) = epochs.entry(*epoch).or_default();
        (*sum, *number, *all) = (*sum + logarithm, *number + 1, *all + runs);
    }
    let mean = |(epoch, (sum, number, runs)): (u32, (f64, u32, u32))| Mean {
        x: f64::from(epoch),
        y: (sum / f64::from(number)).exp(),
        runs,
        interval: None,
    };
    epochs.into_iter().map(mean).collect()
}

/// Rows by layer, in order of first appearance, and by arm.
struct Grouped<T> {
    layers: Vec<(String, BTreeMap<Arm, Vec<T>>)>,
}

impl<T> Default for Grouped<T> {
    fn default() -> Self {
        Self { layers: Vec::new() }
    }
}

impl<T> Grouped<T> {
    fn add(&mut self, layer: &str, arm: Arm, row: T) {
        let at = self.layers.iter().position(|(name, _)| name == layer).unwrap_or_else(|| {
            self.layers.push((layer.to_owned(), BTreeMap::new()));
            self.layers.len() - 1
        });
        self.layers[at].1.entry(arm).or_default().push(row);
    }

    /// Makes a panel for each layer; `None` without a row.
    fn panels(self, series: impl Fn(Arm, Vec<T>) -> Series) -> Option<Panels> {
        let panel = |(layer, arms): (String, BTreeMap<Arm, Vec<T>>)| {
            (layer, arms.into_iter().map(|(arm, rows)| series(arm, rows)).collect())
        };
        let panels: Panels = self.layers.into_iter().map(panel).collect();
        (!panels.is_empty()).then_some(panels)
    }
}

fn small_multiples(
    name: &Name,
    panels: Panels,
    ((x, axis), y): ((&str, Axis), &str),
    remark: &str,
    place: impl Fn(f64) -> String,
    paint: impl Fn(&Frame<'_, '_>, &[Series]) -> Drawing,
) -> Figure {
    let described: Vec<_> = panels
        .iter()
        .map(|(layer, series)| {
            let series: Vec<_> = series.iter().map(|series| arms::described(series, &place, "")).collect();
            format!("{layer}: {}", series.join(", "))
        })
        .collect();
    let alt = format!("{y} against {}, one panel a layer. {}.", x.to_lowercase(), described.join("; "));
    let picture = Picture {
        width: style::WIDTH,
        height: multiples(panels.len()).height(),
        title: name.heading.to_owned(),
        description: alt.clone(),
    };
    let plot = Plot::panels("Layer", x, y, panels);
    let svg = picture.draw(|area| draw(area, &plot, &axis, paint));
    let caption = format!("One panel a layer, each with an axis of its own. {remark}");
    Figure { file: name.file, heading: name.heading, alt, caption, plot, svg }
}

fn multiples(panels: usize) -> Multiples {
    let width = f64::from(style::WIDTH) / COLUMNS as f64;
    Multiples { panels, columns: COLUMNS, width, row: ROW, margins: MARGINS }
}

fn draw(
    area: &Area<'_>,
    plot: &Plot,
    x: &Axis,
    paint: impl Fn(&Frame<'_, '_>, &[Series]) -> Drawing,
) -> Drawing {
    let multiples = multiples(plot.panels.len());
    let framed = plot.panels.iter().map(|(layer, series)| multiples::Panel {
        name: layer.clone(),
        x: x.clone(),
        y: Axis::linear(series.iter().flat_map(Series::heights).chain([0.0]), 0.5, 4),
    });
    multiples.draw(area, (&plot.x, &plot.y), framed, |frame, at| paint(frame, &plot.panels[at].1))?;
    // The position after the last panel; in a full grid there is no space but above a margin.
    let (left, top) = multiples.place(plot.panels.len());
    Legend { title: arms::LEGEND, entries: plot.legend(), notes: vec![] }.draw_at(
        area,
        (left + 24.0, top + MARGINS.top + 8.0),
        top + f64::from(ROW),
    )
}
