//! The event loop of the dashboard on a terminal: it draws, handles keys, and reads the files on a separate
//! thread.
//!
//! *Invariant:* a file system that hangs delays neither the keys nor the end.

use crate::moment::{Moment, Sweep};
use crate::read::Reader;
use crate::screen;
use crate::terminal::Taken;
use crate::view::desk::{Desk, Measure, Panel};
use artifacts::clock;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread;
use std::time::{Duration, SystemTime};

/// The longest delay of a key or a signal.
const HEARD: Duration = Duration::from_millis(100);
/// The number of lines that a page key scrolls by.
const PAGE: usize = 5;

/// What a key asks for besides its change of the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// To continue.
    GoOn,
    /// To quit.
    Quit,
    /// To read the files now.
    Read,
}

/// Shows a folder until a key or a signal ends it; returns the signal, or 0.
///
/// # Errors
/// Those of the terminal.
pub fn show(reader: Reader, desk: Desk, signal: &AtomicUsize) -> io::Result<usize> {
    let (asks, asked) = channel();
    let (tells, told) = channel();
    let every = desk.every;
    // The thread is not joined: a read that hangs ends with the process.
    thread::Builder::new().name("reader".to_owned()).spawn(move || read(reader, every, &asked, &tells))?;
    let mut taken = Taken::new()?;
    run(&mut taken, desk, signal, &asks, &told)
}

/// Reads the folder repeatedly until nobody listens.
fn read(mut reader: Reader, every: Duration, asked: &Receiver<()>, tells: &Sender<Moment>) {
    loop {
        if tells.send(reader.read()).is_err() {
            return;
        }
        if let Err(std::sync::mpsc::RecvTimeoutError::Disconnected) = asked.recv_timeout(every) {
            return;
        }
    }
}

fn run(
    taken: &mut Taken,
    mut desk: Desk,
    signal: &AtomicUsize,
    asks: &Sender<()>,
    told: &Receiver<Moment>,
) -> io::Result<usize> {
    let (mut moment, mut drawn_at): (Option<Moment>, Option<u64>) = (None, None);
    // Shown until the first read has ended, which takes long on a slow file system.
    taken.terminal().draw(|frame| frame.render_widget("Reading the folder ...", frame.area()))?;
    loop {
        let mut changed = false;
        match told.try_recv() {
            Ok(newer) => (moment, changed) = (Some(newer), true),
            Err(TryRecvError::Empty) => {}
            // The reader has panicked; its message is on the restored screen.
            Err(TryRecvError::Disconnected) => {
                return Err(io::Error::other("the folder can no longer be read"));
            }
        }
        desk.now = SystemTime::now();
        let second = desk.now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        if let Some(moment) = moment.as_ref().filter(|_| changed || drawn_at != Some(second)) {
            desk.offset = clock::offset_at(desk.now);
            taken.terminal().draw(|frame| screen::draw(moment, &desk, frame.area(), frame.buffer_mut()))?;
            drawn_at = Some(second);
        }
        if event::poll(HEARD)? {
            // Whatever the event is (it may be a resize), its effect is drawn at once.
            drawn_at = None;
            if let Event::Key(key) = event::read()? {
                match press(&mut desk, moment.as_ref(), key) {
                    Wish::GoOn => {}
                    Wish::Quit => return Ok(0),
                    Wish::Read => drop(asks.send(())),
                }
            }
        }
        match signal.load(Ordering::Relaxed) {
            0 => {}
            signal => return Ok(signal),
        }
    }
}

/// Applies a key to the desk, and returns what else it asks for.
pub fn press(desk: &mut Desk, moment: Option<&Moment>, key: KeyEvent) -> Wish {
    if key.kind == KeyEventKind::Release {
        return Wish::GoOn;
    }
    let sweep = moment.and_then(|moment| moment.sweep.as_ref().ok());
    match key.code {
        KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => return Wish::Quit,
        KeyCode::Esc if desk.help => desk.help = false,
        KeyCode::Char('q') | KeyCode::Esc => return Wish::Quit,
        KeyCode::Char('r') => return Wish::Read,
        KeyCode::Up | KeyCode::Char('k') => walk(desk, sweep, -1, 0),
        KeyCode::Down | KeyCode::Char('j') => walk(desk, sweep, 1, 0),
        KeyCode::Left | KeyCode::Char('h') => walk(desk, sweep, 0, -1),
        KeyCode::Right | KeyCode::Char('l') => walk(desk, sweep, 0, 1),
        KeyCode::Home => desk.cursor = None,
        KeyCode::Char(' ') => {
            if let Some(sweep) = sweep {
                desk.pin(sweep);
            }
        }
        KeyCode::Char('c') => desk.pins.clear(),
        KeyCode::Char('m') => {
            desk.measure = if desk.measure == Measure::Loss { Measure::Accuracy } else { Measure::Loss };
        }
        KeyCode::Char('?') => desk.help = !desk.help,
        KeyCode::Char('0') => desk.alone = false,
        KeyCode::Char(digit @ '1'..='5') => {
            (desk.panel, desk.alone) = (Panel::ALL[digit as usize - '1' as usize], true);
            desk.scroll = 0;
        }
        KeyCode::Tab => (desk.panel, desk.scroll) = (desk.panel.after(1), 0),
        KeyCode::BackTab => (desk.panel, desk.scroll) = (desk.panel.after(Panel::ALL.len() - 1), 0),
        KeyCode::PageDown => desk.scroll += PAGE,
        KeyCode::PageUp => desk.scroll = desk.scroll.saturating_sub(PAGE),
        _ => {}
    }
    Wish::GoOn
}

fn walk(desk: &mut Desk, sweep: Option<&Sweep>, cells: isize, runs: isize) {
    if let Some(sweep) = sweep {
        desk.walk(sweep, cells, runs);
    }
}
