//! A SHA-256 as a value. Those pinned in the source are parsed at compile time, so that a malformed one does
//! not compile.
//!
//! *Invariant:* a [`Sha256Sum`] has 32 bytes; its text is 64 lower-case hexadecimal digits.

use std::fmt;

/// The SHA-256 of some bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sha256Sum(pub [u8; 32]);

impl Sha256Sum {
    /// Parses 64 hexadecimal digits. In a constant, a malformed text is a compile-time error.
    ///
    /// # Panics
    /// If the text is anything else.
    #[must_use]
    pub const fn pinned(text: &str) -> Self {
        match Self::parse(text) {
            Some(sum) => sum,
            None => panic!("a SHA-256 has 64 hexadecimal digits"),
        }
    }

    /// Parses 64 hexadecimal digits; `None` for any other text.
    #[must_use]
    pub const fn parse(text: &str) -> Option<Self> {
        let text = text.as_bytes();
        if text.len() != 64 {
            return None;
        }
        let (mut bytes, mut i) = ([0; 32], 0);
        while i < 64 {
            let digit = match text[i] {
                digit @ b'0'..=b'9' => digit - b'0',
                digit @ b'a'..=b'f' => digit - b'a' + 10,
                _ => return None,
            };
            bytes[i / 2] = bytes[i / 2] << 4 | digit;
            i += 1;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for Sha256Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Sha256Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_64_digits_are_a_sum() {
        let text = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd";
        assert_eq!(Sha256Sum::pinned(text).to_string(), text);
        // A digit too many in the middle, and other malformed texts.
        let long = text.replace("d9ddda", "d9dddda");
        for wrong in [&long, &text[1..], "", &text.replace('c', "g"), &text.to_uppercase()] {
            assert_eq!(Sha256Sum::parse(wrong), None, "{wrong}");
        }
    }
}
