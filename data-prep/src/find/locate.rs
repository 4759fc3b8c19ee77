//! Finds the files of a data set from what the user gives: one file, one of two, or a directory with either.
//!
//! *Invariant:* content and existing files decide, not the extension of a name.

use crate::fetch::http::{self, Unreachable};
use crate::fetch::pace;
use crate::fetch::retry::RetryPolicy;
use crate::files::binary::BinaryVersion;
use crate::files::checksum;
use crate::files::content::{Content, HEAD_BYTES, NoData, folder};
use crate::files::halves::{Files, Halves};
use crate::files::location::Location;
use crate::find::source::layouts;
use crate::read::{batches, folders};
use anyhow::{Context, Result, bail};
use artifacts::dataset::Task;
use std::io::Read;

/// Finds the files.
///
/// # Errors
/// The location holds nothing from which images can be read.
pub fn locate(place: &Location, task: Task, retry: &RetryPolicy) -> Result<Files<Location>> {
    if let Location::Path(path) = place {
        match batches::find(path, BinaryVersion::of(task)) {
            Ok(Some(directory)) => return Ok(Files::Batches(Location::Path(directory))),
            Ok(None) => (),
            // The archive may lie beside a partly unpacked folder.
            Err(error) => return below(place, task, retry).ok_or(error),
        }
        match folders::find(path, task) {
            Ok(Some(directory)) => return Ok(Files::Folders(Location::Path(directory))),
            Ok(None) => (),
            Err(error) => return below(place, task, retry).ok_or(error),
        }
    }
    let what = match place {
        Location::Path(path) if path.is_dir() => None,
        Location::Path(path) if !path.exists() => bail!(
            "{}: no such file or directory (the sources with names are auto, huggingface and authors)",
            path.display()
        ),
        _ => Some(head(place, retry).and_then(|head| Ok(Content::of(&head)?))),
    };
    match (what, place) {
        (Some(Ok(Content::Gzip | Content::Tar)), _) => Ok(Files::Archive(place.clone())),
        (Some(Ok(Content::Parquet)), _) => pair(place),
        (Some(Err(error)), Location::Path(path)) => Err(match NoData::of_size(checksum::length(path)) {
            Some(better) if matches!(error.downcast_ref(), Some(NoData::Unknown(_))) => better.into(),
            _ => error,
        }
        .context(place.to_string())),
        // A server that does not respond is not asked four more times.
        (Some(Err(error)), Location::Url(_)) if error.downcast_ref::<Unreachable>().is_some() => Err(error),
        (Some(Err(error)), Location::Url(_)) => below(place, task, retry).ok_or_else(|| {
            let paths = named(task);
            error.context(format!("{place}: neither it nor what may lie below it ({paths}) is a data set"))
        }),
        (None, _) => below(place, task, retry).with_context(|| {
            let known = match place {
                Location::Path(path) => folder(path, task).map(|what| format!(": it {what}")),
                Location::Url(_) => None,
            };
            format!("{place}: holds none of {}{}", named(task), known.unwrap_or_default())
        }),
    }
}

/// Finds the other half of a pair, which has the same name with the other word in it.
fn pair(place: &Location) -> Result<Files<Location>> {
    if let Some(test) = place.renamed("train", "test") {
        Ok(Files::Pair(Halves { train: place.clone(), test }))
    } else if let Some(train) = place.renamed("test", "train") {
        Ok(Files::Pair(Halves { train, test: place.clone() }))
    } else {
        bail!(
            "{place}: has neither `train` nor `test` in its name, so the other half cannot be found: name the two \
             files train.parquet and test.parquet, and give either"
        )
    }
}

fn below(place: &Location, task: Task, retry: &RetryPolicy) -> Option<Files<Location>> {
    // Each file is requested once, because a missing file is the usual response.
    let once = RetryPolicy { attempts: 1, ..*retry };
    layouts(task)
        .into_iter()
        .map(|files| files.map(|path| place.join(path)))
        .find(|files| head(files.first(), &once).is_ok_and(|head| Content::of(&head).is_ok()))
}

/// Names what a directory may contain.
fn named(task: Task) -> String {
    let (files, class) = (layouts(task).map(|files| *files.first()).join(", "), task.class_names()[0]);
    format!("{files}, {}, train/{class}", BinaryVersion::of(task).folder)
}

/// Reads the first bytes of a file.
fn head(place: &Location, retry: &RetryPolicy) -> Result<Vec<u8>> {
    match place {
        Location::Path(path) => Ok(checksum::head(path)?),
        Location::Url(remote) => {
            let range = [("range", format!("bytes=0-{}", HEAD_BYTES - 1))];
            let attempt = || {
                let mut response = http::get(retry, &remote.url, &range)?;
                let (body, mut head) = (response.body_mut().as_reader(), Vec::new());
                let body = body.take(HEAD_BYTES as u64);
                pace::copy(body, &mut head, HEAD_BYTES as u64, retry.pace, |_| ())
                    .map_err(|failure| failure.at(&remote.url))?;
                Ok(head)
            };
            retry.run(attempt, || 0)
        }
    }
}
