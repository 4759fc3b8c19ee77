//! Keeps freed memory in the process.
//!
//! A training step allocates and frees buffers of 100 MB and more. By default glibc hands each back to the kernel and asks
//! for fresh, zeroed pages the next time; that was half of a step's time on the CPU. libtorch allocates through the
//! process's `posix_memalign`, so telling glibc once is enough.

/// Call it first thing in `main`, before threads exist.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn keep_freed_pages() {
    // One arena: another one could not grow beyond 64 MB, and would fall back to fresh mappings.
    let settings = [
        (libc::M_MMAP_MAX, 0),
        (libc::M_TRIM_THRESHOLD, i32::MAX),
        (libc::M_ARENA_MAX, 1),
        (libc::M_TOP_PAD, 64 << 20),
    ];
    for (parameter, value) in settings {
        // SAFETY: mallopt reads two integers; a setting it does not know changes nothing.
        unsafe { libc::mallopt(parameter, value) };
    }
}

/// Other allocators are left as they are.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn keep_freed_pages() {}
