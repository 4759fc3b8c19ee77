//! The program in a pseudo-terminal: what it shows, how it reacts, and what it leaves behind.

use crate::folder::copy;
use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use top::terminal::Taken;

const PATIENCE: Duration = Duration::from_mins(1);

/// A pseudo-terminal with a program in it.
struct Pty {
    ours: File,
    theirs: File,
    /// The terminal's settings before the program began.
    before: libc::termios,
    child: Child,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    all: Vec<u8>,
}

fn size(width: u16, height: u16) -> libc::winsize {
    libc::winsize { ws_row: height, ws_col: width, ws_xpixel: 0, ws_ypixel: 0 }
}

fn settings(file: &File) -> libc::termios {
    let mut found = std::mem::MaybeUninit::zeroed();
    // SAFETY: zeroes are a valid value, and it lives until the call returns.
    unsafe {
        assert_eq!(libc::tcgetattr(file.as_raw_fd(), found.as_mut_ptr()), 0);
        found.assume_init()
    }
}

fn parser(width: u16, height: u16) -> vt100::Parser {
    vt100::Parser::new(NonZeroU16::new(height).unwrap(), NonZeroU16::new(width).unwrap(), 0)
}

/// Opens a new pseudo-terminal, and returns both ends.
fn opened(width: u16, height: u16) -> (File, File) {
    let (mut ours, mut theirs, window) = (0, 0, size(width, height));
    let (name, modes) = (std::ptr::null_mut(), std::ptr::null());
    // SAFETY: the numbers and the size live until it returns; both files are then ours alone.
    unsafe {
        assert_eq!(libc::openpty(&raw mut ours, &raw mut theirs, name, modes, &raw const window), 0);
        // A program that inherited the other end of its own terminal would never notice that it was closed.
        for file in [ours, theirs] {
            assert_eq!(libc::fcntl(file, libc::F_SETFD, libc::FD_CLOEXEC), 0);
        }
        (File::from_raw_fd(ours), File::from_raw_fd(theirs))
    }
}

/// Starts a program in a terminal, as its controlling terminal or not.
fn started(mut command: Command, theirs: &File, controls: bool) -> Child {
    let end = || Stdio::from(theirs.try_clone().unwrap());
    command.stdin(end()).stdout(end()).stderr(end()).env("TERM", "xterm-256color").env_remove("NO_COLOR");
    // SAFETY: both calls may be made between fork and exec.
    unsafe {
        command.pre_exec(move || {
            libc::setsid();
            if controls {
                libc::ioctl(0, libc::TIOCSCTTY, 0);
            }
            Ok(())
        });
    }
    command.spawn().unwrap()
}

