//! What a study can find, before it is trained.
//!
//! [`design`] is the shape of a study; [`simulate`] makes up studies of it and judges them by the rules as they are implemented;
//! [`mod@power`] is the table of `analysis power`, and [`characteristics`] that of `analysis simulate`.
//!
//! *Invariant:* no result enters but a standard deviation.

pub mod characteristics;
pub mod design;
pub mod power;
pub mod simulate;
