//! Who holds a claim, and whether that process lives, where it can be seen.

use fs_err as fs;
use serde::{Deserialize, Serialize};
use std::ffi::OsStr;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

/// Who holds a claim; for people, and for processes on the same machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Owner {
    pub(super) host: String,
    /// Of the machine's boot, and of the namespace that the number of the process belongs to.
    pub(super) boot: String,
    pub(super) namespace: String,
    pub(super) pid: u32,
    /// When that process began, in the kernel's ticks: numbers come again.
    pub(super) began: u64,
    pub(super) slurm_job: Option<String>,
}

impl Owner {
    /// This process.
    ///
    /// # Errors
    /// A system without `/proc`.
    pub(super) fn here() -> io::Result<Self> {
        let line = |path: &str| fs::read_to_string(path).map(|text| text.trim().to_owned());
        let pid = std::process::id();
        // In some containers /proc shows the processes of another namespace.
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

    /// Whether the process lives, if it is one of those that can be seen from here.
    pub(super) fn lives_here(&self) -> Option<bool> {
        let here = Self::here().ok()?;
        if here.namespace.is_empty() || (&self.boot, &self.namespace) != (&here.boot, &here.namespace) {
            return None;
        }
        match began(&self.pid.to_string()) {
            // Numbers come again.
            Some(began) => Some(began == self.began),
            // Some systems hide the processes of other users.
            None => (!exists(self.pid)).then_some(false),
        }
    }
}

/// When a process began, in the kernel's ticks, which is never 0, but for one that has ended; none where it cannot be seen.
pub(super) fn began(process: &str) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // Behind the program's name, which may hold anything.
    let mut words = stat.rsplit_once(')')?.1.split_whitespace();
    let has_ended = matches!(words.next()?, "Z" | "X");
    let began = words.nth(18)?.parse().ok()?;
    Some(if has_ended { 0 } else { began })
}

/// Whether the kernel knows a process of this number.
fn exists(pid: u32) -> bool {
    let Ok(pid) = i32::try_from(pid) else { return false };
    // SAFETY: the signal 0 is none; nothing is sent.
    let asked = unsafe { libc::kill(pid, 0) };
    asked == 0 || io::Error::last_os_error().raw_os_error() != Some(libc::ESRCH)
}

/// A name that no other claim has, of any process on any machine.
pub(super) fn token() -> io::Result<String> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let Owner { boot, pid, began, .. } = Owner::here()?;
    let namespace = fs::read_link("/proc/self/ns/pid")?;
    let namespace: String = namespace.to_string_lossy().chars().filter(char::is_ascii_digit).collect();
    Ok(format!("{boot}-{namespace}-{pid}-{began}-{}", COUNT.fetch_add(1, Ordering::Relaxed)))
}
