//! Whole numbers on a command line, each with its bounds and one rule that an error can name.

use std::ops::RangeInclusive;
use std::str::FromStr;

/// Returns a value parser for whole numbers within inclusive bounds.
///
/// # Errors
/// The parser's error states the rule, for any text that breaks it.
pub fn whole<N: TryFrom<u64>>(bounds: RangeInclusive<u64>) -> impl Fn(&str) -> Result<N, String> + Clone {
    move |text| {
        let number = u64::from_str(text).ok().filter(|number| bounds.contains(number));
        number
            .and_then(|number| N::try_from(number).ok())
            .ok_or_else(|| format!("must be a whole number between {} and {}", bounds.start(), bounds.end()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_allowed_and_everything_else_is_told_the_rule() {
        let read = whole::<u32>(1..=50_000);
        assert_eq!((read("1"), read("50000")), (Ok(1), Ok(50_000)));
        for text in ["0", "-1", "50001", "nan", "inf", "1e3", "1.5", "", " 1", "99999999999999999999999"] {
            assert_eq!(read(text), Err("must be a whole number between 1 and 50000".to_owned()), "{text}");
        }
    }
}
