//! Prepares the data from a source.

use crate::disk::leftovers;
use crate::disk::space;
use crate::fetch::download::Downloads;
use crate::fetch::http::Unreachable;
use crate::fetch::progress::say;
use crate::fetch::retry::RetryPolicy;
use crate::files::binary::BinaryVersion;
use crate::files::checksum::{head, sha256};
use crate::files::content::Content;
use crate::files::halves::{Files, Halves};
use crate::files::location::Location;
use crate::find::locate::locate;
use crate::find::source::{Candidate, Wanted};
use crate::read::archive;
use crate::read::batches;
use crate::read::codec;
use crate::read::folders;
use crate::read::mirror;
use crate::write::prepared::{self, Outcome};
use anyhow::{Context, Result, anyhow, ensure};
use artifacts::Layout;
use artifacts::dataset::{Dataset, Header, Provenance, RECORD_BYTES, Split, Task};
use artifacts::lock::Lock;
use artifacts::reading::contained;
use fs_err as fs;
use std::io;
use std::path::{Path, PathBuf};

/// The advice if no server can be reached.
const OFFLINE: &str = include_str!("find/offline.txt");

/// The options of a preparation.
#[derive(Debug, Clone)]
pub struct Options {
    /// The data set to prepare.
    pub task: Task,
    /// Whether to prepare the data even if it is already there.
    pub force: bool,
    /// Whether to accept images that are not those of the data set.
    pub accept_any_content: bool,
    /// Whether to keep downloads when all is done.
    pub keep_downloads: bool,
    /// The policy for retries.
    pub retry: RetryPolicy,
    /// Returns the free bytes on the disk of a directory.
    pub available: fn(&Path) -> io::Result<u64>,
}

/// Prepares the data from the first source that has it.
///
/// # Errors
/// No source has the data set, with the reason of each; or the disk is full, which no other source could
/// help.
pub fn prepare(layout: &Layout, candidates: &[Candidate], options: &Options) -> Result<Outcome> {
    if !options.force {
        match present(layout, options) {
            Ok(Some(headers)) => {
                leftovers::tidy(layout, options.task);
                return Ok(Outcome::Present(headers));
            }
            Ok(None) => (),
            Err(error) => say(format_args!("what is there cannot be used, preparing it again: {error:#}")),
        }
    }
    let directories = [layout.downloads(options.task), layout.data(options.task)];
    let missing = directories.map(|directory| leftovers::missing(&directory)).concat();
    let outcome = from_the_first(layout, candidates, options);
    if outcome.is_err() {
        // An unusable source leaves no traces, except for what was downloaded.
        for directory in missing {
            drop(fs::remove_dir(directory));
        }
    }
    outcome
}

fn from_the_first(layout: &Layout, candidates: &[Candidate], options: &Options) -> Result<Outcome> {
    let task = options.task;
    let held = Lock::take(&layout.data_lock(task))?;
    for directory in [layout.data(task), layout.downloads(task)] {
        leftovers::sweep(&held, &directory, false)?;
    }
    let downloads = Downloads {
        directory: layout.downloads(task),
        retry: options.retry,
        available: options.available,
        reserve: prepared::most_bytes(task),
    };
    let (mut reasons, mut tried, mut offline) = (Vec::new(), Vec::new(), true);
    for (i, candidate) in candidates.iter().enumerate() {
        say(format_args!("source: {}", candidate.name));
        let files = match &candidate.files {
            Wanted::Known(files) => Ok(files.clone()),
            Wanted::Sought(place) => locate(place, task, &options.retry),
        };
        tried.extend(files.as_ref().ok().cloned());
        let error = match files.and_then(|files| gather(&files, &downloads, options)) {
            Ok(datasets) => {
                datasets.write(layout, options.available)?;
                if !options.keep_downloads {
                    discard(&tried, &downloads)?;
                    // Downloads begun from other sources are no longer needed.
                    leftovers::sweep(&held, &downloads.directory, true)?;
                    // Neither is the directory of all downloads, if this was the last one in it.
                    for directory in downloads.directory.ancestors().take(2) {
                        drop(fs::remove_dir(directory));
                    }
                }
                let found = prepared::find(layout, task)?.context("the files just written are gone")?;
                return Ok(Outcome::Prepared(found));
            }
            Err(error) if space::is_full(&error) => return Err(error),
            Err(error) => error,
        };
        offline &= matches!(candidate.files, Wanted::Known(_)) && error.is::<Unreachable>();
        if candidates.len() == 1 {
            return Err(if offline { anyhow!("{error:#}\n{}", OFFLINE.trim_end()) } else { error });
        }
        if let Some(next) = candidates.get(i + 1) {
            say(format_args!("{}: {error:#}; trying {}", candidate.name, next.name));
        }
        reasons.push(format!("\n  {}: {error:#}", candidate.name));
    }
    let advice = if offline { format!("\n{}", OFFLINE.trim_end()) } else { String::new() };
    Err(anyhow!("no source has {task}:{}{advice}", reasons.concat()))
}

