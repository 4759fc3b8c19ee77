//! The terminal: taken over, and given back as it was.
//!
//! *Invariant:* however the program ends, by a key, a signal, an error or a panic, the terminal is given back before anything is said.

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level;
use std::io::{self, IsTerminal, Stdout, Write};
use std::panic::{set_hook, take_hook};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Once};
use std::thread;
use std::time::Duration;

/// So long after a signal the program has ended.
const MOMENT: Duration = Duration::from_secs(1);

/// Whether it is taken at this moment.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// A terminal that is taken over until this goes.
#[derive(Debug)]
pub struct Taken(Terminal<CrosstermBackend<Stdout>>);

/// Whether standard output is a terminal that can be drawn on.
#[must_use]
pub fn can_be_drawn_on(term: Option<&str>) -> bool {
    io::stdout().is_terminal() && !matches!(term, None | Some("" | "dumb" | "unknown"))
}

impl Taken {
    /// Takes it.
    ///
    /// # Errors
    /// The terminal's; it is given back then.
    pub fn new() -> io::Result<Self> {
        give_back_on_panic();
        TAKEN.store(true, Ordering::SeqCst);
        // Where there is no second screen, what was on the first would show through.
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

    /// The terminal to draw on.
    pub fn terminal(&mut self) -> &mut Terminal<CrosstermBackend<Stdout>> {
        &mut self.0
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        give_back();
    }
}

/// Hears the signals that end a program; the number of the first one is there to see.
///
/// Whoever reads keys of a terminal that was closed may never come back to look at it, so after a second the program ends here.
///
/// # Errors
/// The operating system's.
pub fn hear_signals() -> io::Result<Arc<AtomicUsize>> {
    let heard = Arc::new(AtomicUsize::new(0));
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    let told = Arc::clone(&heard);
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        if let Some(signal) = signals.forever().next() {
            told.store(signal as usize, Ordering::Relaxed);
            thread::sleep(MOMENT);
            give_back();
            low_level::exit(128 + signal);
        }
    })?;
    Ok(heard)
}

/// Gives the terminal back, once. Nothing is to be done about a terminal that has gone.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let mut out = io::stdout();
        let _ = execute!(out, LeaveAlternateScreen, Show);
        let _ = out.flush();
        let _ = disable_raw_mode();
    }
}

/// A panic of any thread says its words on the terminal as it was.
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