impl Pty {
    fn new(command: Command, width: u16, height: u16) -> Self {
        let (ours, theirs) = opened(width, height);
        let before = settings(&theirs);
        let child = started(command, &theirs, true);
        let (tells, output) = channel();
        let mut from = ours.try_clone().unwrap();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = from.read(&mut bytes) {
                if tells.send(bytes[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { ours, theirs, before, child, output, screen: parser(width, height), all: Vec::new() }
    }

    fn top(work: &Path, width: u16, height: u16) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_top"));
        command.args(["--every", "0.2", "--work"]).arg(work);
        Self::new(command, width, height)
    }

    fn take(&mut self, patience: Duration) {
        if let Ok(bytes) = self.output.recv_timeout(patience) {
            self.screen.process(&bytes);
            self.all.extend(bytes);
        }
    }

    /// Waits until the screen shows these words.
    fn until(&mut self, words: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.screen.screen().contents().contains(words) {
            assert!(Instant::now() < deadline, "no `{words}` in:\n{}", self.screen.screen().contents());
            self.take(Duration::from_millis(100));
        }
    }

    fn press(&mut self, keys: &str) {
        self.ours.write_all(keys.as_bytes()).unwrap();
    }

    fn resize(&mut self, width: u16, height: u16) {
        self.screen = parser(width, height);
        let window = size(width, height);
        // SAFETY: the size lives until it returns.
        unsafe { assert_eq!(libc::ioctl(self.ours.as_raw_fd(), libc::TIOCSWINSZ, &raw const window), 0) };
    }

    fn signal(&self, signal: i32) {
        // SAFETY: it sends a signal to a process that this one started and has not waited for.
        unsafe { assert_eq!(libc::kill(self.child.id() as i32, signal), 0) };
    }

    /// Returns its exit code and its output; the terminal must be restored.
    fn ended(mut self) -> (i32, String) {
        let deadline = Instant::now() + PATIENCE;
        let code = loop {
            self.take(Duration::from_millis(20));
            if let Some(status) = self.child.try_wait().unwrap() {
                break status.code().unwrap();
            }
            assert!(Instant::now() < deadline, "it does not end:\n{}", self.screen.screen().contents());
        };
        while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(100)) {
            self.all.extend(bytes);
        }
        let mut whole = parser(100, 34);
        whole.process(&self.all);
        let screen = whole.screen();
        assert!(!screen.alternate_screen() && !screen.hide_cursor(), "the screen is not given back");
        let after = settings(&self.theirs);
        let modes = |of: &libc::termios| (of.c_iflag, of.c_oflag, of.c_cflag, of.c_lflag);
        assert_eq!(modes(&after), modes(&self.before), "the terminal's settings are not given back");
        (code, screen.contents())
    }
}

/// Kills the program if the test fails.
impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_shows_hears_resizes_and_leaves_no_trace() {
    let root = copy();
    let mut pty = Pty::top(root.path(), 100, 34);
    pty.until("seeds: 30 of 30 runs done");
    assert!(pty.screen.screen().alternate_screen() && pty.screen.screen().hide_cursor());
    for title in ["grid", "under way", "curves", "endpoint", "failures"] {
        pty.until(&format!(" {title} "));
    }
    pty.press("?");
    pty.until("keep the chosen run's curves");
    pty.press("?");
    pty.until("accuracy, %");
    pty.press("3m");
    pty.until("loss, nats");
    pty.press("0");
    pty.resize(60, 15);
    pty.until("1 grid  2 under way  3 curves");
    pty.press("4");
    pty.until("All 30 runs are done.");
    // A run is moved away while the program reads.
    let run = root.path().join("runs/r08-original-s0-e172532e");
    fs_err::rename(&run, root.path().join("aside")).unwrap();
    pty.until("seeds: 29 of 30 runs done, 1 waiting");
    pty.resize(160, 44);
    pty.until("under way");
    pty.press("q");
    let (code, left) = pty.ended();
    assert_eq!((code, left.trim()), (0, ""));
}

#[test]
fn a_signal_ends_it_and_gives_the_terminal_back() {
    let root = copy();
    for (signal, expected) in [(libc::SIGTERM, 143), (libc::SIGHUP, 129), (libc::SIGINT, 130)] {
        let mut pty = Pty::top(root.path(), 80, 24);
        pty.until("seeds: 30 of 30");
        pty.signal(signal);
        assert_eq!(pty.ended().0, expected);
    }
}

/// With a hang-up signal, as from a controlling terminal, and without one.
#[test]
fn a_terminal_that_goes_away_ends_it() {
    let root = copy();
    for controls in [true, false] {
        let (mut ours, theirs) = opened(80, 24);
        let mut command = Command::new(env!("CARGO_BIN_EXE_top"));
        command.arg("--work").arg(root.path());
        let mut child = started(command, &theirs, controls);
        let mut shown = parser(80, 24);
        let mut bytes = [0; 4096];
        while !shown.screen().contents().contains("seeds: 30 of 30") {
            let count = ours.read(&mut bytes).unwrap();
            shown.process(&bytes[..count]);
        }
        drop((ours, theirs));
        let deadline = Instant::now() + PATIENCE;
        let code = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status.code();
            }
            if Instant::now() > deadline {
                child.kill().unwrap();
                panic!("it goes on without a terminal");
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        assert_ne!(code, Some(0), "it was not asked to end");
    }
}

#[test]
fn a_panic_is_said_on_the_terminal_as_it_was() {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "terminal::it_panics_while_it_has_the_terminal", "--nocapture"]);
    let (code, left) = Pty::new(command, 100, 34).ended();
    assert!(code != 0 && left.contains("in the middle of it"), "{left}");
}

#[test]
#[ignore = "another test starts it, in a terminal of its own"]
fn it_panics_while_it_has_the_terminal() {
    let mut taken = Taken::new().unwrap();
    taken.terminal().draw(|frame| frame.render_widget("drawn", frame.area())).unwrap();
    panic!("in the middle of it");
}

#[test]
fn without_a_terminal_it_prints_a_listing_once() {
    let root = copy();
    let mut command = Command::new(env!("CARGO_BIN_EXE_top"));
    command.arg("--work").arg(root.path());
    // On a terminal that cannot be drawn on.
    let mut dumb = Command::new("env");
    dumb.arg("TERM=dumb").arg(command.get_program()).args(command.get_args());
    let (code, shown) = Pty::new(dumb, 100, 34).ended();
    assert!(code == 0 && shown.contains("All 30 runs are done."), "{shown}");
    // In a pipe.
    let output = command.env("COLUMNS", "70").stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty());
    let piped = String::from_utf8(output.stdout).unwrap();
    assert!(!piped.contains('\x1b') && piped.starts_with("seeds: 30 of 30 runs done"), "{piped}");
    assert!(piped.lines().all(|line| line.chars().count() <= 70), "{piped}");
}

#[test]
fn a_reader_that_has_gone_is_no_error() {
    let root = copy();
    let mut child = Command::new(env!("CARGO_BIN_EXE_top"))
        .arg("--work")
        .arg(root.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}
