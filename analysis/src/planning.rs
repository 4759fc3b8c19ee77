//! The power of a study, computed before it is trained.
//!
//! [`design`] is the shape of a study; [`simulate`] simulates studies of that shape and judges them by the
//! rules as they are implemented; [`mod@power`] is the table of `analysis power`, and [`characteristics`]
//! that of `analysis simulate`.
//!
//! *Invariant:* the only result of an earlier study that enters is a standard deviation.

pub mod characteristics;
pub mod design;
pub mod power;
pub mod simulate;
