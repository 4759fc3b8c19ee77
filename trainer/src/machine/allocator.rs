//! The allocator's settings: memory stays with the process once it has it.
//!
//! *Invariant:* a setting changes speed, never a number.

/// Keeps freed memory in the process. Call it first thing in `main`, before threads exist.
///
/// A training step allocates and frees buffers of 100 MB and more. By default glibc hands each back to the kernel and asks
/// for fresh, zeroed pages the next time; that was half of a step's time on the CPU. libtorch allocates through the
/// process's `posix_memalign`, so telling glibc once is enough.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn keep_freed_pages() {
    // One arena: another one could not grow beyond 64 MB, and would fall back to fresh mappings.
    let settings = [
        (libc::M_MMAP_MAX, 0),
        // Never: two gigabytes, the largest threshold an int can hold, is less than a step of libtorch frees.
        (libc::M_TRIM_THRESHOLD, -1),
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

/// Asks the kernel for huge pages in the next so many bytes of the heap, which nobody has touched yet.
#[cfg(all(feature = "tch", target_os = "linux", target_env = "gnu"))]
pub(crate) fn prefer_huge_pages(bytes: u64) {
    const PAGE: usize = 2 << 20;
    let bytes = (bytes as usize).next_multiple_of(PAGE);
    // SAFETY: the block is this function's own; the advice changes no content, and once pages are kept it outlasts `free`.
    unsafe {
        let block = libc::memalign(PAGE, bytes);
        if !block.is_null() {
            libc::madvise(block, bytes, libc::MADV_HUGEPAGE);
            libc::free(block);
        }
    }
}

/// Others are not asked.
#[cfg(all(feature = "tch", not(all(target_os = "linux", target_env = "gnu"))))]
pub(crate) fn prefer_huge_pages(_: u64) {}
