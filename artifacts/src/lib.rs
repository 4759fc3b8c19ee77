//! The files between the stages: their paths, contents and formats.
//!
//! - [`layout`]: the one place that knows paths;
//! - [`atomic`]: the one place that gives a file its final name;
//! - [`reading`]: limits and containment for reading files that may be damaged;
//! - [`stamp`]: checksums of a file in itself, and of other files in a record;
//! - [`table`]: conversion of plain row structs to parquet and back;
//! - [`dataset`]: images and labels, written by `data-prep`, read by `trainer`;
//! - [`configuration`], [`arithmetic`], [`experiment`]: the configuration of a run, and experiment files as
//!   lists of runs;
//! - [`rules`]: the rules of a verdict, as constants and as text;
//! - [`seal`]: what was fixed before an experiment's first run, and when;
//! - [`run`]: the files of one run, written by `trainer`, read by `analysis`;
//! - [`study`]: joined tables and statistics, written by `analysis`, read by `report`;
//! - [`compared`]: the comparison of two studies, written by `analysis`, drawn by `report`;
//! - [`mod@bench`]: the lines of `just bench`, and their median;
//! - [`notebook`]: the 2018 notebook's figure in numbers, for `analysis` and `report`;
//! - [`lock`]: locks between processes;
//! - [`clock`]: the time of day;
//! - [`look`]: colour and marker of an arm;
//! - [`numbers`]: whole numbers on a command line;
//! - [`output`]: the output of programs, whether or not it can be written;
//! - [`sum`]: the SHA-256 of a file, as a value;
//! - [`words`]: numbers, counts and names as people read them.
//!
//! *Invariant:* each format has its schema here and nowhere else; an incomplete file never has a final name.
//!
//! A data set and a run's name, as two stages hand them on:
//!
//! ```
//! use artifacts::dataset::{Dataset, Split, Task};
//! use artifacts::{Configuration, Backend, Layout};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! // `data-prep` writes images; whoever reads them holds every byte against the fingerprint in the file.
//! let layout = Layout::new(directory.path());
//! let file = layout.images(Task::Cifar10, Split::Train);
//! Dataset::generated(Task::Cifar10, 20, 7).write(&file)?;
//! let images = Dataset::read_verified(&file)?;
//! assert_eq!((images.len(), images.image(0).len()), (20, 3 * 32 * 32));
//!
//! // `trainer` names a run after all that can change its numbers, the images included.
//! let run = Configuration { rankscale: 31, seed: 31, ..Configuration::default() }.on(Backend::Fused);
//! let cifar10 = Task::Cifar10.fingerprints().expect("CIFAR-10's fingerprints are known");
//! assert_eq!(run.run_name(&cifar10), "r31-original-s31-2c5aaa9b");
//! assert_ne!(run.run_name(&images.fingerprint), run.run_name(&cifar10));
//! # Ok(())
//! # }
//! ```

pub mod arithmetic;
pub mod atomic;
pub mod bench;
pub mod claim;
pub mod clock;
pub mod compared;
pub mod configuration;
pub mod dataset;
mod exact;
pub mod experiment;
pub mod layout;
pub mod lock;
pub mod look;
pub mod notebook;
pub mod numbers;
pub mod output;
pub mod reading;
pub mod rules;
pub mod run;
pub mod seal;
pub mod stamp;
pub mod study;
pub mod sum;
pub mod table;
pub mod words;

pub use arithmetic::{Backend, Precision};
pub use configuration::{Configuration, Recipe};
pub use exact::Exact;
pub use experiment::Experiment;
pub use layout::Layout;
pub use sum::Sha256Sum;
