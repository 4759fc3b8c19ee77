//! Palette, sizes and fonts of every figure, said once.
//!
//! Colours are Okabe and Ito's, which people with the common colour blindnesses tell apart; each arm has a marker
//! of its own as well, so that a figure survives a grey printer. Every figure brings its own white ground, so that it
//! reads the same on a light and on a dark page.
//!
//! *Invariant:* lengths are CSS pixels, as a reader sees them; only [`crate::chart::canvas`] knows the finer
//! grid on which plotters, which has whole units only, draws.

use network::Arm;
use plotters::style::RGBColor;

/// Width of every figure.
pub const WIDTH: u32 = 900;
/// Height of a figure with one panel: the notebook's aspect of 2.
pub const HEIGHT: u32 = 450;

/// Ground of every figure.
pub const GROUND: RGBColor = RGBColor(255, 255, 255);
/// Text.
pub const INK: RGBColor = RGBColor(34, 34, 34);
/// Text that steps back.
pub const QUIET_INK: RGBColor = RGBColor(95, 95, 95);
/// Axis lines and ticks.
pub const AXIS: RGBColor = RGBColor(120, 120, 120);
/// Grid lines.
pub const GRID: RGBColor = RGBColor(228, 228, 228);
/// A reference line, such as zero.
pub const REFERENCE: RGBColor = RGBColor(70, 70, 70);

/// The generic family: no font is shipped or assumed.
pub const FONT: &str = "sans-serif";
/// Axis titles, legends and panel titles.
pub const TEXT: f64 = 14.0;
/// Tick labels and notes.
pub const SMALL_TEXT: f64 = 13.0;

/// Width of the line through means.
pub const LINE: f64 = 2.0;
/// Width of whiskers, of single runs' lines and of curves in the background.
pub const THIN_LINE: f64 = 1.0;
/// Radius of a marker of a mean.
pub const MARKER: f64 = 5.0;
/// Radius of a marker of a run.
pub const DOT: f64 = 3.5;
/// Opacity of a run's marker where the mean is drawn too.
pub const DOT_OPACITY: f64 = 0.45;
/// Opacity of a single run's line behind the mean.
pub const RUN_OPACITY: f64 = 0.35;
/// Opacity of a band.
pub const BAND_OPACITY: f64 = 0.15;
/// How much of a colour is left in the background curve.
pub const MUTED: f64 = 0.38;

/// Outline of a marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Filled.
    Circle,
    /// Filled, point up.
    Triangle,
    /// Filled.
    Diamond,
    /// Filled.
    Square,
    /// Filled, point down.
    Inverted,
    /// Filled, upright.
    Cross,
    /// An outline.
    Ring,
    /// An outline, point up.
    HollowTriangle,
}

/// Colour and marker of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Of line and marker.
    pub color: RGBColor,
    /// Of the marker.
    pub shape: Shape,
}

const BLUE: RGBColor = RGBColor(0, 114, 178);
const VERMILLION: RGBColor = RGBColor(213, 94, 0);
const ORANGE: RGBColor = RGBColor(230, 159, 0);
const GREEN: RGBColor = RGBColor(0, 158, 115);
const BLACK: RGBColor = RGBColor(60, 60, 60);
const SKY: RGBColor = RGBColor(86, 180, 233);
/// Not of that palette, whose eighth hue is too light for a white ground.
const BROWN: RGBColor = RGBColor(128, 88, 50);
const PURPLE: RGBColor = RGBColor(204, 121, 167);

/// The looks of the arms of the house, in their order. Those of the published code have open markers.
const HOUSE: [Look; 8] = [
    Look { color: BLUE, shape: Shape::Circle },
    Look { color: VERMILLION, shape: Shape::Triangle },
    Look { color: ORANGE, shape: Shape::Diamond },
    Look { color: GREEN, shape: Shape::Square },
    Look { color: BLACK, shape: Shape::Inverted },
    Look { color: BROWN, shape: Shape::Cross },
    Look { color: SKY, shape: Shape::Ring },
    Look { color: PURPLE, shape: Shape::HollowTriangle },
];

