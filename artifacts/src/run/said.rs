//! The lines that a sweep logs of its runs, `NAME: what happened`. The trainer writes them; `top` and
//! `tools/status.py` read them in logs.

/// The beginning of the line of a run that failed; the reason follows.
pub const FAILED: &str = "failed: ";
/// The beginning of the line of a run that is done; the accuracy follows.
pub const DONE: &str = "done, ";
/// The beginning of a line about a run that another process trains.
pub const ELSEWHERE: &str = "another process";

/// Splits a line into the name of a run and what is said of it; `None` for any other line.
#[must_use]
pub fn of_a_run(line: &str) -> Option<(&str, &str)> {
    let (run, words) = line.split_once(": ")?;
    let digits = run.strip_prefix('r')?.split('-').next()?;
    let is_name = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    (is_name && run.contains('-') && !run.contains(' ')).then_some((run, words))
}
