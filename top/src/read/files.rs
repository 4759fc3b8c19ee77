//! Detection of changed files, and sanitising of their text for a terminal.

use fs_err as fs;
use std::path::Path;
use std::time::SystemTime;

/// Modification time and length of a file; `None` if it does not exist.
pub(super) type Mark = Option<(SystemTime, u64)>;

/// Returns the mark of a file.
pub(super) fn mark(path: &Path) -> Mark {
    let found = fs::metadata(path).ok()?;
    Some((found.modified().ok()?, found.len()))
}

/// Returns a text in one line and without control characters, which a file must not send to a terminal.
pub(super) fn plain(text: &str) -> String {
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || c.is_control()).collect();
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_file_steers_the_terminal() {
        assert_eq!(plain("a\tb\n\x1b[2Jc\u{9b}d"), "a b [2Jc d");
    }
}
