//! Formats numbers for a reader: the words of all stages, and what only a report says.

pub use artifacts::words::{
    at_network, capital, count, fixed, level, listed, many, network, p_equals, percent, points, probability,
    reach, short,
};

/// Formats a difference that is not a fraction, always signed: `-0.0123` is `−0.0123`.
#[must_use]
pub fn signed(difference: f64) -> String {
    let text = fixed(difference, 4);
    if text.starts_with('−') || text == "0.0000" { text } else { format!("+{text}") }
}

/// Formats the date of a Unix time in seconds (UTC): `25 November 2026`. The calendar is that of Hinnant,
/// "chrono-compatible low-level date algorithms" (`civil_from_days`).
#[must_use]
pub fn date(unix_seconds: u64) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    // Years begin in March, so that a leap day is the last day of its year; an era is 400 years.
    let days = unix_seconds / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let year = 400 * era + year_of_era + u64::from(month >= 10);
    format!("{day} {} {year}", MONTHS[((month + 2) % 12) as usize])
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
