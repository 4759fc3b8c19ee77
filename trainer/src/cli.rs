//! The command line, and what it prints without training.

pub mod arguments;
pub mod describe;
pub mod doctor;
pub mod numbers;
