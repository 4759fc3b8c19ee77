//! The reason of a failed attempt, and whether another attempt could help.

use crate::files::address::Address;
use anyhow::Error;

/// The reason of a failed attempt.
#[derive(Debug)]
pub enum Failure {
    /// Another attempt may succeed.
    Transient(Error),
    /// Another attempt would fail in the same way.
    Permanent(Error),
}

impl Failure {
    /// Adds the address to the error.
    pub(crate) fn at(self, url: &Address) -> Self {
        match self {
            Self::Transient(error) => Self::Transient(error.context(url.to_string())),
            Self::Permanent(error) => Self::Permanent(error.context(url.to_string())),
        }
    }
}
