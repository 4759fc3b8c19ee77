//! The command line, and the commands that train nothing.
//!
//! - `arguments`: all commands and their arguments; `run`: the arguments of a run; `machine`: those of what
//!   computes; `numbers`: parsers for numbers;
//! - `describe`: the counts of a network; `doctor`: what the program finds on this machine.
//!
//! This module imports the library, and `main` imports this module.

pub mod arguments;
pub mod describe;
pub mod doctor;
pub mod machine;
pub mod numbers;
pub mod run;
