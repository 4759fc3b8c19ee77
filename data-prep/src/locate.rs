//! From what the user gives to the files of a data set: one file, one of two, or a directory with either.
//!
//! *Invariant:* decided by content and by what is really there, not by how a name ends.

use crate::content::{Content, HEAD_BYTES};
use crate::http::{Failure, Patience};
use crate::place::Place;
use crate::source::{Files, Halves, LAYOUTS};
use crate::verify;
use anyhow::{Context, Result, bail};
use std::io::Read;

/// Finds the files.
///
/// # Errors
/// A place with nothing in it that images can be taken from.
pub fn locate(place: &Place, patience: &Patience) -> Result<Files<Place>> {
    let what = match place {
        Place::Path(path) if path.is_dir() => None,
        Place::Path(path) if !path.exists() => bail!(
            "{}: no such file or directory (the sources with names are auto, huggingface and authors)",
            path.display()
        ),
        _ => Some(head(place, patience).and_then(|head| Ok(Content::of(&head)?))),
    };
    match (what, place) {
        (Some(Ok(Content::Gzip | Content::Tar)), _) => Ok(Files::Archive(place.clone())),
        (Some(Ok(Content::Parquet)), _) => pair(place),
        (Some(Err(error)), Place::Path(_)) => Err(error.context(place.to_string())),
        (Some(Err(error)), Place::Url(_)) => below(place, patience).ok_or_else(|| {
            let paths = layouts();
            error.context(format!("{place}: neither it nor what may lie below it ({paths}) is a data set"))
        }),
        (None, _) => below(place, patience).with_context(|| format!("{place}: holds none of {}", layouts())),
    }
}

/// The other half of a pair has the same name with the other word in it.
fn pair(place: &Place) -> Result<Files<Place>> {
    if let Some(test) = place.renamed("train", "test") {
        Ok(Files::Pair(Halves { train: place.clone(), test }))
    } else if let Some(train) = place.renamed("test", "train") {
        Ok(Files::Pair(Halves { train, test: place.clone() }))
    } else {
        bail!("{place}: has neither `train` nor `test` in its name, so the other half cannot be found")
    }
}

fn below(place: &Place, patience: &Patience) -> Option<Files<Place>> {
    LAYOUTS
        .into_iter()
        .map(|files| files.map(|path| place.join(path)))
        .find(|files| head(files.first(), patience).is_ok_and(|head| Content::of(&head).is_ok()))
}

fn layouts() -> String {
    LAYOUTS.map(|files| *files.first()).join(", ")
}

/// The first bytes of a file.
fn head(place: &Place, patience: &Patience) -> Result<Vec<u8>> {
    match place {
        Place::Path(path) => Ok(verify::head(path)?),
        Place::Url(remote) => {
            let range = [("range", format!("bytes=0-{}", HEAD_BYTES - 1))];
            let attempt = || {
                let mut response = patience.get(&remote.url, &range)?;
                let (body, mut head) = (response.body_mut().as_reader(), Vec::new());
                body.take(HEAD_BYTES as u64)
                    .read_to_end(&mut head)
                    .map_err(|e| Failure::Passing(e.into()))?;
                Ok(head)
            };
            patience.insist(attempt, || 0)
        }
    }
}
