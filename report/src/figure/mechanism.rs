//! What decay does to the layers: a quantity of `expand . contract` against rankscale, small multiples by layer.

use super::Figure;
use crate::chart::canvas::{Area, Drawing, bold, font, length, write};
use crate::chart::frame::Margins;
use crate::chart::{Axis, Frame, Legend, Picture, Series, series};
use crate::figure::arms;
use crate::selection::Selection;
use crate::style;
use artifacts::study::StudyLayerRow;
use network::Arm;
use plotters::style::text_anchor::HPos;
use std::collections::{BTreeMap, BTreeSet};

/// Panels in a row; the seven layers leave the eighth place to the legend.
const COLUMNS: usize = 4;
/// Height of a row, in CSS pixels.
const ROW: u32 = 230;
/// Height kept for the title of the vertical axes.
const HEAD: u32 = 26;

const MARGINS: Margins = Margins { left: 44.0, right: 10.0, top: 30.0, bottom: 54.0 };

/// A quantity of a layer, and how to speak of it.
#[derive(Debug)]
pub struct Quantity {
    /// Name of the document.
    pub file: &'static str,
    /// Heading of the figure.
    pub heading: &'static str,
    /// Title of the axes.
    pub axis: &'static str,
    /// What the caption says of it.
    pub remark: &'static str,
    /// Of a layer.
    pub of: fn(&StudyLayerRow) -> Option<f64>,
}

/// The norm of the product.
pub const NORM: Quantity = Quantity {
    file: "norms.svg",
    heading: "Norm of the layers",
    axis: "Frobenius norm of expand · contract",
    remark: "The product of a layer's two factors is the 1x1 convolution they stand for; its norm is what decay \
             shrinks, directly or by way of the factors.",
    of: |row| row.product_norm,
};

/// How many directions the product uses.
pub const STABLE_RANK: Quantity = Quantity {
    file: "stable-rank.svg",
    heading: "Stable rank of the layers",
    axis: "Stable rank of expand · contract",
    remark: "The squared Frobenius norm over the squared largest singular value: how many directions of the \
             bottleneck a layer uses, at most its rank.",
    of: |row| row.stable_rank,
};

/// Draws it; none where no finished run measured its layers.
#[must_use]
pub fn figure(selection: &Selection<'_>, quantity: &Quantity) -> Option<Figure> {
    let mut layers: Vec<&str> = Vec::new();
    let mut rows: BTreeMap<(&str, Arm), Vec<(u32, f64)>> = BTreeMap::new();
    for row in selection.layers() {
        let value = (quantity.of)(row).filter(|value| value.is_finite());
        if let (Some(value), Ok(arm), true) = (value, row.decay.parse(), row.rankscale > 0) {
            if !layers.contains(&row.layer.as_str()) {
                layers.push(&row.layer);
            }
            rows.entry((&row.layer, arm)).or_default().push((row.rankscale, value));
        }
    }
    let arms: BTreeSet<Arm> = rows.keys().map(|(_, arm)| *arm).collect();
    if layers.is_empty() {
        return None;
    }
    let panels: Vec<(&str, Vec<Series>)> = layers
        .iter()
        .map(|layer| {
            let series = arms.iter().filter_map(|arm| {
                let rows = rows.get(&(layer, *arm))?;
                Some(arms::over_rankscales(arm.name().to_owned(), style::arm(*arm), rows))
            });
            (*layer, series.collect())
        })
        .collect();
    let described: Vec<_> = panels
        .iter()
        .map(|(layer, series)| {
            let series: Vec<_> =
                series.iter().map(|series| arms::described(series, arms::at_rankscale, "")).collect();
            format!("{layer}: {}", series.join(", "))
        })
        .collect();
    let alt = format!("{} against rankscale, one panel a layer. {}.", quantity.axis, described.join("; "));
    let picture = Picture {
        width: style::WIDTH,
        height: HEAD + panels.len().div_ceil(COLUMNS) as u32 * ROW,
        title: quantity.heading.to_owned(),
        description: alt.clone(),
    };
    let svg = picture.draw(|area| draw(area, selection, &panels, &arms, quantity.axis));
    let caption = format!(
        "After the last epoch, one panel a layer, each with an axis of its own; lines join the means over seeds. {}",
        quantity.remark
    );
    Some(Figure { file: quantity.file, heading: quantity.heading, alt, caption, svg })
}

fn draw(
    area: &Area<'_>,
    selection: &Selection<'_>,
    panels: &[(&str, Vec<Series>)],
    arms: &BTreeSet<Arm>,
    title: &str,
) -> Drawing {
    let width = f64::from(style::WIDTH) / COLUMNS as f64;
    let place = |i: usize| {
        let top = f64::from(HEAD) + (i / COLUMNS) as f64 * f64::from(ROW);
        ((i % COLUMNS) as f64 * width, top)
    };
    write(area, title, (8.0, f64::from(HEAD) / 2.0 + 2.0), HPos::Left, &font(style::TEXT, style::INK))?;
    for (i, (layer, series)) in panels.iter().enumerate() {
        let (left, top) = place(i);
        let part = area.clone().shrink((length(left), length(top)), (length(width), length(f64::from(ROW))));
        let y = Axis::linear(series.iter().flat_map(Series::heights).chain([0.0]), 0.5, 4);
        let lowest = i + COLUMNS >= panels.len();
        let x = Axis::whole(&selection.rankscales(), 4.0, 0.12);
        let frame = Frame::draw(&part, MARGINS, (x, if lowest { "Rankscale" } else { "" }), (y, ""))?;
        let (left, top, right, _) = frame.edges();
        let middle = (f64::midpoint(left, right), top - 12.0);
        write(&part, layer, middle, HPos::Center, &bold(style::SMALL_TEXT, style::INK))?;
        series::draw(&frame, series)?;
    }
    let entries = arms.iter().map(|arm| (arm.name().to_owned(), style::arm(*arm))).collect();
    // In the place after the last panel; a full grid has room for it nowhere else than on top of a margin.
    let (left, top) = place(panels.len());
    Legend { title: "Weight Decay", entries, notes: vec![] }
        .draw_at(area, (left + 24.0, top + MARGINS.top + 8.0))
}
