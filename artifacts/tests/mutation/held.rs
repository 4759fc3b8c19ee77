//! Limits the time and the memory of a reader, with a counting allocator.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The most memory that a reader may allocate at once: the limit of an unpacked file, and a quarter of it for
/// the parsed values.
pub const MOST: usize = (1 << 30) + (1 << 28);
/// The most time that a reader of a few kilobytes may take.
const PATIENCE: Duration = Duration::from_secs(20);

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator with a counter. It refuses requests far beyond [`MOST`].
struct Counted;

fn counted(bytes: usize) -> bool {
    let now = NOW.fetch_add(bytes, Relaxed) + bytes;
    PEAK.fetch_max(now, Relaxed);
    bytes <= 4 * MOST
}

// SAFETY: every call is the system allocator's own, or gives nothing; counting touches no memory of it.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !counted(layout.size()) {
            return ptr::null_mut();
        }
        // SAFETY: the caller's promises are the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if !counted(layout.size()) {
            return ptr::null_mut();
        }
        // SAFETY: the caller's promises are the system allocator's.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, address: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's promises are the system allocator's.
        unsafe { System.dealloc(address, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counted = Counted;

/// Returns the result of `read`, after checking its time and memory.
pub fn held<T>(read: impl FnOnce() -> T) -> T {
    // One reader at a time, because memory is counted for the whole program.
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (start, before) = (Instant::now(), NOW.load(Relaxed));
    PEAK.store(before, Relaxed);
    let found = read();
    let (took, peak) = (start.elapsed(), PEAK.load(Relaxed).saturating_sub(before));
    assert!(peak <= MOST, "asked for {peak} bytes");
    assert!(took <= PATIENCE, "took {took:?}");
    found
}
