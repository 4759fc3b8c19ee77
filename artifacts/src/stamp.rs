//! A file's word on its own bytes, and a record's word on other files.
//!
//! A stamped file holds, somewhere in its text or metadata, a mark and behind it the SHA-256 of all of its bytes, the digits themselves
//! taken for zeros. Whoever reads it compares before anything is parsed, so that a damaged file never reaches a parser. Files without
//! a mark were written before there were stamps; where they may be is for their readers to say.
//!
//! *Invariant:* one flipped bit of a stamped file is noticed, wherever it lies: in the mark, the file is no longer a stamped one.

use crate::atomic;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

const MARK: &str = "sha256-of-the-rest:";
const DIGITS: usize = 64;

/// The mark and room for the digits: what a file holds until [`fill`] fills them in.
#[must_use]
pub fn blank() -> String {
    format!("{MARK}{}", "0".repeat(DIGITS))
}

/// Fills in the digits behind the last mark.
///
/// # Panics
/// If there is no mark: whoever makes the bytes puts one there.
pub fn fill(bytes: &mut [u8]) {
    let digits = digits(bytes).expect("the bytes have a mark");
    bytes[digits..digits + DIGITS].fill(b'0');
    let sum = sha256(bytes);
    bytes[digits..digits + DIGITS].copy_from_slice(sum.as_bytes());
}

/// Whether a file is stamped.
///
/// # Errors
/// The digits are not those of the rest, in words.
pub fn check(bytes: &[u8]) -> Result<bool, String> {
    let Some(at) = digits(bytes) else { return Ok(false) };
    let (before, rest) = bytes.split_at(at);
    let (found, after) = rest.split_at(DIGITS);
    let mut sum = Sha256::new();
    sum.update(before);
    sum.update([b'0'; DIGITS]);
    sum.update(after);
    if hex::encode(sum.finalize()).as_bytes() == found {
        return Ok(true);
    }
    Err("damaged: its bytes are not those it was written with, by the SHA-256 in it".to_owned())
}

/// The SHA-256 of some bytes, in hexadecimal.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Where the digits behind the last whole mark begin.
fn digits(bytes: &[u8]) -> Option<usize> {
    let mark = MARK.as_bytes();
    let mut marks = bytes.windows(mark.len() + DIGITS);
    marks.rposition(|window| window[0] == mark[0] && window.starts_with(mark)).map(|at| at + mark.len())
}

/// A stamp as a field of a JSON file. It has no value in memory: it holds, or the file was refused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stamp;

impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&blank())
    }
}

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let is_stamp = text.len() == MARK.len() + DIGITS && text.starts_with(MARK);
        is_stamp.then_some(Self).ok_or_else(|| D::Error::custom("the stamp is not one"))
    }
}

/// What a record says of the files beside it, and of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSums {
    /// SHA-256 of each file, in hexadecimal, by its name.
    pub files: BTreeMap<String, String>,
    /// Whether the files had been there unsealed, and were sealed as they were found.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub later: bool,
    stamp: Stamp,
}

impl FileSums {
    /// A seal of these files.
    #[must_use]
    pub fn of(files: BTreeMap<String, String>) -> Self {
        Self { files, later: false, stamp: Stamp }
    }
}

/// Writes a record as JSON, stamped where it has a [`Stamp`], all or nothing.
///
/// # Errors
/// As [`atomic::write_json`].
pub fn write_json(path: &Path, record: &impl Serialize, stamped: bool) -> io::Result<()> {
    let mut json = atomic::json(record)?;
    if stamped {
        fill(&mut json);
    }
    atomic::write(path, json)
}

/// A value that knows nothing of stamps, as a file that has one. Files written before there were stamps have none.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stamped<T> {
    #[serde(flatten)]
    value: T,
    #[serde(default)]
    stamp: Option<Stamp>,
}

/// Writes a value as JSON with a stamp behind its own fields, all or nothing.
///
/// # Errors
/// As [`atomic::write_json`].
pub fn write_stamped(path: &Path, value: &impl Serialize) -> io::Result<()> {
    write_json(path, &Stamped { value, stamp: Some(Stamp) }, true)
}

/// What [`write_stamped`] wrote, or the same without a stamp.
///
/// # Errors
/// Bytes that are not those that were written, or no such value, in words.
pub fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T, String> {
    check(json)?;
    let Stamped { value, .. } = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Record {
        value: f64,
        stamp: Stamp,
    }

    #[test]
    fn every_flipped_bit_of_a_record_is_noticed() {
        let mut json = atomic::json(&Record { value: 0.1, stamp: Stamp }).unwrap();
        fill(&mut json);
        assert_eq!(check(&json), Ok(true));
        for bit in 0..8 * json.len() {
            let mut flipped = json.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let noticed = check(&flipped).is_err() || serde_json::from_slice::<Record>(&flipped).is_err();
            assert!(noticed, "bit {bit}: {}", String::from_utf8_lossy(&flipped));
        }
    }

    #[test]
    fn a_file_without_a_mark_is_told_from_a_damaged_one() {
        assert_eq!(check(b"sha256-of-the"), Ok(false));
        assert_eq!(check(b""), Ok(false));
        let mut text = format!("before {} after", blank()).into_bytes();
        assert!(check(&text).is_err(), "zeros are not its sum");
        fill(&mut text);
        assert_eq!(check(&text), Ok(true));
        assert!(check(&text[1..]).is_err() && check(&text[..text.len() - 3]).is_err());
    }
}
