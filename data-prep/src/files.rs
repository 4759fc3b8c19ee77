//! Files as such: where they are, what they are by their first bytes, whether they are what is known.

pub mod address;
pub mod checksum;
pub mod content;
pub mod location;
