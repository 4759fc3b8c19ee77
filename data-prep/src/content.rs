//! What a file is, told by its first bytes: names and addresses promise too much.

/// How many of a file's first bytes [`Content::of`] wants to see.
pub const HEAD_BYTES: usize = 512;

/// A kind of file that images can be taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Compressed with gzip; presumably the authors' archive.
    Gzip,
    /// The authors' archive as some browsers leave it: already unpacked by one step.
    Tar,
    /// Parquet: the mirror's, or our own.
    Parquet,
}

/// A kind of file that no image can be taken from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoData {
    /// What a server sends in place of a file.
    #[error(
        "is a web page, not an archive or a parquet file: open it in a browser to see what the server says"
    )]
    WebPage,
    /// What `git clone` leaves in place of a large file.
    #[error("is a Git LFS pointer, not the file itself: fetch it with `git lfs pull`")]
    LfsPointer,
    /// Could run any code when read.
    #[error(
        "is a Python pickle, which can run code when it is read: take the binary version, cifar-10-binary.tar.gz"
    )]
    Pickle,
    /// An interrupted copy, most likely.
    #[error("is empty")]
    Empty,
    /// Anything else.
    #[error("is neither a gzip archive nor a parquet file: it begins with {0}")]
    Unknown(String),
}

impl Content {
    /// Judges a file by its first bytes.
    ///
    /// # Errors
    /// Anything that cannot hold CIFAR-10.
    pub fn of(head: &[u8]) -> Result<Self, NoData> {
        let text = String::from_utf8_lossy(head).to_lowercase();
        let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        match head {
            [] => Err(NoData::Empty),
            [0x1f, 0x8b, ..] => Ok(Self::Gzip),
            [b'P', b'A', b'R', b'1', ..] => Ok(Self::Parquet),
            // The magic of every tar since 1988 stands after name, mode, owner, size, time and link.
            _ if head.get(257..262) == Some(b"ustar") => Ok(Self::Tar),
            [0x80, 2..=5, ..] => Err(NoData::Pickle),
            _ if text.starts_with("version https://git-lfs") => Err(NoData::LfsPointer),
            _ if ["<!doctype html", "<html", "<head", "<?xml", "<!--"]
                .iter()
                .any(|tag| text.starts_with(tag)) =>
            {
                Err(NoData::WebPage)
            }
            _ => Err(NoData::Unknown(head[..head.len().min(16)].escape_ascii().to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_apart() {
        assert_eq!(Content::of(b"\x1f\x8b\x08rest"), Ok(Content::Gzip));
        assert_eq!(Content::of(b"PAR1rest"), Ok(Content::Parquet));
        let mut header = tar::Header::new_ustar();
        header.set_cksum();
        assert_eq!(Content::of(header.as_bytes()), Ok(Content::Tar));
    }

    #[test]
    fn what_is_no_data_is_called_by_its_name() {
        let message = |head: &[u8]| Content::of(head).unwrap_err().to_string();
        assert!(message(b"\xef\xbb\xbf\n <!DOCTYPE html><title>404</title>").contains("web page"));
        assert!(message(b"<html>").contains("web page"));
        assert!(message(b"version https://git-lfs.github.com/spec/v1\noid").contains("git lfs pull"));
        assert!(message(b"\x80\x02}q\x01").contains("cifar-10-binary.tar.gz"));
        assert!(message(b"").contains("empty"));
        assert!(message(b"PK\x03\x04").contains(r"PK\x03\x04"));
    }
}
