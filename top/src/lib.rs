//! A dashboard of a work folder: how far its sweep is, while it runs or after the fact, on any machine that sees the files.
//!
//! Three rooms, each a step of the way: [`read`] turns files into a [`moment`], [`view`] turns a moment into lines, and [`screen`] puts the
//! lines on a terminal's cells; [`snapshot`] is the same as plain text. [`live`] repeats that on a [`terminal`], which it leaves as it was.
//!
//! *Invariant:* nothing is written, locked or computed that another stage owns: the endpoint is that of `analysis`, with its age.

pub mod live;
pub mod moment;
pub mod read;
pub mod screen;
pub mod snapshot;
pub mod terminal;
pub mod view;
