//! Why an attempt failed, and whether another one could help.

use crate::files::address::Address;
use anyhow::Error;

/// Why an attempt failed.
#[derive(Debug)]
pub enum Failure {
    /// Worth another attempt.
    Transient(Error),
    /// Another attempt would end the same.
    Permanent(Error),
}

impl Failure {
    /// The same with the address it happened at.
    pub(crate) fn at(self, url: &Address) -> Self {
        match self {
            Self::Transient(error) => Self::Transient(error.context(url.to_string())),
            Self::Permanent(error) => Self::Permanent(error.context(url.to_string())),
        }
    }
}
