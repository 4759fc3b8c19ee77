//! Reading of a response at a minimum speed.
//!
//! *Invariant:* no body is read forever, however slowly its bytes arrive.

use crate::fetch::failure::Failure;
use anyhow::anyhow;
use std::fmt;
use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

/// The slowest acceptable server.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// The average bytes per second that every window must reach.
    pub least: u64,
    /// The window over which speed is measured.
    pub window: Duration,
    /// The time limit for one file as a whole.
    pub total: Duration,
}

impl Pace {
    /// The default. A slower server is given up, because another source is faster, or a person can find one.
    pub const ORDINARY: Self =
        Self { least: 10_000, window: Duration::from_secs(30), total: Duration::from_hours(4) };
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { least, window, total } = self;
        write!(f, "at least {least} bytes a second over {window:?}, and a file in {total:?}, are expected")
    }
}

/// Copies a body to a file; what arrived before a connection drops is kept. More than `limit` bytes are
/// refused.
pub(crate) fn copy(
    mut body: impl Read,
    mut file: impl Write,
    limit: u64,
    pace: Pace,
    mut advanced: impl FnMut(u64),
) -> Result<(), Failure> {
    let started = Instant::now();
    let (mut window, mut in_window) = (started, 0);
    let (mut buffer, mut copied) = (vec![0; 1 << 16], 0);
    loop {
        let count = match body.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Failure::Transient(anyhow!(error).context("the connection broke"))),
        };
        copied += count as u64;
        in_window += count as u64;
        if copied > limit {
            return Err(Failure::Permanent(anyhow!("the server sends more than {limit} bytes: refused")));
        }
        file.write_all(&buffer[..count]).map_err(|error| Failure::Permanent(error.into()))?;
        advanced(count as u64);
        let elapsed = window.elapsed();
        if elapsed >= pace.window {
            let speed = in_window as f64 / elapsed.as_secs_f64();
            if speed < pace.least as f64 || started.elapsed() >= pace.total {
                return Err(Failure::Permanent(anyhow!(
                    "the server is too slow: {speed:.0} bytes a second, {copied} bytes in {:.0?}; {pace}",
                    started.elapsed()
                )));
            }
            (window, in_window) = (Instant::now(), 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An endless body that yields this many bytes every millisecond.
    struct Drip(usize);

    impl Read for Drip {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            std::thread::sleep(Duration::from_millis(1));
            let count = self.0.min(buffer.len());
            buffer[..count].fill(0);
            Ok(count)
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_disk_that_fills_up_ends_the_attempts() {
        let device = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let Err(Failure::Permanent(error)) = copy(&b"some bytes"[..], device, 100, Pace::ORDINARY, |_| ())
        else {
            panic!("a full disk is no passing failure")
        };
        assert!(crate::disk::space::is_full(&error), "{error:#}");
    }

    #[test]
    fn a_body_without_end_is_cut_off() {
        let outcome = copy(io::repeat(0), io::sink(), 1 << 20, Pace::ORDINARY, |_| ());
        assert!(matches!(outcome, Err(Failure::Permanent(_))));
    }

    #[test]
    fn a_body_that_drips_is_given_up_with_the_rule_and_so_is_one_that_takes_for_ever() {
        let pace =
            Pace { least: 100_000, window: Duration::from_millis(50), total: Duration::from_millis(200) };
        for (bytes, longest) in [(1, "50ms"), (1 << 14, "200ms")] {
            let outcome = copy(Drip(bytes), io::sink(), u64::MAX, pace, |_| ());
            let Err(Failure::Permanent(error)) = outcome else { panic!("given up for good") };
            let message = error.to_string();
            assert!(
                message.contains("too slow") && message.contains("100000 bytes a second over"),
                "{message}"
            );
            assert!(message.contains(longest), "{message}");
        }
    }
}
