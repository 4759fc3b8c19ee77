//! The command line, and the commands that train nothing.
//!
//! - `arguments`: what can be asked for; `run`: a run among it; `numbers`: the rules of the numbers among it;
//! - `describe`: a network in numbers; `doctor`: what the program finds on this machine.
//!
//! This room imports the library, and `main` imports this room.

pub mod arguments;
pub mod describe;
pub mod doctor;
pub mod numbers;
pub mod run;
