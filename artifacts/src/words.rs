//! Numbers, counts and names as people read them, so that one value reads the same on a terminal, in a report
//! and on a dashboard.
//!
//! *Invariant:* inputs are fractions; per cent and percentage points are made here.

use crate::study::Interval;

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

/// Formats a fraction in per cent, without the sign: `0.91234` is `91.23`.
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

/// Formats a margin, a fraction, in percentage points without rounding noise: `0.001` is `0.1`.
#[must_use]
pub fn margin(fraction: f64) -> String {
    ((fraction * 1e8).round() / 1e6).to_string()
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

/// Formats the ends of an interval of differences of fractions, in percentage points: `−0.68 to +0.10`.
#[must_use]
pub fn reach(interval: Interval) -> String {
    format!("{} to {}", points(interval.low), points(interval.high))
}

/// Formats the nominal coverage of an interval in per cent, without rounding noise: `97.79`.
#[must_use]
pub fn level(interval: Interval) -> String {
    short((interval.level * 1e6).round() / 1e4)
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

/// Formats a count with separated thousands: `50,000`.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Formats a count with its noun: `1 run`, `3 runs`.
#[must_use]
pub fn many(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

/// Formats a count with its noun and the verb: `1 run is`, `2 runs are`.
#[must_use]
pub fn are(number: u64, noun: &str) -> String {
    format!("{} {}", many(number, noun), if number == 1 { "is" } else { "are" })
}

/// Returns a text with its first letter in upper case.
#[must_use]
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
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

/// Formats the channels of a network's four stages: `64-128-256-512`.
#[must_use]
pub fn channels(channels: [usize; 4]) -> String {
    channels.map(|channels| channels.to_string()).join("-")
}

/// Names a network in a column of rankscales: its rankscale, or `dense`.
#[must_use]
pub fn network(rankscale: u32) -> String {
    if rankscale == 0 { "dense".to_owned() } else { rankscale.to_string() }
}

/// Names a network in a sentence: `rankscale 8`, or `dense`.
#[must_use]
pub fn at_network(rankscale: u32) -> String {
    if rankscale == 0 { network(rankscale) } else { format!("rankscale {rankscale}") }
}

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
    fn numbers_have_true_signs_and_no_rounding_noise() {
        assert_eq!([-0.0068, 0.003, -0.000_000_1].map(points), ["−0.68", "+0.30", "0.00"]);
        assert_eq!((percent(0.912_34), fixed(-1.26, 1)), ("91.23".to_owned(), "−1.3".to_owned()));
        assert_eq!([0.001, 0.001_25, 0.007].map(margin), ["0.1", "0.125", "0.7"]);
        assert_eq!([5e-4, 1.5e-4, 0.2, 0.0].map(short), ["5e-4", "1.5e-4", "0.2", "0"]);
        let of = |level| Interval { low: -0.0068, high: 0.001, level };
        assert_eq!(reach(of(0.95)), "−0.68 to +0.10");
        assert_eq!(
            [1.0 - 0.0221, 1.0 - 2.0 * 0.0221, 0.95].map(|at| level(of(at))),
            ["97.79", "95.58", "95"]
        );
        assert_eq!([0.000_2, 0.0123].map(probability), ["< 0.001", "0.012"]);
        assert_eq!([0.000_2, 0.0123].map(p_equals), ["p < 0.001", "p = 0.012"]);
    }

    #[test]
    fn counts_lists_and_networks_read_as_in_a_sentence() {
        assert_eq!([842, 50_000, 6_573_120].map(count), ["842", "50,000", "6,573,120"]);
        assert_eq!([0, 1, 3].map(|runs| many(runs, "run")), ["0 runs", "1 run", "3 runs"]);
        let list = |items: &[&str]| listed(&items.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!((list(&["2"]), list(&["2", "8", "31"])), ("2".to_owned(), "2, 8 and 31".to_owned()));
        assert_eq!((capital("held-out"), capital("")), ("Held-out".to_owned(), String::new()));
        assert_eq!((network(0), network(8)), ("dense".to_owned(), "8".to_owned()));
        assert_eq!((at_network(0), at_network(8)), ("dense".to_owned(), "rankscale 8".to_owned()));
    }

    #[test]
    fn small_differences_have_four_decimals_and_a_sign() {
        assert_eq!([-0.0123, 0.004, -0.000_01].map(signed), ["−0.0123", "+0.0040", "0.0000"]);
    }

    #[test]
    fn rankscales_read_as_sentences() {
        assert_eq!(rankscales(&[8]), "rankscale 8");
        assert_eq!(rankscales(&[2, 8, 31]), "rankscales 2, 8 and 31");
        assert_eq!(rankscales(&(2..32).collect::<Vec<_>>()), "30 rankscales from 2 to 31");
    }
}
