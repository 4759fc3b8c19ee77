//! What a figure shows, as numbers. The still picture and the chart that a reader can look into show the same.

use crate::chart::series::Series;
use network::Arm;

/// How the horizontal axis runs.
#[derive(Debug, Clone, PartialEq)]
pub enum Scale {
    /// Numbers.
    Linear,
    /// The logarithms of numbers.
    Logarithmic,
    /// Names at 0, 1, 2, and so on.
    Named(Vec<String>),
}

/// A range of heights across the whole plot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// Whose.
    pub arm: Arm,
    /// Lower and upper end.
    pub ends: [f64; 2],
}

/// Series on their axes, in one panel or several.
#[derive(Debug, Clone, PartialEq)]
pub struct Plot {
    /// Title of the horizontal axis.
    pub x: String,
    /// How it runs.
    pub scale: Scale,
    /// Title of the vertical axis.
    pub y: String,
    /// What tells panels apart, such as `Layer`.
    pub by: &'static str,
    /// Panels with their names.
    pub panels: Vec<(String, Vec<Series>)>,
    /// Whether a line at zero is drawn.
    pub zero: bool,
    /// A band, where there is one.
    pub band: Option<Band>,
    /// Upright lines: where, and what is there.
    pub marks: Vec<(f64, &'static str)>,
}

impl Plot {
    /// One panel on a linear axis, and nothing else.
    #[must_use]
    pub fn single(x: impl Into<String>, y: impl Into<String>, series: Vec<Series>) -> Self {
        Self::panels("", x, y, vec![(String::new(), series)])
    }

    /// Several panels on linear axes.
    #[must_use]
    pub fn panels(
        by: &'static str,
        x: impl Into<String>,
        y: impl Into<String>,
        panels: Vec<(String, Vec<Series>)>,
    ) -> Self {
        let (x, y) = (x.into(), y.into());
        Self { x, y, by, panels, scale: Scale::Linear, zero: false, band: None, marks: Vec::new() }
    }
}
