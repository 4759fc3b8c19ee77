//! Loads and stores of whole vectors, which the kernels share.
//!
//! *Invariant:* the only place where a number's address becomes a vector's.

use pulp::Simd;

/// Channels are stored in rows of a multiple of this many numbers, whatever the instructions; the rest is
/// zero.
pub(crate) const ROW_UNIT: usize = 16;

/// Pixels that pass through the first cache level together.
pub(crate) const STRIP: usize = 64;

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
