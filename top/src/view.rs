//! A moment and what a person wants to see of it -> lines, one panel a file.
//!
//! `desk` holds what the person chose, `ink` how it is coloured, `words` how numbers are said; `grid`, `runs`, `curves`, `endpoint`,
//! `troubles`, `heading` and `help` are the panels, `scale` is what curves are drawn on.
//!
//! *Invariant:* nothing is told by colour alone.

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
