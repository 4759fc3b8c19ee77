//! Colours of a terminal, as many as it supports, and the marks of arms.
//!
//! The palette is the report's. Terminals have light and dark backgrounds, so its black becomes the
//! terminal's text colour.
//!
//! *Invariant:* every arm has its own mark, which does not need colour.

use artifacts::look::{BLACK, Colour, Look, Shape};
use ratatui::style::{Color, Style};

/// The number of colours that a terminal supports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// No colours: `NO_COLOR` is set, or the terminal has none.
    Plain,
    /// The 256 colours of most terminals.
    Indexed,
    /// All colours (24 bits).
    True,
}

impl Ink {
    /// Determines the colours from the environment: `NO_COLOR` (which counts unless it is empty), `TERM` and
    /// `COLORTERM`.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let term = variable("TERM").unwrap_or_default();
        if variable("NO_COLOR").is_some_and(|value| !value.is_empty())
            || matches!(term.as_str(), "dumb" | "vt100" | "vt220")
        {
            return Self::Plain;
        }
        match variable("COLORTERM").as_deref() {
            Some("truecolor" | "24bit") => Self::True,
            _ => Self::Indexed,
        }
    }

    /// Returns a colour of the palette as this terminal supports it.
    #[must_use]
    pub fn colour(self, colour: Colour) -> Style {
        let Colour(red, green, blue) = colour;
        match self {
            _ if colour == BLACK => Style::new(),
            Self::Plain => Style::new(),
            Self::Indexed => Style::new().fg(Color::Indexed(nearest(colour))),
            Self::True => Style::new().fg(Color::Rgb(red, green, blue)),
        }
    }

    /// Returns the colour of an arm.
    #[must_use]
    pub fn arm(self, look: Look) -> Style {
        self.colour(look.colour)
    }
}

/// Returns the nearest colour of the 6x6x6 colour cube.
fn nearest(Colour(red, green, blue): Colour) -> u8 {
    let level = |channel: u8| match channel {
        0..48 => 0,
        48..115 => 1,
        _ => (channel - 35) / 40,
    };
    16 + 36 * level(red) + 6 * level(green) + level(blue)
}

/// Returns the mark of an arm, which resembles its marker in the report.
#[must_use]
pub const fn mark(look: Look) -> char {
    match look.shape {
        Shape::Circle => '●',
        Shape::Triangle => '▲',
        Shape::Diamond => '◆',
        Shape::Square => '■',
        Shape::Inverted => '▼',
        Shape::Cross => '+',
        Shape::Ring => '○',
        Shape::HollowTriangle => '△',
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use artifacts::look::{BLUE, VERMILLION};

    #[test]
    fn a_terminal_has_the_colours_that_it_says() {
        let of = |pairs: &'static [(&str, &str)]| {
            Ink::of(|key| pairs.iter().find(|(name, _)| *name == key).map(|(_, value)| (*value).to_owned()))
        };
        assert_eq!(of(&[("TERM", "xterm-256color"), ("NO_COLOR", "1")]), Ink::Plain);
        assert_eq!(of(&[("TERM", "xterm-256color"), ("NO_COLOR", "")]), Ink::Indexed);
        assert_eq!(of(&[("TERM", "xterm"), ("COLORTERM", "truecolor")]), Ink::True);
        assert_eq!(of(&[("TERM", "vt100")]), Ink::Plain);
    }

    #[test]
    fn the_two_arms_of_the_question_stay_blue_and_vermillion_in_256_colours() {
        // The colours #005faf and #d75f00.
        assert_eq!([BLUE, VERMILLION].map(nearest), [25, 166]);
        assert_eq!(Ink::True.colour(BLACK), Style::new());
    }
}