/// The looks that other arms take, as places in that list: never those of the two arms of the question, which the notebook's curves have as well.
const FREE: [usize; 6] = [3, 2, 7, 5, 6, 4];

/// The look of an arm of the house, the same in every figure.
#[must_use]
pub fn house(arm: Arm) -> Option<Look> {
    Arm::HOUSE.iter().position(|of| *of == arm).map(|at| HOUSE[at])
}

/// The look of an arm in a study, the same in every figure: one that is not of the house takes the next look that none of the study's arms
/// has. `own` are those arms in the order in which they appear, and `present` says which arms of the house there are.
#[must_use]
pub fn arm(arm: Arm, own: &[Arm], present: impl Fn(Arm) -> bool) -> Look {
    house(arm).unwrap_or_else(|| {
        let free = FREE.into_iter().filter(|&at| !present(Arm::HOUSE[at])).map(|at| HOUSE[at]);
        // Beyond these, each colour with the marker of another.
        let mixed = (1..FREE.len()).flat_map(|shift| {
            (0..FREE.len()).map(move |at| {
                let [color, shape] = [at, (at + shift) % FREE.len()].map(|at| HOUSE[FREE[at]]);
                Look { color: color.color, shape: shape.shape }
            })
        });
        let looks: Vec<Look> = free.chain(mixed).collect();
        looks[own.iter().position(|of| *of == arm).unwrap_or(0) % looks.len()]
    })
}

/// The look of the `index`-th device; it repeats after the palette's end.
#[must_use]
pub const fn device(index: usize) -> Look {
    const LOOKS: [(RGBColor, Shape); 6] = [
        (BLUE, Shape::Circle),
        (VERMILLION, Shape::Triangle),
        (GREEN, Shape::Square),
        (PURPLE, Shape::Diamond),
        (BLACK, Shape::Inverted),
        (ORANGE, Shape::Ring),
    ];
    let (color, shape) = LOOKS[index % LOOKS.len()];
    Look { color, shape }
}

/// A colour washed out towards the ground: `share` of it is left.
#[must_use]
pub fn washed(color: RGBColor, share: f64) -> RGBColor {
    let wash = |channel: u8| (f64::from(channel) * share + 255.0 * (1.0 - share)).round() as u8;
    RGBColor(wash(color.0), wash(color.1), wash(color.2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use network::arm::Declaration;

    #[test]
    fn no_two_arms_look_alike() {
        for (i, a) in HOUSE.iter().enumerate() {
            for b in &HOUSE[i + 1..] {
                assert!(a.color != b.color && a.shape != b.shape, "{a:?} and {b:?}");
            }
        }
        let own: Vec<Arm> = (0..20).map(|at| declared(&format!("own-{at}"))).collect();
        for present in [&[Arm::ORIGINAL][..], &Arm::HOUSE] {
            let arms: Vec<Arm> = present.iter().chain(&own).copied().collect();
            let looks: Vec<Look> =
                arms.iter().map(|of| arm(*of, &own, |arm| present.contains(&arm))).collect();
            for (i, look) in looks.iter().enumerate() {
                assert!(!looks[i + 1..].contains(look), "{look:?}");
            }
        }
    }

    #[test]
    fn an_arm_of_ones_own_takes_the_next_look_that_is_free() {
        let own = [declared("first"), declared("second")];
        let looks = |present: &[Arm]| own.map(|of| arm(of, &own, |arm| present.contains(&arm)).color);
        assert_eq!(looks(&[Arm::ORIGINAL, Arm::APPROPRIATE]), [GREEN, ORANGE]);
        assert_eq!(looks(&[Arm::ORIGINAL, Arm::FROBENIUS]), [ORANGE, PURPLE]);
    }

    fn declared(name: &str) -> Arm {
        Declaration { name: name.into(), ..Arm::APPROPRIATE.into() }.arm().unwrap()
    }
}
