//! Formats numbers for a reader: fractions become per cent here and nowhere earlier.

use artifacts::study::Interval;

/// Formats a fraction in per cent: `0.91234` is `91.23`.
#[must_use]
pub fn percent(fraction: f64) -> String {
    fixed(fraction * 100.0, 2)
}

/// Formats a difference of fractions in percentage points, always signed: `-0.0068` is `−0.68`.
#[must_use]
pub fn points(difference: f64) -> String {
    let text = fixed(difference * 100.0, 2);
    if text.starts_with('−') || text == "0.00" { text } else { format!("+{text}") }
}

/// Formats a difference that is not a fraction, always signed: `-0.0123` is `−0.0123`.
#[must_use]
pub fn signed(difference: f64) -> String {
    let text = fixed(difference, 4);
    if text.starts_with('−') || text == "0.0000" { text } else { format!("+{text}") }
}

/// Formats a count with separated thousands: `50,000`.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Formats a p value, never as zero.
#[must_use]
pub fn probability(p: f64) -> String {
    if p < 0.001 { "< 0.001".to_owned() } else { fixed(p, 3) }
}

/// Formats a p value in a formula: `p = 0.012` or `p < 0.001`.
#[must_use]
pub fn p_equals(p: f64) -> String {
    if p < 0.001 { "p < 0.001".to_owned() } else { format!("p = {}", fixed(p, 3)) }
}

/// Formats fixed decimals with a true minus sign, and without a negative zero.
#[must_use]
pub fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| c == '0' || c == '.') => rest.to_owned(),
        Some(rest) => format!("−{rest}"),
        None => text,
    }
}

/// Formats the shortest scientific or plain form: `5e-4`, `0.2`, `0`.
#[must_use]
pub fn short(value: f64) -> String {
    if value != 0.0 && !(0.01..100_000.0).contains(&value.abs()) {
        format!("{value:e}")
    } else {
        value.to_string()
    }
}

/// Formats the nominal coverage of an interval in per cent, without rounding noise: `97.79`.
#[must_use]
pub fn level(interval: Interval) -> String {
    short((interval.level * 1e6).round() / 1e4)
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

/// Formats a number with its noun: `1 run`, `3 runs`.
#[must_use]
pub fn many(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

/// Formats a list: `2`, `2 and 8`, `2, 8 and 31`.
#[must_use]
pub fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [init @ .., last] => format!("{} and {last}", init.join(", ")),
    }
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
    fn signs_and_thousands() {
        assert_eq!(points(-0.0068), "−0.68");
        assert_eq!(points(0.003), "+0.30");
        assert_eq!(points(-0.000_000_1), "0.00");
        assert_eq!(count(6_573_120), "6,573,120");
        assert_eq!(count(842), "842");
        assert_eq!(probability(0.0002), "< 0.001");
        assert_eq!(short(5e-4), "5e-4");
        assert_eq!(short(0.2), "0.2");
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
        assert_eq!(many(1, "run"), "1 run");
        assert_eq!(many(0, "run"), "0 runs");
    }
}
