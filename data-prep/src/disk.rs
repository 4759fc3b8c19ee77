//! The directories in which this program writes: their free space, and remains of processes that died.

pub mod leftovers;
pub mod space;
