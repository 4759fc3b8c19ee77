//! Loads and stores of whole vectors, which the kernels share.
//!
//! *Invariant:* the only place where a number's address becomes a vector's.

use pulp::Simd;
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

/// Channels are stored in rows of a multiple of this many numbers, whatever the instructions; the rest is
/// zero.
pub(crate) const ROW_UNIT: usize = 16;

/// Pixels that pass through the first cache level together.
pub(crate) const STRIP: usize = 64;

/// Bytes of a cache line.
#[cfg(target_arch = "x86_64")]
const LINE: usize = 64;

/// Returns how many numbers a row of `width` numbers takes in memory.
pub(crate) const fn pitch(width: usize) -> usize {
    width.next_multiple_of(ROW_UNIT)
}

/// Returns how many it takes in scratch memory, where rows whose pitch is a power of two would compete for
/// the same cache sets.
pub(crate) const fn scratch_pitch(width: usize) -> usize {
    pitch(width) + ROW_UNIT
}

/// Returns how many numbers the whole vectors of a row hold, which are within its pitch.
#[inline(always)]
pub(crate) fn whole_vectors<S: Simd>(width: usize) -> usize {
    const { assert!(ROW_UNIT.is_multiple_of(S::F32_LANES)) };
    width.next_multiple_of(S::F32_LANES)
}

/// Asks the processor for numbers that will be read soon. They need not be there: nothing is read.
#[inline(always)]
pub(crate) fn prefetch<T>(address: *const T, count: usize) {
    #[cfg(target_arch = "x86_64")]
    for byte in (0..count * size_of::<T>()).step_by(LINE) {
        // SAFETY: a prefetch of any address is only a hint.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast::<i8>().wrapping_add(byte)) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (address, count);
}

/// # Safety
/// `S::F32_LANES` numbers must be readable at `address`.
#[inline(always)]
pub(crate) unsafe fn load<S: Simd>(address: *const f32) -> S::f32s {
    // SAFETY: the caller's promise; a vector is as many plain numbers, and the load asks for no alignment.
    unsafe { address.cast::<S::f32s>().read_unaligned() }
}

/// # Safety
/// `S::F32_LANES` numbers must be writable at `address`.
#[inline(always)]
pub(crate) unsafe fn store<S: Simd>(address: *mut f32, values: S::f32s) {
    // SAFETY: the caller's promise; a vector is as many plain numbers, and the store asks for no alignment.
    unsafe { address.cast::<S::f32s>().write_unaligned(values) }
}

/// Sets to zero what is below zero. What is not a number stays so, for a run that diverges must not look
/// well.
#[inline(always)]
pub(crate) fn rectify<S: Simd>(simd: S, values: S::f32s) -> S::f32s {
    let zero = simd.splat_f32s(0.0);
    simd.select_f32s(simd.less_than_f32s(values, zero), zero, values)
}
