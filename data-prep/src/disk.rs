//! The directories this program writes in: their room, and one process at a time.

pub mod lock;
pub mod space;
