//! From a moment, and the user's choices, to lines; one file per panel.
//!
//! `desk` holds the user's choices, `ink` the colours, `words` formats numbers; `grid`, `runs`, `curves`,
//! `endpoint`, `troubles`, `heading` and `help` are the panels, and `scale` is the vertical scale of curves.
//!
//! *Invariant:* no information is conveyed by colour alone.

pub mod curves;
pub mod desk;
pub mod endpoint;
pub mod grid;
pub mod heading;
pub mod help;
pub mod ink;
pub mod runs;
mod scale;
pub mod troubles;
pub mod words;
