//! Claims: the exclusive right to write into a folder, on any file system that supports renames.
//!
//! A lock of the operating system (`crate::lock`) fails on some file systems of clusters, holds on one node
//! only, or is granted to everybody. A claim needs no lock: it is the directory `.claim` in the folder, which
//! appears complete by one rename, and which holds a directory with a unique name. The owner writes every
//! file of the folder in there first, and renames it to its destination ([`atomic::stage`]). A process that
//! takes a claim over removes that directory before anything else: from then on no rename of the former owner
//! can succeed, however long it was suspended, and on whatever machine.
//!
//! A live owner increments a counter in a file, its heartbeat. An observer trusts no clock but its own: a
//! claim is dead if its counter has not changed for [`dead_after`] by the clock of the observing process. On
//! the machine where the owner ran nobody has to wait: if its process is gone, the claim is dead.
//!
//! *Invariant:* at any instant at most one process can put a file into the folder, and a released claim
//! leaves nothing.

mod owner;
#[cfg(test)]
mod tests;

use crate::atomic::{self, Staged, make_directories};
use fs_err as fs;
use owner::Owner;
use std::collections::{HashMap, HashSet};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The name of the claim, and the prefix of the names of its parts.
const CLAIM: &str = ".claim";
const OWNER: &str = "owner.json";
const BEAT: &str = "beat";
/// The number of heartbeats in the time after which a claim is dead.
const BEATS: u32 = 12;
/// The number of attempts, in each of which another process may be faster, before this process tries again
/// later.
const TRIES: usize = 8;

/// The environment variable with the seconds without a heartbeat after which a claim is dead; all processes
/// that share a folder must agree on it.
pub const SECONDS: &str = "RANKSCALE_CLAIM_SECONDS";

/// Returns how long a heartbeat must have been unchanged: a minute, unless the environment says otherwise.
#[must_use]
pub fn dead_after() -> Duration {
    static SECONDS_SET: LazyLock<u64> = LazyLock::new(|| {
        let set = std::env::var(SECONDS).ok().and_then(|text| text.parse().ok());
        set.filter(|seconds| (1..=86_400).contains(seconds)).unwrap_or(60)
    });
    Duration::from_secs(*SECONDS_SET)
}

/// The outcome of asking for a claim.
#[derive(Debug)]
pub enum Wish {
    /// The claim is granted.
    Granted(Claim),
    /// The owner of the claim is alive.
    Taken,
    /// It is not known yet whether the owner is alive: ask again.
    Unknown,
}

/// A claim that this process holds.
#[derive(Debug)]
pub struct Claim {
    folder: PathBuf,
    token: String,
    _staged: Staged,
    heart: Option<(Sender<()>, JoinHandle<()>)>,
}

/// A claim as another process sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    token: String,
    beat: Vec<u8>,
    owner: Option<Owner>,
}

/// What is remembered of another process's claim between two observations.
#[derive(Debug)]
struct Watched {
    seen: Seen,
    since: Instant,
    /// Whether its heartbeat was seen to change.
    beats: bool,
}

/// The observed claims of others, by folder.
static WATCHED: LazyLock<Mutex<HashMap<PathBuf, Watched>>> = LazyLock::new(Mutex::default);
static OURS: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);

impl Claim {
    /// Asks for the claim of a folder, which is created if necessary. The claim of a dead owner is taken
    /// over.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn wish(folder: &Path) -> io::Result<Wish> {
        make_directories(folder)?;
        let token = owner::token()?;
        for _ in 0..TRIES {
            if let Some(seen) = Seen::read(folder)? {
                match judged(folder, &seen) {
                    Some(true) => return Ok(Wish::Taken),
                    None => return Ok(Wish::Unknown),
                    Some(false) => bury(folder, &seen.token, &token)?,
                }
            }
            if raise(folder, &token)? {
                lock(&WATCHED).remove(folder);
                return Self::begin(folder, token).map(Wish::Granted);
            }
        }
        Ok(Wish::Unknown)
    }

    /// Registers a claim that was just raised; from here on it is released whatever happens.
    fn begin(folder: &Path, token: String) -> io::Result<Self> {
        lock(&OURS).insert(token.clone());
        let staging = folder.join(CLAIM).join(&token);
        let (folder, beat) = (folder.to_owned(), staging.join(BEAT));
        let staged = atomic::stage(&folder, staging);
        let mut claim = Self { folder, token, _staged: staged, heart: None };
        // The remains of other claims are removed first, because as long as they exist their owners might
        // write from them.
        for path in parts(&claim.folder)? {
            clear(&path)?;
        }
        let (sender, receiver) = channel();
        let thread = std::thread::Builder::new().name("heartbeat".to_owned()).spawn(move || {
            let mut count: u64 = 0;
            while receiver.recv_timeout(dead_after() / BEATS) == Err(RecvTimeoutError::Timeout) {
                count += 1;
                // A disk that is full now may have space at the next heartbeat, and a lost claim is noticed
                // at the next file.
                let _ = fs::write(&beat, count.to_string());
            }
        })?;
        claim.heart = Some((sender, thread));
        Ok(claim)
    }

    /// Returns whether another process has taken the claim over.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        !self.folder.join(CLAIM).join(&self.token).is_dir()
    }

    /// Follows the folder to another path, where the claim is released.
    pub fn moved(&mut self, folder: &Path) {
        folder.clone_into(&mut self.folder);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Some((sender, thread)) = self.heart.take() {
            drop(sender);
            let _ = thread.join();
        }
        if !self.is_lost() {
            let _ = bury(&self.folder, &self.token, &self.token);
        }
        lock(&OURS).remove(&self.token);
    }
}

