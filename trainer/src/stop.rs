//! SIGINT and SIGTERM: finish the update under way, leave the last epoch's checkpoint, and say so.

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Whether, and by which signal, the user asked to stop.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicUsize>);

impl Stop {
    /// Listens to both signals. A second one ends the process at once.
    ///
    /// # Errors
    /// The operating system's.
    pub fn on_signals() -> io::Result<Self> {
        let (stop, again) = (Self::default(), Arc::new(AtomicBool::new(false)));
        for signal in [SIGINT, SIGTERM] {
            // In this order: the first signal finds `again` unset, and sets it.
            flag::register_conditional_shutdown(signal, exit_code(signal), Arc::clone(&again))?;
            flag::register(signal, Arc::clone(&again))?;
            flag::register_usize(signal, Arc::clone(&stop.0), signal as usize)?;
        }
        Ok(stop)
    }

    /// Asks to stop as a signal would.
    pub fn request(&self) {
        self.0.store(SIGINT as usize, Ordering::Relaxed);
    }

    /// The exit code of a process that was asked to stop: 130 for SIGINT, 143 for SIGTERM.
    #[must_use]
    pub fn requested(&self) -> Option<u8> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            signal => Some(exit_code(signal as i32) as u8),
        }
    }
}

/// As shells have it: 128 and the signal's number.
fn exit_code(signal: i32) -> i32 {
    128 + signal
}
