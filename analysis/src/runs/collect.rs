//! Reads every run, and sets aside what cannot be read.
//!
//! *Invariant:* nothing in the directory of runs is changed, and nothing there stops the analysis of the
//! rest: what cannot be used becomes a row with the reason.

use crate::runs::marks::{Marks, Tested};
use crate::runs::run::Run;
use crate::runs::trajectory::trajectory;
use artifacts::Layout;
use artifacts::run::{self, RunFolder};
use std::io;
use std::path::Path;

/// The contents of the directory of runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Collected {
    /// The readable runs, sorted by name.
    pub runs: Vec<Run>,
    /// Everything else, sorted by name within folders and within files.
    pub quarantined: Vec<Quarantined>,
}

/// Something in the directory of runs that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// Its name in the directory.
    pub name: String,
    /// The reader's message, which names the file and the rule it breaks.
    pub reason: String,
}

/// Reads the whole directory.
///
/// # Errors
/// The directory cannot be listed.
pub fn collect(layout: &Layout) -> io::Result<Collected> {
    let directory = layout.runs();
    let mut collected = Collected { runs: Vec::new(), quarantined: Vec::new() };
    let mut tested = Vec::new();
    for folder in run::folders(&directory)? {
        match read(&folder, &mut tested) {
            Ok(run) => collected.runs.push(run),
            Err(reason) => collected.quarantined.push(quarantined(&directory, folder.path(), &reason)),
        }
    }
    for stray in run::strays(&directory)? {
        let reason = "not the folder of a run, though it lies among them: move or delete it";
        collected.quarantined.push(quarantined(&directory, &stray, reason));
    }
    Ok(collected)
}

fn read(folder: &RunFolder, tested: &mut Vec<Tested>) -> Result<Run, String> {
    let (record, epochs) = folder.read().map_err(|error| error.to_string())?;
    let last = record.configuration.recipe.epochs as u32;
    let mut layers = folder.read_layers(&record).map_err(|error| error.to_string())?;
    let trajectory = trajectory(&layers)?;
    layers.retain(|row| row.epoch == last);
    // Only one of about a hundred epochs is kept.
    layers.shrink_to_fit();
    let predictions = folder.read_predictions(&record).map_err(|error| error.to_string())?;
    let marks = (!predictions.is_empty()).then(|| Marks::new(&predictions, tested));
    let run = Run { record, epochs, layers, trajectory, marks };
    match run.broken_rule() {
        Some(broken) => Err(broken),
        None => Ok(run),
    }
}

/// Names paths relative to the directory of runs, because its location is a property of the machine.
fn quarantined(directory: &Path, path: &Path, reason: &str) -> Quarantined {
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let prefix = format!("{}{}", directory.display(), std::path::MAIN_SEPARATOR);
    Quarantined { name, reason: reason.replace(&prefix, "") }
}
