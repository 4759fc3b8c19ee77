//! Formats numbers for a reader: the words of all stages, and what only a report says.

pub use artifacts::clock::date;
pub use artifacts::words::{
    at_network, capital, channels, count, fixed, level, listed, many, network, p_equals, percent, points,
    probability, reach, short,
};

/// Formats a difference that is not a fraction, always signed: `-0.0123` is `−0.0123`.
#[must_use]
pub fn signed(difference: f64) -> String {
    let text = fixed(difference, 4);
    if text.starts_with('−') || text == "0.0000" { text } else { format!("+{text}") }
}

/// Names rankscales, given in ascending order: `rankscale 8`, `rankscales 2, 8 and 31`,
/// `30 rankscales from 2 to 31`.
#[must_use]
pub fn rankscales(rankscales: &[u32]) -> String {
    match rankscales {
        [] => "no rankscale".to_owned(),
        [one] => format!("rankscale {one}"),
        [first, .., last] if rankscales.len() > 6 => {
            format!("{} rankscales from {first} to {last}", rankscales.len())
        }
        _ => format!("rankscales {}", listed(&rankscales.iter().map(u32::to_string).collect::<Vec<_>>())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_differences_have_four_decimals_and_a_sign() {
        assert_eq!([-0.0123, 0.004, -0.000_01].map(signed), ["−0.0123", "+0.0040", "0.0000"]);
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        // date -u -d @N '+%-d %B %Y'
        assert_eq!(date(0), "1 January 1970");
        assert_eq!(date(951_782_400), "29 February 2000");
        assert_eq!(date(1_795_610_560), "25 November 2026");
        assert_eq!(date(4_107_542_399), "28 February 2100");
        assert_eq!(date(4_107_542_400), "1 March 2100");
    }

    #[test]
    fn lists_read_as_sentences() {
        assert_eq!(rankscales(&[8]), "rankscale 8");
        assert_eq!(rankscales(&[2, 8, 31]), "rankscales 2, 8 and 31");
        assert_eq!(rankscales(&(2..32).collect::<Vec<_>>()), "30 rankscales from 2 to 31");
    }
}
