//! SIGINT, SIGTERM and SIGHUP: the program finishes the current update, leaves the last epoch's checkpoint,
//! and says so.
//!
//! A signal to a whole process group (from Slurm, `timeout`, systemd, the stop of a container, a closed
//! terminal) arrives twice: from its sender, and forwarded by the program that started this one. So a signal
//! of the same kind within [`MOMENT`] is a repetition of the first; any other is a second request, and ends
//! the process at once. SIGHUP counts as the same kind as SIGTERM.
//!
//! *Invariant:* a signal that was ignored when the program started (by `nohup`, or by a script in whose
//! background it runs) stays ignored.

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level;
use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The exit code of a process that a SIGTERM stopped.
pub const TERMINATED: u8 = exit_code(SIGTERM) as u8;

/// Within this time a second signal of the same kind is not a second request. Forwarding a signal takes
/// milliseconds, and tenths of a second on a machine under load; a person who wants more than a clean stop
/// presses the key again after that.
pub const MOMENT: Duration = Duration::from_secs(2);

/// Whether the user asked to stop, and by which signal.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicUsize>);

impl Stop {
    /// Starts to listen for the signals, on a thread of its own.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn on_signals() -> io::Result<Self> {
        let stop = Self::default();
        let heard = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|&signal| !is_ignored(signal));
        let mut signals = Signals::new(heard)?;
        let asked = stop.clone();
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            let mut first = None;
            for signal in signals.forever() {
                let now = Instant::now();
                match first {
                    None => {
                        first = Some((signal, now));
                        asked.0.store(signal as usize, Ordering::Relaxed);
                    }
                    Some((before, at)) if is_second_wish(before, signal, now - at) => {
                        low_level::exit(exit_code(signal));
                    }
                    Some(_) => {}
                }
            }
        })?;
        Ok(stop)
    }

    /// Requests a stop, as a signal would.
    pub fn request(&self) {
        self.0.store(SIGINT as usize, Ordering::Relaxed);
    }

    /// Returns the exit code of a process that was asked to stop (129 for SIGHUP, 130 for SIGINT, 143 for
    /// SIGTERM); `None` if it was not.
    #[must_use]
    pub fn exit_code(&self) -> Option<u8> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            signal => Some(exit_code(signal as i32) as u8),
        }
    }

    /// Returns whether the user asked to stop.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.exit_code().is_some()
    }

    /// Returns `Break` once the user has asked to stop.
    pub fn flow(&self) -> ControlFlow<()> {
        if self.is_requested() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Returns whether a signal is a second request, given the first signal and the time since it.
fn is_second_wish(first: i32, signal: i32, since: Duration) -> bool {
    since >= MOMENT || (first == SIGINT) != (signal == SIGINT)
}

/// Returns the exit code that shells use: 128 plus the signal's number.
const fn exit_code(signal: i32) -> i32 {
    128 + signal
}

fn is_ignored(signal: i32) -> bool {
    let mut present = std::mem::MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: without a new action, sigaction only writes the present one, for which zeroes are a valid
    // value.
    unsafe {
        libc::sigaction(signal, std::ptr::null(), present.as_mut_ptr()) == 0
            && present.assume_init().sa_sigaction == libc::SIG_IGN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_kind_within_a_moment_is_the_same_wish() {
        let soon = MOMENT / 2;
        assert!(!is_second_wish(SIGTERM, SIGTERM, soon));
        assert!(!is_second_wish(SIGINT, SIGINT, soon));
        assert!(!is_second_wish(SIGTERM, SIGHUP, soon) && !is_second_wish(SIGHUP, SIGTERM, soon));
        assert!(is_second_wish(SIGINT, SIGTERM, soon) && is_second_wish(SIGHUP, SIGINT, soon));
        assert!(is_second_wish(SIGTERM, SIGTERM, MOMENT) && is_second_wish(SIGINT, SIGINT, 2 * MOMENT));
    }
}
