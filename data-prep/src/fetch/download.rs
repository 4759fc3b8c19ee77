//! A download from a server, resumed where an earlier attempt stopped.
//!
//! A partial download is stored beside its final name as `.part`, with the server's validator of its version
//! (`ETag` or date) in `.part.json`; HTTP's `If-Range` then ensures that two versions are never mixed (RFC
//! 9110, 13.1.5).
//!
//! *Invariant:* a file under its final name is complete, and has its hash if that is known beforehand.

use crate::disk::space;
use crate::fetch::failure::Failure;
use crate::fetch::http;
use crate::fetch::pace;
use crate::fetch::progress::{Meter, say};
use crate::fetch::retry::RetryPolicy;
use crate::files::checksum::{check, length};
use crate::files::location::Remote;
use anyhow::{Context, Result, anyhow, bail};
use artifacts::atomic::remove;
use artifacts::{atomic, lock};
use fs_err as fs;
use serde::{Deserialize, Serialize};
use std::fmt::Display;
use std::io::{self, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use ureq::Body;
use ureq::http::{Response, StatusCode};

/// The largest size that is accepted from a server; no version of a data set is larger.
const LARGEST: u64 = 1 << 30;

/// Where downloads are stored, and how they are made.
#[derive(Debug, Clone)]
pub struct Downloads {
    /// The directory of complete and partial files.
    pub directory: PathBuf,
    /// The policy for retries.
    pub retry: RetryPolicy,
    /// Returns the free bytes on the disk of a directory.
    pub available: fn(&Path) -> io::Result<u64>,
    /// Bytes on the same disk that the files made from the download will need.
    pub reserve: u64,
}

/// What is known about the version of a partial file.
#[derive(Serialize, Deserialize)]
struct Version {
    /// The hash of the address, which itself may contain secrets.
    address_sha256: String,
    validator: Option<String>,
}

impl Downloads {
    /// Downloads a file, or finds it already there.
    ///
    /// # Errors
    /// The server does not have the file, something else is at its address, or the disk is full.
    pub fn fetch(&self, remote: &Remote) -> Result<PathBuf> {
        atomic::make_directories(&self.directory)?;
        let path = self.path(remote);
        if path.exists() && remote.sha256.is_some() {
            if check(&path, remote).is_ok() {
                return Ok(path);
            }
            fs::remove_file(&path)?;
        }
        let part = with_suffix(&path, ".part");
        // A part from a server without validators, or one on a damaged disk, is found wrong only at the end.
        for attempt in 1.. {
            let resumed = length(&part) > 0;
            if let Err(error) = self.complete(remote, &part) {
                if length(&part) == 0 {
                    remove(&part)?;
                    remove(&with_suffix(&part, ".json"))?;
                }
                return Err(error);
            }
            match check(&part, remote) {
                Ok(()) => break,
                Err(error) => {
                    fs::remove_file(&part)?;
                    remove(&with_suffix(&part, ".json"))?;
                    if attempt > 1 || !resumed {
                        return Err(error);
                    }
                    say(format_args!("{error:#}; starting from its beginning"));
                }
            }
        }
        // `artifacts::atomic` cannot be used here: a part must outlive the program that began it.
        fs::rename(&part, &path)?;
        remove(&with_suffix(&part, ".json"))?;
        Ok(path)
    }

    /// Removes a file with its parts, and the directory if it is then empty.
    ///
    /// # Errors
    /// Those of the file system, except that a file is already gone.
    pub fn discard(&self, remote: &Remote) -> io::Result<()> {
        let path = self.path(remote);
        for path in [with_suffix(&path, ".part"), with_suffix(&path, ".part.json"), path] {
            remove(&path)?;
        }
        // A directory with other files stays.
        drop(fs::remove_dir(&self.directory));
        Ok(())
    }

    /// The name contains a hash of the address, because two servers may have different files with the same
    /// name.
    fn path(&self, remote: &Remote) -> PathBuf {
        let name = remote.url.file_name();
        let safe: String =
            name.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).take(100).collect();
        let address = remote.url.fingerprint();
        self.directory.join(format!("{}-{safe}", &address[..8]))
    }

    fn complete(&self, remote: &Remote, part: &Path) -> Result<()> {
        let file = fs::OpenOptions::new().create(true).read(true).append(true).open(part)?;
        lock::whole_file(&file)?;
        self.retry.run(|| self.attempt(remote, part, &file), || length(part))?;
        file.sync_all()?;
        Ok(())
    }

    fn attempt(&self, remote: &Remote, part: &Path, mut file: &fs::File) -> Result<(), Failure> {
        let permanent = |error: io::Error| Failure::Permanent(error.into());
        let note = with_suffix(part, ".json");
        let known: Option<Version> = fs::read(&note).ok().and_then(|text| serde_json::from_slice(&text).ok());
        let validator = known
            .filter(|version| version.address_sha256 == remote.url.fingerprint())
            .and_then(|version| version.validator);
        // Without a validator or a hash, nobody could tell whether the rest belongs to the part.
        if validator.is_none() && remote.sha256.is_none() {
            file.set_len(0).map_err(permanent)?;
        }
        let mut offset = length(part);
        let mut headers = Vec::new();
        if offset > 0 {
            headers.push(("range", format!("bytes={offset}-")));
            headers.extend(validator.map(|validator| ("if-range", validator)));
        }
        let mut response = http::get(&self.retry, &remote.url, &headers)?;
        let total = match response.status() {
            StatusCode::RANGE_NOT_SATISFIABLE | StatusCode::PARTIAL_CONTENT => match range(&response) {
                Some((None, total)) if total == offset => return Ok(()),
                Some((Some(start), total)) if start == offset => Some(total),
                _ => {
                    file.set_len(0).map_err(permanent)?;
                    return Err(Failure::Transient(anyhow!("{}: the server cannot resume", remote.url)));
                }
            },
            _ => {
                if offset > 0 {
                    say(format_args!("{}: cannot be resumed, starting from its beginning", remote.url));
                }
                offset = 0;
                file.set_len(0).map_err(permanent)?;
                response.body().content_length()
            }
        };
        self.judge(remote, &response, offset, total).map_err(Failure::Permanent)?;
        let address_sha256 = remote.url.fingerprint();
        let version = Version { address_sha256, validator: validator_of(&response) };
        let version = serde_json::to_vec(&version).expect("two strings are JSON");
        atomic::write(&note, version).map_err(permanent)?;
        file.seek(SeekFrom::End(0)).map_err(permanent)?;
        let mut meter = Meter::new(remote.url.file_name(), offset, total);
        let (body, limit, pace) = (response.body_mut().as_reader(), LARGEST - offset, self.retry.pace);
        pace::copy(body, file, limit, pace, |bytes| meter.advance(bytes))
            .map_err(|failure| failure.at(&remote.url))?;
        match (length(part), total) {
            (length, Some(total)) if length < total => Err(Failure::Transient(anyhow!(
                "{}: the connection ended after {length} of {total} bytes",
                remote.url
            ))),
            _ => Ok(()),
        }
    }

    /// Refuses a response that is known to be wrong before its first byte.
    fn judge(
        &self,
        remote: &Remote,
        response: &Response<Body>,
        offset: u64,
        total: Option<u64>,
    ) -> Result<()> {
        let url = &remote.url;
        if let (Some(expected), Some(found)) = (remote.bytes, total)
            && expected != found
        {
            let kind = header(response, "content-type").unwrap_or("unknown type");
            bail!("{url}: has {found} bytes ({kind}), expected {expected}: it is not the file that is known");
        }
        let total = total.unwrap_or(offset);
        if total > LARGEST {
            bail!("{url}: has {total} bytes: no version of a data set has more than {LARGEST}");
        }
        let available = (self.available)(&self.directory).with_context(|| {
            format!("{}: cannot tell how much room the disk has", self.directory.display())
        })?;
        space::require(&self.directory, total.saturating_sub(offset) + self.reserve, available)?;
        Ok(())
    }
}

/// Parses a `Content-Range`: `bytes 100-199/200` is `(Some(100), 200)`, and `bytes */200` is `(None, 200)`.
fn range(response: &Response<Body>) -> Option<(Option<u64>, u64)> {
    let (range, total) = header(response, "content-range")?.strip_prefix("bytes ")?.split_once('/')?;
    let start = range.split_once('-').map(|(start, _)| start.parse()).transpose().ok()?;
    Some((start, total.parse().ok()?))
}

/// Returns a validator for `If-Range`: a strong `ETag`, or a date.
fn validator_of(response: &Response<Body>) -> Option<String> {
    let tag = header(response, "etag").filter(|tag| !tag.starts_with("W/"));
    tag.or_else(|| header(response, "last-modified")).map(str::to_owned)
}

fn header<'a>(response: &'a Response<Body>, name: &str) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

fn with_suffix(path: &Path, suffix: impl Display) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix.to_string());
    name.into()
}
