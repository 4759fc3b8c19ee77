//! A dashboard of a work folder: the progress of its sweep, while it runs or afterwards, on any machine that
//! sees the files.
//!
//! Three modules form a pipeline: [`read`] turns files into a [`moment`], [`view`] turns a moment into lines,
//! and [`screen`] puts the lines on a terminal's cells; [`snapshot`] does the same as plain text. [`live`]
//! repeats that on a [`terminal`], which it leaves as it was.
//!
//! *Invariant:* nothing is written or locked, and nothing is computed that another stage owns: the endpoint
//! is that of `analysis`, shown with its age.

pub mod live;
pub mod moment;
pub mod read;
pub mod screen;
pub mod snapshot;
pub mod terminal;
pub mod view;
