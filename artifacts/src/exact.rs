//! Floating-point numbers as keys.

use std::cmp::Ordering;

/// A number that came out of a file or a command line and is compared exactly: strengths of decay and
/// learning rates of one experiment are copies of one another, so they are equal to the bit or they are
/// different settings.
///
/// *Invariant:* zero and minus zero are equal, and no number is NaN after a configuration is validated, so
/// this order is that of the numbers.
#[derive(Debug, Clone, Copy)]
pub struct Exact(f64);

impl Exact {
    /// Makes a key of a number.
    #[must_use]
    pub fn of(number: f64) -> Self {
        // -0 + 0 is 0.
        Self(number + 0.0)
    }

    /// Returns the number.
    #[must_use]
    pub const fn value(self) -> f64 {
        self.0
    }
}

impl Ord for Exact {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Exact {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Exact {}

impl std::hash::Hash for Exact {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_as_their_numbers_and_differ_in_the_last_bit() {
        let numbers = [0.0, 1e-300, 5e-4, 5e-4_f64.next_up(), 0.2, 1.0, f64::INFINITY];
        assert!(numbers.map(Exact::of).is_sorted_by(|a, b| a < b));
        assert_eq!(Exact::of(-0.0), Exact::of(0.0));
        assert_eq!(Exact::of(5e-4).value().to_bits(), 5e-4_f64.to_bits());
    }
}
