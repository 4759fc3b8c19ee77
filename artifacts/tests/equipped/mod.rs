//! Programs that some tests need but a machine need not have. Shared by the tests of the crates.

use artifacts::output::say;
use std::process::{Command, Stdio};

/// Returns whether `strace` is here and may trace programs; if not, says that the test is skipped.
pub fn can_trace() -> bool {
    let tried = Command::new("strace").args(["-e", "trace=none", "true"]).stderr(Stdio::null()).status();
    let can = tried.is_ok_and(|status| status.success());
    if !can {
        say("SKIPPED, not tried here: strace is missing or may not trace programs");
    }
    can
}