fn present(layout: &Layout, options: &Options) -> Result<Option<Halves<Header>>> {
    let found = prepared::find(layout, options.task)?;
    if let Some(headers) = found.as_ref().filter(|_| !options.accept_any_content) {
        headers.judge()?;
    }
    Ok(found)
}

/// Removes what was downloaded, complete or partial, and nothing else: the user's own file may lie there.
fn discard(tried: &[Files<Location>], downloads: &Downloads) -> io::Result<()> {
    for files in tried {
        for place in files.all() {
            if let Location::Url(remote) = place {
                downloads.discard(remote)?;
            }
        }
    }
    Ok(())
}

/// Downloads, reads and checks one source.
fn gather(files: &Files<Location>, downloads: &Downloads, options: &Options) -> Result<Halves<Dataset>> {
    let read = |place: &Location| -> Result<(PathBuf, Provenance)> {
        let path = match place {
            Location::Path(path) => path.clone(),
            Location::Url(remote) => downloads.fetch(remote)?,
        };
        let source = match place {
            Location::Path(_) => place.file_name(),
            Location::Url(remote) => remote.url.to_string(),
        };
        let sha256 = sha256(&path)?.to_string();
        Ok((path, Provenance::File { source, sha256 }))
    };
    let judged =
        |place: &Location, split: Split, records: &[u8], provenance: Provenance| -> Result<Dataset> {
            let dataset = Dataset::from_records(options.task, records, provenance)
                .with_context(|| format!("{place}: {}", split.name()))?;
            if !options.accept_any_content {
                prepared::judge(split, &dataset)?;
            }
            Ok(dataset)
        };
    let both = |place: &Location, records: &Halves<Vec<u8>>, provenance: Provenance| {
        Ok(Halves {
            train: judged(place, Split::Train, &records.train, provenance.clone())?,
            test: judged(place, Split::Test, &records.test, provenance)?,
        })
    };
    let version = BinaryVersion::of(options.task);
    match files {
        Files::Archive(place) => {
            let (path, provenance) = read(place)?;
            let records = read_archive(&path, version).with_context(|| place.to_string())?;
            both(place, &records, provenance)
        }
        Files::Batches(Location::Url(remote)) | Files::Folders(Location::Url(remote)) => {
            Err(anyhow!("{}: folders are read only from a disk", remote.url))
        }
        Files::Batches(place @ Location::Path(path)) | Files::Folders(place @ Location::Path(path)) => {
            let (records, sha256) = if matches!(files, Files::Folders(_)) {
                folders::read(path, options.task)?
            } else {
                let (halves, sha256) = batches::read(path, version, version.limits())?;
                (halves.try_map(|half| version.records(half)).with_context(|| place.to_string())?, sha256)
            };
            let source =
                fs::canonicalize(path)?.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let provenance = Provenance::File { source, sha256: sha256.to_string() };
            both(place, &records, provenance)
        }
        Files::Pair(Halves { train, test }) => {
            // The small file comes first: if it is wrong, the large one need not be downloaded.
            let half = |split: Split, place: &Location| -> Result<Dataset> {
                let (path, provenance) = read(place)?;
                let mut records = read_parquet(&path, options.task);
                // The error names the file; for a download, its address is useful, too.
                if let Location::Url(remote) = place {
                    records = records.with_context(|| remote.url.to_string());
                }
                let records = records?;
                judged(place, split, &records, provenance)
            };
            let test = half(Split::Test, test)?;
            Ok(Halves { train: half(Split::Train, train)?, test })
        }
    }
}

fn read_archive(path: &Path, version: &BinaryVersion) -> Result<Halves<Vec<u8>>> {
    let gzip = Content::of(&head(path)?)? == Content::Gzip;
    let file = io::BufReader::with_capacity(1 << 18, fs::File::open(path)?);
    archive::read(file, gzip, version, version.limits())?.try_map(|half| version.records(half))
}

/// Reads one of the mirror's files, or of our own.
fn read_parquet(path: &Path, task: Task) -> Result<Vec<u8>> {
    codec::judge(path)?;
    if Header::read(path).is_err() {
        let read = contained(|| mirror::read(path, task));
        return read.unwrap_or_else(|panic| Err(anyhow!("{}: {panic}", path.display())));
    }
    let dataset = Dataset::read_verified(path)?;
    ensure!(
        dataset.task == task,
        "{}: holds {}, not {task}: prepare it with DATASET={}",
        path.display(),
        dataset.task,
        dataset.task.name()
    );
    let mut records = Vec::with_capacity(dataset.len() * RECORD_BYTES);
    dataset.records().for_each(|record| records.extend_from_slice(&record));
    Ok(records)
}
