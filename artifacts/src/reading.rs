//! Reading of files that may be damaged: with a size limit, and with panics of the parser contained.
//!
//! *Invariant:* whatever a parser does with a damaged file ends as an error of that file.

pub mod claims;
mod walk;

use fs_err as fs;
use std::cell::Cell;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::path::Path;
use std::sync::Once;

/// The largest size of a file of a run or an analysis, also when unpacked; a file that claims more is
/// damaged.
pub const MOST_BYTES: u64 = 1 << 30;

thread_local! {
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
}

/// Returns whether something is at a path. Unlike [`Path::exists`], what cannot be found out is an error: a
/// run that a file system cannot show now must not pass for one that never began.
///
/// # Errors
/// Those of the file system, with the path.
pub fn is_there(path: &Path) -> io::Result<bool> {
    match std::fs::exists(path) {
        // A file where a folder would be: below it is nothing.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(false),
        Err(error) => {
            Err(io::Error::new(error.kind(), format!("{}: cannot be looked up: {error}", path.display())))
        }
        found => found,
    }
}

/// Reads all bytes of a file.
///
/// # Errors
/// Those of the file system, or the file has more than [`MOST_BYTES`].
pub fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let found = fs::metadata(path)?.len();
    if found > MOST_BYTES {
        let message = format!("{}: has {found} bytes, but must have at most {MOST_BYTES}", path.display());
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    fs::read(path)
}

/// Reads a text file in UTF-8 or, as some shells write it, in UTF-16 with a byte-order mark.
///
/// # Errors
/// Those of [`bytes()`], or the file is neither.
pub fn text(path: &Path) -> io::Result<String> {
    let bytes = bytes(path)?;
    let wide = match bytes.as_slice() {
        [0xff, 0xfe, text @ ..] => wide(text, u16::from_le_bytes),
        [0xfe, 0xff, text @ ..] => wide(text, u16::from_be_bytes),
        _ => None,
    };
    wide.map_or_else(|| String::from_utf8(bytes), Ok).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let message = format!("{}: is not text: byte {at} is not UTF-8", path.display());
        io::Error::new(io::ErrorKind::InvalidData, message)
    })
}

fn wide(text: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let (pairs, rest) = text.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    String::from_utf16(&units).ok().filter(|_| rest.is_empty())
}

/// Returns the result of a parser, or the message of its panic; the panic itself is not printed.
///
/// # Errors
/// The panic's message.
pub fn contained<T>(read: impl FnOnce() -> T) -> Result<T, String> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let show = take_hook();
        set_hook(Box::new(move |panic| {
            if !CONTAINED.get() {
                show(panic);
            }
        }));
    });
    let before = CONTAINED.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(read));
    CONTAINED.set(before);
    outcome.map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason");
        format!("its reader gave up: {text}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_with_its_words() {
        assert_eq!(contained(|| 3), Ok(3));
        let number = 7;
        let said = contained(|| assert!(number < 3, "page {number}"));
        assert_eq!(said, Err("its reader gave up: page 7".to_owned()));
        let inner = contained(|| contained(|| panic!("deep")).is_err());
        assert_eq!(inner, Ok(true));
    }

    #[test]
    fn text_is_read_in_either_width_and_anything_else_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("text.json");
        let wide = |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            "\u{feff}ä😀".encode_utf16().flat_map(bytes).collect()
        };
        for bytes in ["ä😀".into(), wide(u16::to_le_bytes), wide(u16::to_be_bytes)] {
            fs::write(&path, bytes).unwrap();
            assert_eq!(text(&path).unwrap(), "ä😀");
        }
        for bytes in [&b"\xff\xfea"[..], b"\xff\xfe\x00\xd8", b"\xff\xfe\x00\x00a\x00\x00"] {
            fs::write(&path, bytes).unwrap();
            let message = text(&path).unwrap_err().to_string();
            assert!(message.contains("text.json: is not text: byte 0"), "{message}");
        }
    }

    #[test]
    fn a_file_beyond_the_limit_is_named_and_not_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("large");
        let file = fs::OpenOptions::new().create(true).truncate(true).write(true).open(&path).unwrap();
        // A sparse file takes no disk space.
        file.set_len(MOST_BYTES + 1).unwrap();
        let error = bytes(&path).unwrap_err();
        let message = error.to_string();
        assert!(message.contains("large") && message.contains("at most"), "{message}");
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "it is damaged, and not only hard to read now");
    }

    #[test]
    fn what_cannot_be_looked_up_is_an_error_and_no_absence() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        assert!(!is_there(&path).unwrap());
        fs::write(&path, "").unwrap();
        assert!(is_there(&path).unwrap());
        assert!(!is_there(&path.join("run.json")).unwrap());
        let link = directory.path().join("link");
        std::os::unix::fs::symlink(&link, &link).unwrap();
        let message = is_there(&link.join("run.json")).unwrap_err().to_string();
        assert!(message.contains("run.json: cannot be looked up"), "{message}");
    }
}
