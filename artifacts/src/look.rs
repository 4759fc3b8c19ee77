//! How an arm looks wherever it is drawn: a colour and a marker.
//!
//! Colours are Okabe and Ito's, which people with the common colour blindnesses tell apart; each arm has a marker of its own as well, so that
//! it is known without colour.
//!
//! *Invariant:* no two arms of a study look alike, and an arm of the house looks the same in every study.

use network::Arm;

/// Red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour(pub u8, pub u8, pub u8);

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

/// Colour and marker of an arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Of line and marker.
    pub colour: Colour,
    /// Of the marker.
    pub shape: Shape,
}

/// The first arm's colour.
pub const BLUE: Colour = Colour(0, 114, 178);
/// The second arm's colour.
pub const VERMILLION: Colour = Colour(213, 94, 0);
/// The palette's orange, darkened until it stands out from white.
pub const ORANGE: Colour = Colour(194, 130, 0);
/// A colour of the palette.
pub const GREEN: Colour = Colour(0, 158, 115);
/// The palette's black, which is text's colour where the ground is dark.
pub const BLACK: Colour = Colour(60, 60, 60);
/// The palette's sky blue, darkened until it stands out from white.
pub const SKY: Colour = Colour(60, 152, 212);
/// Not of that palette, whose eighth hue is too light for a white ground.
pub const BROWN: Colour = Colour(128, 88, 50);
/// A colour of the palette.
pub const PURPLE: Colour = Colour(204, 121, 167);

/// The looks of the arms of the house, in their order. Those of the published code have open markers.
const HOUSE: [Look; 8] = [
    Look { colour: BLUE, shape: Shape::Circle },
    Look { colour: VERMILLION, shape: Shape::Triangle },
    Look { colour: ORANGE, shape: Shape::Diamond },
    Look { colour: GREEN, shape: Shape::Square },
    Look { colour: BLACK, shape: Shape::Inverted },
    Look { colour: BROWN, shape: Shape::Cross },
    Look { colour: SKY, shape: Shape::Ring },
    Look { colour: PURPLE, shape: Shape::HollowTriangle },
];

/// The looks that other arms take, as places in that list: never those of the two arms of the question, which the notebook's curves have as well.
const FREE: [usize; 6] = [3, 2, 7, 5, 6, 4];

/// The look of an arm of the house, the same everywhere.
#[must_use]
pub fn house(arm: Arm) -> Option<Look> {
    Arm::HOUSE.iter().position(|of| *of == arm).map(|at| HOUSE[at])
}

/// The look of an arm in a study, the same everywhere: one that is not of the house takes the next look that none of the study's arms
/// has. `own` are those arms in the order in which they appear, and `present` says which arms of the house there are.
#[must_use]
pub fn arm(arm: Arm, own: &[Arm], present: impl Fn(Arm) -> bool) -> Look {
    house(arm).unwrap_or_else(|| {
        let free = FREE.into_iter().filter(|&at| !present(Arm::HOUSE[at])).map(|at| HOUSE[at]);
        // Beyond these, each colour with the marker of another.
        let mixed = (1..FREE.len()).flat_map(|shift| {
            (0..FREE.len()).map(move |at| {
                let [colour, shape] = [at, (at + shift) % FREE.len()].map(|at| HOUSE[FREE[at]]);
                Look { colour: colour.colour, shape: shape.shape }
            })
        });
        let looks: Vec<Look> = free.chain(mixed).collect();
        looks[own.iter().position(|of| *of == arm).unwrap_or(0) % looks.len()]
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use network::arm::Declaration;

    /// Contrast with white, as the Web Content Accessibility Guidelines 2.1 define it.
    fn contrast(Colour(red, green, blue): Colour) -> f64 {
        let linear = |value: u8| match f64::from(value) / 255.0 {
            value if value <= 0.03928 => value / 12.92,
            value => ((value + 0.055) / 1.055).powf(2.4),
        };
        1.05 / (0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue) + 0.05)
    }

    #[test]
    fn every_colour_stands_out_from_white() {
        for Look { colour, .. } in HOUSE {
            assert!(
                contrast(colour) >= 3.0,
                "{colour:?} has {:.2}, and a mark must have 3",
                contrast(colour)
            );
        }
    }

    #[test]
    fn no_two_arms_look_alike() {
        for (i, a) in HOUSE.iter().enumerate() {
            for b in &HOUSE[i + 1..] {
                assert!(a.colour != b.colour && a.shape != b.shape, "{a:?} and {b:?}");
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
        let looks = |present: &[Arm]| own.map(|of| arm(of, &own, |arm| present.contains(&arm)).colour);
        assert_eq!(looks(&[Arm::ORIGINAL, Arm::APPROPRIATE]), [GREEN, ORANGE]);
        assert_eq!(looks(&[Arm::ORIGINAL, Arm::FROBENIUS]), [ORANGE, PURPLE]);
    }

    fn declared(name: &str) -> Arm {
        Declaration { name: name.into(), ..Arm::APPROPRIATE.into() }.arm().unwrap()
    }
}
