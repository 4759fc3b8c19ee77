//! The address of a file on a server, which may contain secrets: a password, a signed query, a token.
//!
//! *Invariant:* an address is displayed without its user and password, without the values of its query and
//! without its fragment; only [`Address::exact`], which is for requests, reveals them.

use artifacts::stamp;
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

/// The replacement of a secret.
const HIDDEN: &str = "***";

/// A URL whose secrets are not displayed.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(String);

impl Address {
    /// Wraps any text; whether it is an address is checked when it is requested.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Returns the address with its secrets: for requests, and never to be displayed or stored.
    #[must_use]
    pub fn exact(&self) -> &str {
        &self.0
    }

    /// Returns a hash that distinguishes addresses without revealing them.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        stamp::sha256(self.0.as_bytes())
    }

    /// Returns an address below this one; a query stays at its end.
    #[must_use]
    pub fn join(&self, below: &str) -> Self {
        let (path, rest) = self.0.split_at(self.path_end());
        Self(format!("{}/{below}{rest}", path.trim_end_matches('/')))
    }

    /// Returns the last segment of its path.
    #[must_use]
    pub fn file_name(&self) -> &str {
        let path = &self.0[self.authority_end()..self.path_end()];
        path.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
    }

    /// Returns the address with another last segment of its path.
    #[must_use]
    pub fn with_file_name(&self, name: &str) -> Self {
        let (path, rest) = self.0.split_at(self.path_end());
        let path = path.trim_end_matches('/');
        Self(format!("{}{name}{rest}", &path[..path.len() - self.file_name().len()]))
    }

    fn path_end(&self) -> usize {
        self.0.find(['?', '#']).unwrap_or(self.0.len())
    }

    fn authority_start(&self) -> usize {
        self.0.find("://").map_or(0, |at| at + 3).min(self.path_end())
    }

    fn authority_end(&self) -> usize {
        let start = self.authority_start();
        self.0[start..self.path_end()].find('/').map_or(self.path_end(), |at| start + at)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (start, authority_end, path_end) =
            (self.authority_start(), self.authority_end(), self.path_end());
        f.write_str(&self.0[..start])?;
        // So may it contain a question mark or a hash: what follows the colon is then no port.
        let authority = &self.0[start..authority_end];
        let port = authority.rsplit_once(':').map_or("", |(_, port)| port);
        let is_password = !authority.starts_with('[') && port.contains(|sign: char| !sign.is_ascii_digit());
        if is_password
            && !self.0[start..path_end].contains('@')
            && let Some(at) = self.0.rfind('@')
        {
            return write!(f, "{HIDDEN}@{}", Self::new(&self.0[at + 1..]));
        }
        // A password may contain a slash that should have been escaped, so everything before the last `@` is
        // hidden.
        let from = self.0[start..path_end]
            .rfind('@')
            .filter(|at| start + at < authority_end || self.0[start..start + at].contains(':'));
        match from {
            Some(at) => write!(f, "{HIDDEN}{}", &self.0[start + at..path_end])?,
            None => f.write_str(&self.0[start..path_end])?,
        }
        let Some(query) = self.0[path_end..].strip_prefix('?') else { return Ok(()) };
        let query = query.split('#').next().unwrap_or_default();
        for (i, part) in query.split('&').enumerate() {
            f.write_str(if i == 0 { "?" } else { "&" })?;
            match part.split_once('=') {
                Some((key, _)) => write!(f, "{key}={HIDDEN}")?,
                None => f.write_str(HIDDEN)?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl FromStr for Address {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self::new(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        for (text, shown) in [
            ("https://h/a.tar.gz", "https://h/a.tar.gz"),
            ("https://me:secret@h:8/a", "https://***@h:8/a"),
            ("https://secret@h", "https://***@h"),
            ("https://me:sec/secret@h/a", "https://***@h/a"),
            ("https://me:sec?secret@h/a", "https://***@h/a"),
            ("https://me:sec#secret@h/a?token=secret", "https://***@h/a?token=***"),
            ("https://h:8/a?mail=secret@x", "https://h:8/a?mail=***"),
            ("https://[::1]:8/a?mail=secret@x", "https://[::1]:8/a?mail=***"),
            ("s3://key:secret@bucket/a", "s3://***@bucket/a"),
            (
                "https://h/~kriz/@a?X-Amz-Signature=secret&token=secret",
                "https://h/~kriz/@a?X-Amz-Signature=***&token=***",
            ),
            ("https://h/a?secret#access_token=secret", "https://h/a?***"),
            ("https://h/a#secret", "https://h/a"),
            ("https://h?next=http://secret@x/", "https://h?next=***"),
        ] {
            let address = Address::new(text);
            assert_eq!(address.to_string(), shown);
            assert!(!format!("{address:?}").contains("secret"), "{address:?}");
            assert_eq!(address.exact(), text);
        }
    }

    #[test]
    fn parts_of_an_address_keep_its_secrets_for_the_request() {
        let address = Address::new("https://me:pw@h/d/?token=x");
        assert_eq!(address.join("a/b").exact(), "https://me:pw@h/d/a/b?token=x");
        let file = Address::new("https://me:pw@h/train/train.parquet?token=x");
        assert_eq!(file.file_name(), "train.parquet");
        assert_eq!(file.with_file_name("t").exact(), "https://me:pw@h/train/t?token=x");
        assert_eq!(Address::new("https://me:pw@h").file_name(), "");
    }
}
