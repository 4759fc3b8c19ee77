//! What keeps a run from being read, checked or repaired now, and is no damage of it.

use crate::data::state_dict::StateDictError;
use artifacts::run::RunError;
use artifacts::table::TableError;
use std::io::{self, ErrorKind};

/// What keeps a run from being checked or repaired here, and is no damage of it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Hindrance(pub(super) String);

/// Returns whether an error says nothing about a run's files: they could not be read or written now, or what
/// a repair needs is not here.
pub(super) fn hindered(error: &anyhow::Error) -> bool {
    let passing = |cause: &io::Error| {
        !matches!(cause.kind(), ErrorKind::NotFound | ErrorKind::UnexpectedEof | ErrorKind::InvalidData)
    };
    // An error that shows another as its own does not name it as its cause.
    error.chain().any(|cause| match (cause.downcast_ref(), cause.downcast_ref(), cause.downcast_ref()) {
        (Some(RunError::Io(error) | RunError::Bare(TableError::Io(error))), ..)
        | (_, Some(StateDictError::Io(error)), _)
        | (.., Some(error)) => passing(error),
        _ => cause.is::<Hindrance>(),
    })
}
