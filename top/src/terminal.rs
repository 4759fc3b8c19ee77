//! The terminal: taken over, and restored afterwards.
//!
//! *Invariant:* however the program ends, by a key, a signal, an error or a panic, the terminal is restored
//! before any message is printed.

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::consts::SIGHUP;
use std::io::{self, IsTerminal, Stdout, Write};
use std::panic::{set_hook, take_hook};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Once};
use std::thread;
use std::time::Duration;

/// The interval between checks that the terminal still exists.
const LOOK: Duration = Duration::from_millis(500);
/// The time that the dashboard has to end by itself.
const GRACE: Duration = Duration::from_secs(1);

/// Whether the terminal is taken over at this moment.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// A terminal that is taken over until this is dropped.
#[derive(Debug)]
pub struct Taken(Terminal<CrosstermBackend<Stdout>>);

/// Returns whether standard output is a terminal that can be drawn on.
#[must_use]
pub fn can_be_drawn_on(term: Option<&str>) -> bool {
    io::stdout().is_terminal() && !matches!(term, None | Some("" | "dumb" | "unknown"))
}

impl Taken {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// Those of the terminal, which is then restored.
    pub fn new() -> io::Result<Self> {
        give_back_on_panic();
        TAKEN.store(true, Ordering::SeqCst);
        // Cleared, because on a terminal without an alternate screen the earlier contents would show through.
        let taken = enable_raw_mode()
            .and_then(|()| execute!(io::stdout(), EnterAlternateScreen, Clear(ClearType::All), Hide))
            .and_then(|()| Terminal::new(CrosstermBackend::new(io::stdout())));
        match taken {
            Ok(terminal) => Ok(Self(terminal)),
            Err(error) => {
                give_back();
                Err(error)
            }
        }
    }

    /// Returns the terminal to draw on.
    pub fn terminal(&mut self) -> &mut Terminal<CrosstermBackend<Stdout>> {
        &mut self.0
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        give_back();
    }
}

/// Ends the program when its keys are no longer read: some terminals, when they are closed, leave a process
/// that waits for a key in an endless loop, in which no signal is checked either.
///
/// # Errors
/// No thread can be started.
pub fn end_with_it(signal: Arc<AtomicUsize>) -> io::Result<()> {
    let watch = move || {
        loop {
            thread::sleep(LOOK);
            let signal = match signal.load(Ordering::Relaxed) {
                0 if has_gone() => SIGHUP as usize,
                0 => continue,
                signal => {
                    // The dashboard receives the signal too, and ends at once if it can.
                    thread::sleep(GRACE);
                    signal
                }
            };
            give_back();
            std::process::exit(128 + signal as i32);
        }
    };
    thread::Builder::new().name("terminal".to_owned()).spawn(watch).map(drop)
}

/// Returns whether the other end of the terminal was closed.
fn has_gone() -> bool {
    let input = io::stdin();
    let mut polled = [PollFd::new(&input, PollFlags::empty())];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut polled, Some(&now)).is_ok() && polled[0].revents().intersects(PollFlags::HUP | PollFlags::ERR)
}

/// Restores the terminal, once. Errors are ignored, because nothing can be done about a closed terminal.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let mut out = io::stdout();
        let _ = execute!(out, LeaveAlternateScreen, Show);
        let _ = out.flush();
        let _ = disable_raw_mode();
    }
}

/// Makes a panic of any thread print its message on the restored terminal.
fn give_back_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let say = take_hook();
        set_hook(Box::new(move |panic| {
            give_back();
            say(panic);
        }));
    });
}
