//! The allocator's settings: freed memory stays with the process while a run trains, and is given back
//! between runs.
//!
//! *Invariant:* a setting changes speed, never a number.

/// Keeps freed memory in the process. Must be called first in `main`, before threads exist.
///
/// A training step allocates and frees buffers of 100 MB and more. By default glibc returns each to the
/// kernel and requests fresh, zeroed pages the next time; that was half of a step's time on the CPU. libtorch
/// allocates through the process's `posix_memalign`, so configuring glibc once is enough.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn keep_freed_pages() {
    // One arena: another one could not grow beyond 64 MB, and would fall back to fresh mappings.
    let settings = [
        (libc::M_MMAP_MAX, 0),
        // -1 disables trimming: the largest threshold an int can hold, two gigabytes, is less than a step of
        // libtorch frees.
        (libc::M_TRIM_THRESHOLD, -1),
        (libc::M_ARENA_MAX, 1),
        (libc::M_TOP_PAD, 64 << 20),
    ];
    for (parameter, value) in settings {
        // SAFETY: mallopt reads two integers; a setting it does not know changes nothing.
        unsafe { libc::mallopt(parameter, value) };
    }
}

/// Does nothing: other allocators keep their settings.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn keep_freed_pages() {}

/// Gives the pages that are free now back to the system. What the next run allocates has other sizes, so
/// freed blocks between those in use would otherwise add to its own: up to a tenth at rankscale 31.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn give_back() {
    // SAFETY: it changes no block in use.
    unsafe { libc::malloc_trim(0) };
}

/// Does nothing: other allocators do so by themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn give_back() {}

/// Asks the kernel for huge pages for the next `bytes` bytes of the heap, which have not been touched yet.
#[cfg(all(feature = "tch", target_os = "linux", target_env = "gnu"))]
pub(crate) fn prefer_huge_pages(bytes: u64) {
    const PAGE: usize = 2 << 20;
    let bytes = (bytes as usize).next_multiple_of(PAGE);
    // SAFETY: the block is this function's own; the advice changes no content, and once pages are kept it
    // outlasts `free`.
    unsafe {
        let block = libc::memalign(PAGE, bytes);
        if !block.is_null() {
            libc::madvise(block, bytes, libc::MADV_HUGEPAGE);
            libc::free(block);
        }
    }
}

/// Does nothing on other systems.
#[cfg(all(feature = "tch", not(all(target_os = "linux", target_env = "gnu"))))]
pub(crate) fn prefer_huge_pages(_: u64) {}
