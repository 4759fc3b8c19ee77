//! The directories this program writes in: their room, and what is left there by processes that died.

pub mod leftovers;
pub mod space;