/// Returns whether it is still unknown if the owner of this folder's claim is alive. It becomes known within
/// [`dead_after`] to a process that keeps observing.
#[must_use]
pub fn is_unknown(folder: &Path) -> bool {
    let watched = lock(&WATCHED);
    watched.get(folder).is_some_and(|watched| !watched.beats) && is_there(folder)
}

/// Returns whether a folder has a claim, dead or alive.
#[must_use]
pub fn is_there(folder: &Path) -> bool {
    folder.join(CLAIM).exists()
}

/// Returns whether a folder holds a claim or remains of one.
///
/// # Errors
/// Those of the file system.
pub fn has_leftovers(folder: &Path) -> io::Result<bool> {
    Ok(folder.exists() && (is_there(folder) || !parts(folder)?.is_empty()))
}

/// Returns whether the owner of a claim is alive; `None` if that is not known yet.
fn judged(folder: &Path, seen: &Seen) -> Option<bool> {
    if let Some(owner) = &seen.owner
        && let Some(lives) = owner.lives_here()
    {
        // A claim of this process that could not be released has no owner any more.
        let ours = owner.pid == std::process::id();
        return Some(lives && (!ours || lock(&OURS).contains(&seen.token)));
    }
    let mut all = lock(&WATCHED);
    let fresh = |beats| Watched { seen: seen.clone(), since: Instant::now(), beats };
    let watched = all.entry(folder.to_owned()).or_insert_with(|| fresh(false));
    if watched.seen != *seen {
        *watched = fresh(watched.seen.token == seen.token);
    }
    if watched.since.elapsed() >= dead_after() { Some(false) } else { watched.beats.then_some(true) }
}

impl Seen {
    /// Reads the claim of a folder, if there is one.
    fn read(folder: &Path) -> io::Result<Option<Self>> {
        let claim = folder.join(CLAIM);
        let entries = match fs::read_dir(&claim) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            entries => entries?,
        };
        let Some(entry) = entries.into_iter().next() else { return Ok(None) };
        let entry = entry?;
        // Either file may be gone by now, or not exist yet.
        let beat = fs::read(entry.path().join(BEAT)).unwrap_or_default();
        let owner =
            fs::read(entry.path().join(OWNER)).ok().and_then(|text| serde_json::from_slice(&text).ok());
        Ok(Some(Self { token: entry.file_name().to_string_lossy().into_owned(), beat, owner }))
    }
}

/// Creates a claim that appears complete; false if another process was faster.
fn raise(folder: &Path, token: &str) -> io::Result<bool> {
    let fresh = folder.join(format!("{CLAIM}-new-{token}"));
    let made = (|| {
        fs::create_dir(&fresh)?;
        fs::create_dir(fresh.join(token))?;
        let owner = atomic::json(&Owner::here()?)?;
        let mut file = fs::File::create(fresh.join(token).join(OWNER))?;
        file.write_all(&owner)?;
        // After a power failure, a claim without an owner would have to be observed for a minute.
        file.sync_all()?;
        std::fs::rename(&fresh, folder.join(CLAIM))
    })();
    let Err(error) = made else { return Ok(true) };
    clear(&fresh)?;
    match error.kind() {
        // Another claim exists, or its new owner has removed ours.
        ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists | ErrorKind::NotFound => Ok(false),
        _ => Err(io::Error::new(error.kind(), format!("{}: cannot be claimed: {error}", folder.display()))),
    }
}

/// Takes a claim away from the owner with this token; if another owner has taken it over in the meantime, its
/// claim stays.
fn bury(folder: &Path, token: &str, by: &str) -> io::Result<()> {
    let (claim, grave) = (folder.join(CLAIM), folder.join(format!("{CLAIM}-old-{by}")));
    match std::fs::rename(&claim, &grave) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        moved => moved?,
    }
    // A process that loses its claim here stops at its next file, and its run is resumed.
    if !grave.join(token).is_dir() && std::fs::rename(&grave, &claim).is_ok() {
        return Ok(());
    }
    clear(&grave)
}

/// Returns the remains of claims: those being created, and those being removed.
fn parts(folder: &Path) -> io::Result<Vec<PathBuf>> {
    atomic::with_prefix(folder, &format!("{CLAIM}-"))
}

/// Removes a directory with its contents, including what its former owner adds meanwhile.
fn clear(path: &Path) -> io::Result<()> {
    let mut last = Ok(());
    for _ in 0..100 {
        last = match fs::remove_dir_all(path) {
            Err(error) if error.kind() == ErrorKind::NotFound && !path.exists() => Ok(()),
            removed => removed,
        };
        if last.is_ok() {
            return Ok(());
        }
    }
    last
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
