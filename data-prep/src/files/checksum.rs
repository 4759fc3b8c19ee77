//! Checks of a whole file against what is known about it.

use crate::files::content::{Content, HEAD_BYTES};
use crate::files::location::Remote;
use anyhow::{Context, Result, bail};
use artifacts::Sha256Sum;
use fs_err as fs;
use sha2::{Digest, Sha256};
use std::io::{self, Read};
use std::path::Path;

/// Checks a whole file against what is known about it.
pub(crate) fn check(path: &Path, remote: &Remote) -> Result<()> {
    let url = &remote.url;
    Content::of(&head(path)?).with_context(|| url.to_string())?;
    if let Some(expected) = remote.bytes.filter(|&expected| expected != length(path)) {
        bail!("{url}: has {} bytes, expected {expected}", length(path));
    }
    if let Some(expected) = remote.sha256 {
        let found = sha256(path)?;
        if found != expected {
            bail!("{url}: its SHA-256 is {found}, expected {expected}: it is not the file that is known");
        }
    }
    Ok(())
}

/// Computes the SHA-256 of a file.
///
/// # Errors
/// The file cannot be read.
pub fn sha256(path: &Path) -> io::Result<Sha256Sum> {
    let mut file = fs::File::open(path)?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 18]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(Sha256Sum(hash.finalize().into())),
            count => hash.update(&buffer[..count]),
        }
    }
}

/// Reads the first bytes of a file, enough for [`Content::of`].
///
/// # Errors
/// The file cannot be read.
pub fn head(path: &Path) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    fs::File::open(path)?.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// Returns the size of a file in bytes; 0 if it does not exist.
pub(crate) fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}
