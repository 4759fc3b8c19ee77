//! The owner of a claim, and whether its process is alive, if that can be seen.

use fs_err as fs;
use serde::{Deserialize, Serialize};
use std::ffi::OsStr;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

/// The owner of a claim, for people, and for processes on the same machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Owner {
    pub(super) host: String,
    /// Identifiers of the machine's boot, and of the PID namespace.
    pub(super) boot: String,
    pub(super) namespace: String,
    pub(super) pid: u32,
    /// The start time of the process, in clock ticks, because process ids are reused.
    pub(super) began: u64,
    pub(super) slurm_job: Option<String>,
}

impl Owner {
    /// Describes this process.
    ///
    /// # Errors
    /// The system has no `/proc`.
    pub(super) fn here() -> io::Result<Self> {
        let line = |path: &str| fs::read_to_string(path).map(|text| text.trim().to_owned());
        let pid = std::process::id();
        // In some containers `/proc` shows the processes of another namespace.
        let in_view = fs::read_link("/proc/self")?.as_os_str() == OsStr::new(&pid.to_string());
        let namespace = fs::read_link("/proc/self/ns/pid")?.to_string_lossy().into_owned();
        Ok(Self {
            host: line("/proc/sys/kernel/hostname")?,
            boot: line("/proc/sys/kernel/random/boot_id")?,
            namespace: if in_view { namespace } else { String::new() },
            pid,
            began: began("self").ok_or_else(|| io::Error::other("/proc does not show this process"))?,
            slurm_job: std::env::var("SLURM_JOB_ID").ok(),
        })
    }

    /// Returns whether the process is alive, if it can be seen from here.
    pub(super) fn lives_here(&self) -> Option<bool> {
        let here = Self::here().ok()?;
        if here.namespace.is_empty() || (&self.boot, &self.namespace) != (&here.boot, &here.namespace) {
            return None;
        }
        match began(&self.pid.to_string()) {
            // Process ids are reused.
            Some(began) => Some(began == self.began),
            // Some systems hide the processes of other users.
            None => (!exists(self.pid)).then_some(false),
        }
    }
}

/// Returns the start time of a process in clock ticks, or 0 for one that has ended (a zombie); `None` if it
/// cannot be seen.
pub(super) fn began(process: &str) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The fields follow the program's name, which may contain anything.
    let mut words = stat.rsplit_once(')')?.1.split_whitespace();
    let has_ended = matches!(words.next()?, "Z" | "X");
    let began = words.nth(18)?.parse().ok()?;
    Some(if has_ended { 0 } else { began })
}

/// Returns whether the kernel knows a process with this id.
fn exists(pid: u32) -> bool {
    let Ok(pid) = i32::try_from(pid) else { return false };
    // SAFETY: signal 0 is not delivered; the call only checks whether the process exists.
    let asked = unsafe { libc::kill(pid, 0) };
    asked == 0 || io::Error::last_os_error().raw_os_error() != Some(libc::ESRCH)
}

/// Returns a name that is unique among the claims of all processes on all machines.
pub(super) fn token() -> io::Result<String> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let Owner { boot, pid, began, .. } = Owner::here()?;
    let namespace = fs::read_link("/proc/self/ns/pid")?;
    let namespace: String = namespace.to_string_lossy().chars().filter(char::is_ascii_digit).collect();
    Ok(format!("{boot}-{namespace}-{pid}-{began}-{}", COUNT.fetch_add(1, Ordering::Relaxed)))
}
