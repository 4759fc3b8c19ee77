//! Large arrays, aligned to cache lines and, on Linux, backed by huge pages.
//!
//! *Invariant:* a buffer is zero when it is made, and keeps its address.

use std::ops::{Deref, DerefMut};

/// Numbers in a cache line.
const LINE: usize = 16;
#[cfg(target_os = "linux")]
const HUGE_PAGE: usize = 2 << 20;

/// A zeroed array that starts at a cache line.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    storage: Vec<f32>,
    start: usize,
    length: usize,
}

impl Buffer {
    pub(crate) fn zeroed(length: usize) -> Self {
        let mut storage = vec![0f32; length + LINE];
        ask_for_huge_pages(&mut storage);
        let start = storage.as_ptr().align_offset(LINE * size_of::<f32>()).min(LINE);
        Self { storage, start, length }
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.storage[self.start..self.start + self.length]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.storage[self.start..self.start + self.length]
    }
}

/// Fresh memory is handed out by the page; large pages make that, and every look-up of an address, cheaper.
#[cfg(target_os = "linux")]
fn ask_for_huge_pages(storage: &mut [f32]) {
    let range = storage.as_mut_ptr_range();
    let start = range.start.addr().next_multiple_of(HUGE_PAGE);
    let end = range.end.addr() / HUGE_PAGE * HUGE_PAGE;
    if start < end {
        let address = range.start.with_addr(start).cast();
        // SAFETY: the range lies within memory that this process owns, and the advice changes no content. A
        // kernel that cannot follow it says so, and nothing is lost.
        unsafe { libc::madvise(address, end - start, libc::MADV_HUGEPAGE) };
    }
}

#[cfg(not(target_os = "linux"))]
fn ask_for_huge_pages(_: &mut [f32]) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_starts_at_a_cache_line_and_is_zero() {
        for length in [0, 1, 17, 3 << 20] {
            let buffer = Buffer::zeroed(length);
            assert_eq!(buffer.len(), length);
            assert!(buffer.as_ptr().addr().is_multiple_of(64));
            assert!(buffer.iter().all(|&value| value == 0.0));
        }
    }
}
