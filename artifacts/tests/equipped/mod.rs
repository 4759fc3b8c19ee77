//! Programs that some tests need but a machine need not have. Shared by the tests of the crates.

use artifacts::output::say;
use std::env::var_os;
use std::process::{Command, Stdio};

/// Returns whether `strace` is here and may trace programs; if not, says that the test is skipped.
///
/// # Panics
/// It is not here, and `CI` is set without `SKIP_STRACE`: there no test may be left out unnoticed.
pub fn can_trace() -> bool {
    let tried = Command::new("strace").args(["-e", "trace=none", "true"]).stderr(Stdio::null()).status();
    let can = tried.is_ok_and(|status| status.success());
    if !can {
        let why = "strace is missing or may not trace programs";
        assert!(
            var_os("CI").is_none() || var_os("SKIP_STRACE").is_some(),
            "{why}: install it, or set SKIP_STRACE=1 to go without"
        );
        say(format!("SKIPPED, not tried here: {why}"));
    }
    can
}
