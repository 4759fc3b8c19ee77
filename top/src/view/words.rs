//! Numbers and texts, formatted for people: the words of all stages, and what only a terminal needs.

pub use artifacts::words::{count, level, many, p_equals as p, percent, points, reach, short};

use std::time::Duration;

/// The placeholder for an unknown value.
pub const NOTHING: &str = "–";

/// Formats a number that is not negative, rounded, with commas: `12,345`.
#[must_use]
pub fn thousands(number: f64) -> String {
    count(number.round() as u64)
}

/// Formats a duration in its two largest units: `2 h 10 min`, `12 min`, `45 s`.
#[must_use]
pub fn spoken(time: Duration) -> String {
    let seconds = time.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..600 => format!("{minutes} min {:02} s", seconds % 60),
        600..3600 => format!("{minutes} min"),
        3600..86_400 => format!("{hours} h {:02} min", minutes % 60),
        86_400..8_640_000 => format!("{days} d {} h", hours % 24),
        _ => format!("{} years", days / 365),
    }
}

/// Formats bytes in GiB: `3.1`.
#[must_use]
pub fn gibibytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / f64::from(1 << 30))
}

/// Truncates a text to `width` characters, with an ellipsis if it was longer.
#[must_use]
pub fn fit(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(width.saturating_sub(1)).collect();
    if width > 0 {
        short.push('…');
    }
    short
}

/// Wraps a text into lines of at most `width` characters, broken between words if possible.
#[must_use]
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let (mut lines, mut line) = (Vec::new(), String::new());
    for word in text.split(' ') {
        let mut word: Vec<char> = word.chars().collect();
        let used = line.chars().count();
        if used > 0 && used + 1 + word.len() > width {
            lines.push(std::mem::take(&mut line));
        }
        while word.len() > width {
            let rest = word.split_off(width);
            lines.push(word.into_iter().collect());
            word = rest;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word);
    }
    lines.push(line);
    lines
}

/// Formats a bar of `width` characters, of which the fraction `share` is filled.
#[must_use]
pub fn bar(share: f64, width: usize) -> String {
    let filled = ((share.clamp(0.0, 1.0) * width as f64) as usize).min(width);
    format!("{}{}", "█".repeat(filled), "░".repeat(width - filled))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_said_as_in_the_report() {
        assert_eq!([0.0, 999.4, 1600.0, 163_000.0].map(thousands), ["0", "999", "1,600", "163,000"]);
        assert_eq!([-0.00968, 0.004, -0.000_01].map(points), ["−0.97", "+0.40", "0.00"]);
        assert_eq!([0.000_3, 0.04].map(p), ["p < 0.001", "p = 0.040"]);
        let said = [5, 90, 720, 7800, 200_000].map(|seconds| spoken(Duration::from_secs(seconds)));
        assert_eq!(said, ["5 s", "1 min 30 s", "12 min", "2 h 10 min", "2 d 7 h"]);
        assert_eq!(spoken(Duration::MAX), "584942417355 years");
    }

    #[test]
    fn texts_fit_where_they_are_put() {
        assert_eq!(
            (fit("short", 5), fit("longer", 5), fit("x", 0)),
            ("short".into(), "long…".into(), String::new())
        );
        assert_eq!(wrap("two words and averylongone", 9), ["two words", "and", "averylong", "one"]);
        assert_eq!(wrap("", 5), [""]);
        assert_eq!((bar(0.5, 4), bar(f64::NAN, 2), bar(2.0, 1)), ("██░░".into(), "░░".into(), "█".into()));
    }
}
