//! The look of an arm wherever it is drawn: a colour and a marker.
//!
//! The colours are Okabe and Ito's, which are distinguishable with the common forms of colour blindness; each
//! arm also has its own marker, so that it can be recognised without colour.
//!
//! *Invariant:* no two arms of a study look alike, and an arm of the house looks the same in every study.

use network::Arm;

/// Red, green and blue, each 0 to 255.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour(pub u8, pub u8, pub u8);

/// The shape of a marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A filled circle.
    Circle,
    /// A filled triangle, point up.
    Triangle,
    /// A filled diamond.
    Diamond,
    /// A filled square.
    Square,
    /// A filled triangle, point down.
    Inverted,
    /// A filled, upright cross.
    Cross,
    /// An outlined circle.
    Ring,
    /// An outlined triangle, point up.
    HollowTriangle,
}

/// The colour and the marker of an arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// The colour of line and marker.
    pub colour: Colour,
    /// The shape of the marker.
    pub shape: Shape,
}

/// The colour of the first arm.
pub const BLUE: Colour = Colour(0, 114, 178);
/// The colour of the second arm.
pub const VERMILLION: Colour = Colour(213, 94, 0);
/// The palette's orange, darkened for contrast with white.
pub const ORANGE: Colour = Colour(194, 130, 0);
/// The palette's green.
pub const GREEN: Colour = Colour(0, 158, 115);
/// The palette's black, lightened; on a dark background it is drawn in the colour of text.
pub const BLACK: Colour = Colour(60, 60, 60);
/// The palette's sky blue, darkened for contrast with white.
pub const SKY: Colour = Colour(60, 152, 212);
/// A colour outside the palette, whose eighth hue is too light for a white background.
pub const BROWN: Colour = Colour(128, 88, 50);
/// The palette's purple.
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

/// The looks available to other arms, as indices into that list: never those of the two arms of the question,
/// which the notebook's curves share.
const FREE: [usize; 6] = [3, 2, 7, 5, 6, 4];

/// Returns the look of an arm of the house, which is the same everywhere.
#[must_use]
pub fn house(arm: Arm) -> Option<Look> {
    Arm::HOUSE.iter().position(|of| *of == arm).map(|at| HOUSE[at])
}

/// Returns the look of an arm in a study, which is the same everywhere: an arm that is not of the house takes
/// the next look that no arm of the study has. `own` are those arms in order of appearance, and `present`
/// says which arms of the house exist.
#[must_use]
pub fn arm(arm: Arm, own: &[Arm], present: impl Fn(Arm) -> bool) -> Look {
    house(arm).unwrap_or_else(|| other(own.iter().position(|of| *of == arm).unwrap_or(0), present))
}

/// Returns the look of the `index`-th series that is not an arm of the house, where `present` says which of
/// these are drawn beside it. After more than thirty they repeat.
#[must_use]
pub fn other(index: usize, present: impl Fn(Arm) -> bool) -> Look {
    let free = FREE.into_iter().filter(|&at| !present(Arm::HOUSE[at])).map(|at| HOUSE[at]);
    // When these are used up, each colour is combined with the marker of another.
    let mixed = (1..FREE.len()).flat_map(|shift| {
        (0..FREE.len()).map(move |at| {
            let [colour, shape] = [at, (at + shift) % FREE.len()].map(|at| HOUSE[FREE[at]]);
            Look { colour: colour.colour, shape: shape.shape }
        })
    });
    let looks: Vec<Look> = free.chain(mixed).collect();
    looks[index % looks.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use network::arm::Declaration;

    /// Returns the contrast with white, as the Web Content Accessibility Guidelines 2.1 define it.
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
