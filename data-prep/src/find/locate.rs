//! From what the user gives to the files of a data set: one file, one of two, or a directory with either.
//!
//! *Invariant:* decided by content and by what is really there, not by how a name ends.

use crate::fetch::http::{Patience, Unreachable};
use crate::fetch::pace;
use crate::files::checksum;
use crate::files::content::{Content, HEAD_BYTES, NoData, folder};
use crate::files::location::Place;
use crate::find::source::{Files, Halves, LAYOUTS};
use crate::read::batches;
use anyhow::{Context, Result, bail};
use std::io::Read;

/// Finds the files.
///
/// # Errors
/// A place with nothing in it that images can be taken from.
pub fn locate(place: &Place, patience: &Patience) -> Result<Files<Place>> {
    if let Place::Path(path) = place {
        match batches::find(path) {
            Ok(Some(directory)) => return Ok(Files::Batches(Place::Path(directory))),
            Ok(None) => (),
            // The archive may lie beside what somebody has begun to unpack.
            Err(error) => return below(place, patience).ok_or(error),
        }
    }
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
        (Some(Err(error)), Place::Path(path)) => Err(match NoData::of_size(checksum::length(path)) {
            Some(better) if matches!(error.downcast_ref(), Some(NoData::Unknown(_))) => better.into(),
            _ => error,
        }
        .context(place.to_string())),
        // What does not answer is not asked for four things more.
        (Some(Err(error)), Place::Url(_)) if error.downcast_ref::<Unreachable>().is_some() => Err(error),
        (Some(Err(error)), Place::Url(_)) => below(place, patience).ok_or_else(|| {
            let paths = layouts();
            error.context(format!("{place}: neither it nor what may lie below it ({paths}) is a data set"))
        }),
        (None, _) => below(place, patience).with_context(|| {
            let known = match place {
                Place::Path(path) => folder(path).map(|what| format!(": it {what}")),
                Place::Url(_) => None,
            };
            format!("{place}: holds none of {}{}", layouts(), known.unwrap_or_default())
        }),
    }
}

/// The other half of a pair has the same name with the other word in it.
fn pair(place: &Place) -> Result<Files<Place>> {
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

fn below(place: &Place, patience: &Patience) -> Option<Files<Place>> {
    // Each is asked for once: that it is not there is the usual answer.
    let once = Patience { attempts: 1, ..*patience };
    LAYOUTS
        .into_iter()
        .map(|files| files.map(|path| place.join(path)))
        .find(|files| head(files.first(), &once).is_ok_and(|head| Content::of(&head).is_ok()))
}

fn layouts() -> String {
    format!("{}, {}", LAYOUTS.map(|files| *files.first()).join(", "), batches::FOLDER)
}

/// The first bytes of a file.
fn head(place: &Place, patience: &Patience) -> Result<Vec<u8>> {
    match place {
        Place::Path(path) => Ok(checksum::head(path)?),
        Place::Url(remote) => {
            let range = [("range", format!("bytes=0-{}", HEAD_BYTES - 1))];
            let attempt = || {
                let mut response = patience.get(&remote.url, &range)?;
                let (body, mut head) = (response.body_mut().as_reader(), Vec::new());
                let body = body.take(HEAD_BYTES as u64);
                pace::copy(body, &mut head, HEAD_BYTES as u64, patience.pace, |_| ())
                    .map_err(|failure| failure.at(&remote.url))?;
                Ok(head)
            };
            patience.insist(attempt, || 0)
        }
    }
}
