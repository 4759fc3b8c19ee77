//! The building blocks of the figures: a canvas, axes, a frame, small multiples, markers, series and a
//! legend.
//!
//! plotters does the drawing; this module adds what it lacks: alternative text, a grid finer than a pixel,
//! ticks chosen for the reader, and layouts that need no text measurement (every label is placed by its
//! anchor).

pub mod axis;
pub mod canvas;
pub mod frame;
pub mod legend;
pub mod marker;
pub mod multiples;
pub mod plot;
pub mod series;

pub use axis::Axis;
pub use canvas::{Area, Drawing, Picture};
pub use frame::Frame;
pub use legend::Legend;
pub use multiples::Multiples;
pub use plot::{Band, Plot, Scale};
pub use series::{Dot, Line, Mean, Series};
