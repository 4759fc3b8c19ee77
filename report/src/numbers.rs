//! Numbers as a reader sees them: fractions become per cent here and nowhere earlier.

/// A fraction in per cent: `0.91234` is `91.23`.
#[must_use]
pub fn percent(fraction: f64) -> String {
    fixed(fraction * 100.0, 2)
}

/// A difference of fractions in percentage points, always signed: `-0.0068` is `−0.68`.
#[must_use]
pub fn points(difference: f64) -> String {
    let text = fixed(difference * 100.0, 2);
    if text.starts_with('−') || text == "0.00" { text } else { format!("+{text}") }
}

/// A count with its thousands apart: `50,000`.
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

/// A p value, never written as zero.
#[must_use]
pub fn probability(p: f64) -> String {
    if p < 0.001 { "< 0.001".to_owned() } else { fixed(p, 3) }
}

/// The same in a formula: `p = 0.012` or `p < 0.001`.
#[must_use]
pub fn p_equals(p: f64) -> String {
    if p < 0.001 { "p < 0.001".to_owned() } else { format!("p = {}", fixed(p, 3)) }
}

/// Fixed decimals with a true minus sign, and no minus zero.
#[must_use]
pub fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| c == '0' || c == '.') => rest.to_owned(),
        Some(rest) => format!("−{rest}"),
        None => text,
    }
}

/// The shortest scientific or plain form: `5e-4`, `0.2`, `0`.
#[must_use]
pub fn short(value: f64) -> String {
    if value != 0.0 && !(0.01..100_000.0).contains(&value.abs()) {
        format!("{value:e}")
    } else {
        value.to_string()
    }
}

/// A number and its noun: `1 run`, `3 runs`.
#[must_use]
pub fn many(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

/// `2`, `2 and 8`, `2, 8 and 31`.
#[must_use]
pub fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [init @ .., last] => format!("{} and {last}", init.join(", ")),
    }
}

/// `rankscale 8`, `rankscales 2, 8 and 31`, `30 rankscales from 2 to 31`. Takes them in ascending order.
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
    fn lists_read_as_sentences() {
        assert_eq!(rankscales(&[8]), "rankscale 8");
        assert_eq!(rankscales(&[2, 8, 31]), "rankscales 2, 8 and 31");
        assert_eq!(rankscales(&(2..32).collect::<Vec<_>>()), "30 rankscales from 2 to 31");
        assert_eq!(many(1, "run"), "1 run");
        assert_eq!(many(0, "run"), "0 runs");
    }
}
