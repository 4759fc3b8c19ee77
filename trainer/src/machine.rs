//! The machine: devices, memory, signals and the screen.

pub mod device;
pub mod memory;
pub mod progress;
pub mod stop;
