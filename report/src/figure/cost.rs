//! Accuracy against the cost of a network, on a logarithmic axis; the dense network is a labelled point.

use super::{Figure, arms};
use crate::chart::canvas::{UNIT, font, length, write};
use crate::chart::{Axis, Dot, Mean, Plot, Scale, Series};
use crate::selection::Selection;
use crate::style;
use artifacts::Configuration;
use artifacts::study::RunRow;
use artifacts::words;
use plotters::style::text_anchor::HPos;

/// A measure of cost, and its names.
#[derive(Debug)]
pub struct Cost {
    /// Name of the document.
    pub file: &'static str,
    /// Heading of the figure.
    pub heading: &'static str,
    /// Title of the axis.
    pub axis: &'static str,
    /// The noun for what it counts, in a sentence.
    pub noun: &'static str,
    /// Computes it from the parameters and multiply-accumulates of a network.
    pub of: fn(u64, u64) -> u64,
    /// Computes it for the network of depthwise-separable convolutions.
    pub separable: fn(&Configuration) -> u64,
    /// A remark for the caption.
    pub remark: &'static str,
}

/// The number of trainable parameters.
pub const PARAMETERS: Cost = Cost {
    file: "parameters.svg",
    heading: "Accuracy against parameters",
    axis: "Parameters",
    noun: "parameters",
    of: |parameters, _| parameters,
    separable: |one| one.counts().separable_parameters,
    remark: "Parameters count every trainable number, batch norm and classifier included.",
};

/// The multiply-accumulates of a forward pass.
pub const MACS: Cost = Cost {
    file: "macs.svg",
    heading: "Accuracy against multiply-accumulates",
    axis: "Multiply-accumulates per image",
    noun: "multiply-accumulates",
    of: |_, macs| macs,
    separable: |one| network::counts::separable_macs(&one.architecture()),
    remark: "Multiply-accumulates are those of one forward pass of one 32 x 32 image, convolutions and classifier.",
};

/// Draws the figure; `None` if no run has finished.
#[must_use]
pub fn figure(selection: &Selection<'_>, cost: &Cost) -> Option<Figure> {
    let of = |parameters, macs| (cost.of)(parameters, macs) as f64;
    let mut series =
        arms::accuracy(selection, |run| of(run.parameters, run.macs), |cell| of(cell.parameters, cell.macs));
    for one in &mut series {
        // Neighbouring rankscales may build the same network, so the means are sorted by cost.
        one.means.sort_by(|a, b| a.x.total_cmp(&b.x));
    }
    let dense = dense(selection, of);
    if series.is_empty() && dense.is_empty() {
        return None;
    }
    // The depthwise-separable network is not among the runs; it only marks a position on the axis.
    let separable = selection.configuration().map(|one| (cost.separable)(one) as f64);
    let at = |x: f64| format!("{} {}", words::count(x as u64), cost.noun);
    let described: Vec<_> = series.iter().map(|series| arms::described(series, at, " %")).collect();
    let title = format!("{} accuracy against {}", words::capital(selection.judged_by()), cost.noun);
    let mut alt = format!("{title}, logarithmic axis, one line per arm: {}.", described.join("; "));
    if !dense.is_empty() {
        alt += " The dense network is a labelled point at the right.";
    }
    if separable.is_some() {
        alt += " An upright line marks the size of the network of depthwise-separable convolutions.";
    }
    let lowest = dense.iter().flat_map(Series::heights).reduce(f64::min);
    let label = dense.first().and_then(|one| Some((one.means.first()?.x, lowest?)));
    series.extend(dense);
    let plot = Plot {
        scale: Scale::Logarithmic,
        marks: separable.map(|x| (x, "depthwise separable")).into_iter().collect(),
        ..Plot::single(cost.axis, selection.accuracy_axis(), series)
    };
    let places = plot.series().flat_map(|series| &series.means).map(|mean| mean.x).chain(separable);
    let axis = Axis::logarithmic(places);
    let svg = plot.picture((&title, &alt), axis, 1.0, Some((arms::LEGEND, Vec::new())), |frame| {
        if let Some((x, y)) = label {
            let (x, y) = frame.at(x, y);
            let place = (f64::from(x) / UNIT, f64::from(y + length(18.0)) / UNIT);
            write(frame.area(), "dense", place, HPos::Center, &font(style::SMALL_TEXT, style::INK))?;
        }
        Ok(())
    });
    let caption = format!(
        "Dots, lines and whiskers are those of the first figure; the axis is logarithmic. The upright line marks \
         the same network of depthwise-separable convolutions. {}",
        cost.remark
    );
    Some(Figure { file: cost.file, heading: cost.heading, alt, caption, plot, svg })
}

/// Returns the dense network's runs and means, one series per arm.
fn dense(selection: &Selection<'_>, of: impl Fn(u64, u64) -> f64) -> Vec<Series> {
    let cells = selection.cells().into_iter().filter(|cell| cell.rankscale == 0);
    cells
        .filter_map(|cell| {
            let arm = selection.arm(&cell.decay)?;
            let x = of(cell.parameters, cell.macs);
            let runs =
                selection.runs().into_iter().filter(|run| run.rankscale == 0 && run.decay == cell.decay);
            let dot = |run: &RunRow| Some(Dot { x, y: run.test_accuracy? * 100.0, run: run.run.clone() });
            Some(Series {
                dots: runs.filter_map(dot).collect(),
                means: vec![Mean {
                    x,
                    y: cell.mean * 100.0,
                    runs: cell.runs,
                    interval: arms::interval(cell),
                }],
                ..arms::empty(selection, arm)
            })
        })
        .collect()
}
