//! What another program answers, where it answers at all.

use std::process::Command;

/// What the program prints, without the blanks around it; none where it cannot be run or fails.
pub(crate) fn answer(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
