//! The 2018 notebook's figure in numbers, digitised twice, independently, to 0.05 points.

use network::Arm;

/// The digitised file; accuracies in per cent.
const CSV: &str = include_str!("data/notebook_curve.csv");

/// A point of the notebook's figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// The rankscale, its x coordinate.
    pub rankscale: u32,
    /// The curve without `-d`, a fraction.
    pub original: f64,
    /// The curve with `-d`, a fraction.
    pub appropriate: f64,
}

impl Point {
    /// Returns the accuracies of the two curves, in the order of [`arms`].
    #[must_use]
    pub const fn accuracies(&self) -> [f64; 2] {
        [self.original, self.appropriate]
    }
}

/// Returns the arms that the two curves stand for beside these: those that the notebook's code had, where one
/// of them is shown, and otherwise those that it describes.
#[must_use]
pub fn arms(shown: &[Arm]) -> [Arm; 2] {
    let coded = [Arm::PUBLISHED_ORIGINAL, Arm::PUBLISHED_APPROPRIATE];
    let is_shown = coded.iter().any(|arm| shown.contains(arm));
    if is_shown { coded } else { [Arm::ORIGINAL, Arm::APPROPRIATE] }
}

/// Returns the whole figure, sorted by rankscale.
///
/// # Panics
/// Never: the file is part of the program, and a test reads it.
#[must_use]
pub fn curve() -> Vec<Point> {
    CSV.lines()
        .skip(1)
        .map(|line| {
            let mut fields = line.split(',').map(str::trim);
            let mut next = || fields.next().expect("a line has three fields");
            let rankscale = next().parse().expect("a rankscale is a whole number");
            let mut fraction = || next().parse::<f64>().expect("an accuracy is a number") / 100.0;
            Point { rankscale, original: fraction(), appropriate: fraction() }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figure_shows_the_opposite_of_its_sentence() {
        let curve = curve();
        assert!(curve.iter().map(|point| point.rankscale).eq(2..=31));
        assert_eq!(curve.iter().filter(|point| point.appropriate < point.original).count(), 28);
        let mean = curve.iter().map(|point| point.appropriate - point.original).sum::<f64>() / 30.0;
        assert!((mean - -0.0068).abs() < 0.0001, "{mean}");
    }
}
