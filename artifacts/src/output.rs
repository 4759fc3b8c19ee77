//! The output of programs, whether or not it can be written.
//!
//! A reader may be gone (`| head -1`), a disk full, a terminal closed. Work whose result is files continues,
//! and the failed output is ignored ([`say`], [`note`], [`Notes`]). A listing is its own result
//! ([`print()`]): it ends quietly if its reader is gone, and any other failure is an error.
//!
//! *Invariant:* no program prints by other means: the macros of the standard library panic (`print_stdout`,
//! `print_stderr` in Cargo.toml).

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

/// Writes a line about the work to standard error.
pub fn say(line: impl Display) {
    // Written in one piece, so that lines of several threads and programs do not mix.
    let _ = io::stderr().lock().write_all(format!("{line}\n").as_bytes());
}

/// Writes a line about already written files to standard output.
pub fn note(line: impl Display) {
    let _ = write_to(&mut io::stdout().lock(), line);
}

/// Writes a listing to standard output.
///
/// # Errors
/// Those of standard output, except a closed pipe, whose reader has seen what it wanted.
pub fn print(listing: impl Display) -> io::Result<()> {
    unless_gone(write_to(&mut io::stdout().lock(), listing))
}

/// A writer to standard output for steps that write their own notes; it accepts everything and never fails.
#[derive(Debug, Clone, Copy, Default)]
pub struct Notes;

impl Write for Notes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = io::stdout().lock().write_all(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let _ = io::stdout().lock().flush();
        Ok(())
    }
}

fn write_to(out: &mut impl Write, line: impl Display) -> io::Result<()> {
    out.write_all(format!("{line}\n").as_bytes())?;
    out.flush()
}

fn unless_gone(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(io::Error::new(error.kind(), format!("standard output: {error}"))),
        Ok(()) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Broken(ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_has_gone_is_no_error_and_a_full_disk_is() {
        let print = |kind| unless_gone(write_to(&mut Broken(kind), "listing"));
        assert!(print(ErrorKind::BrokenPipe).is_ok());
        let message = print(ErrorKind::StorageFull).unwrap_err().to_string();
        assert!(message.starts_with("standard output: "), "{message}");
    }
}
