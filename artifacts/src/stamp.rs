//! Stamps: a checksum of a file in the file itself, and checksums of other files in a record.
//!
//! A stamped file holds, somewhere in its text or metadata, a mark followed by the SHA-256 of all of its
//! bytes, with its own digits taken as zeros. It is verified before anything is parsed, so that a damaged
//! file never reaches a parser. Files without a mark were written before stamps were introduced; their
//! readers decide where those are accepted.
//!
//! *Invariant:* one flipped bit of a stamped file is detected, wherever it is: in the mark, it makes the file
//! an unstamped one.

use crate::atomic;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

const MARK: &str = "sha256-of-the-rest:";
const DIGITS: usize = 64;

/// Returns the mark and space for the digits, as a file has them until [`fill`] fills them in.
#[must_use]
pub fn blank() -> String {
    format!("{MARK}{}", "0".repeat(DIGITS))
}

/// Fills in the digits after the last mark.
///
/// # Panics
/// If there is no mark: whoever creates the bytes puts one there.
pub fn fill(bytes: &mut [u8]) {
    let digits = digits(bytes).expect("the bytes have a mark");
    bytes[digits..digits + DIGITS].fill(b'0');
    let sum = sha256(bytes);
    bytes[digits..digits + DIGITS].copy_from_slice(sum.as_bytes());
}

/// Returns whether a file is stamped.
///
/// # Errors
/// The digits do not match the rest of the file, in words.
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

/// Returns the SHA-256 of some bytes, in hexadecimal.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Returns the index of the digits after the last complete mark.
fn digits(bytes: &[u8]) -> Option<usize> {
    let mark = MARK.as_bytes();
    let mut marks = bytes.windows(mark.len() + DIGITS);
    marks.rposition(|window| window[0] == mark[0] && window.starts_with(mark)).map(|at| at + mark.len())
}

/// A stamp as a field of a JSON file. It has no value in memory: a file whose stamp does not match was
/// refused.
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

/// The checksums that a record holds of the files beside it, and of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSums {
    /// SHA-256 of each file, in hexadecimal, by its name.
    pub files: BTreeMap<String, String>,
    /// Whether the files existed unsealed before, and were sealed as they were found.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub later: bool,
    stamp: Stamp,
}

impl FileSums {
    /// Creates a seal of these files.
    #[must_use]
    pub fn of(files: BTreeMap<String, String>) -> Self {
        Self { files, later: false, stamp: Stamp }
    }
}

/// Writes a record as JSON, stamped if it has a [`Stamp`], all or nothing.
///
/// # Errors
/// Those of [`atomic::json`] and [`atomic::write()`].
pub fn write_json(path: &Path, record: &impl Serialize, stamped: bool) -> io::Result<()> {
    let mut json = atomic::json(record)?;
    if stamped {
        fill(&mut json);
    }
    atomic::write(path, json)
}

/// Formats a value as JSON, with a stamp after its own fields.
///
/// # Errors
/// The value has no JSON form.
pub fn stamped(value: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut json = atomic::json(&Stamped { value, stamp: Some(Stamp) })?;
    fill(&mut json);
    Ok(json)
}

/// A value without a stamp of its own, in a file that has one. Files written before stamps were introduced
/// have none.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stamped<T> {
    #[serde(flatten)]
    value: T,
    #[serde(default)]
    stamp: Option<Stamp>,
}

/// Writes a value as [`stamped`] formats it, all or nothing.
///
/// # Errors
/// Those of [`stamped`] and [`atomic::write()`].
pub fn write_stamped(path: &Path, value: &impl Serialize) -> io::Result<()> {
    atomic::write(path, stamped(value)?)
}

/// Parses what [`write_stamped`] wrote, or the same without a stamp.
///
/// # Errors
/// The bytes are damaged, or are not such a value, in words.
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
