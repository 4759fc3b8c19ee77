//! What libtorch offers on a GPU and its binding has no words for; `cuda.cpp` is the other half.
//!
//! A step of this network is some hundreds of small pieces of work for a GPU. Asking for them one by one can take the host longer than the
//! GPU needs to do them, so a step is recorded once, as a CUDA graph, and played again for every update.
//!
//! *Invariant:* a recording reads and writes fixed places in memory. What differs between updates (images, rates) lies on the device
//! before it is played, and nothing in it waits for the host.

#![allow(unsafe_code, reason = "calls C++")]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::NonNull;

unsafe extern "C" {
    safe fn rankscale_of_its_own(device: c_int) -> *const c_char;
    safe fn rankscale_recording_new() -> *mut c_void;
    fn rankscale_recording_free(recording: *mut c_void);
    fn rankscale_recording_begin(recording: *mut c_void) -> *const c_char;
    fn rankscale_recording_end(recording: *mut c_void) -> *const c_char;
    fn rankscale_recording_play(recording: *mut c_void) -> *const c_char;
}

/// What a call says, as the binding's own calls do: by a panic that names libtorch's error, see [`crate::machine::contained`].
fn checked(message: *const c_char) {
    if !message.is_null() {
        // SAFETY: a string that ends in a zero and lasts until this thread's next call.
        panic!("{}", unsafe { CStr::from_ptr(message) }.to_string_lossy());
    }
}

/// The calling thread computes on a stream of its own from now on, and runs its backward passes itself.
pub(super) fn of_its_own(index: usize) {
    checked(rankscale_of_its_own(c_int::try_from(index).expect("CUDA counts GPUs so")));
}

/// Work for the GPU of one thread, recorded.
#[derive(Debug)]
pub(super) struct Recording(NonNull<c_void>);

impl Recording {
    /// Records what `work` asks of the GPU; none of it is done.
    pub(super) fn of(work: impl FnOnce()) -> Self {
        let recording =
            Self(NonNull::new(rankscale_recording_new()).expect("C++ throws where it has no memory"));
        // SAFETY: the recording is there, and is begun and ended once.
        checked(unsafe { rankscale_recording_begin(recording.0.as_ptr()) });
        let worked = catch_unwind(AssertUnwindSafe(work));
        // SAFETY: as above. A thread must not be left recording, whatever became of the work.
        let ended = unsafe { rankscale_recording_end(recording.0.as_ptr()) };
        if let Err(panic) = worked {
            resume_unwind(panic);
        }
        checked(ended);
        recording
    }

    /// Asks the GPU to do all of it.
    pub(super) fn play(&self) {
        // SAFETY: it was recorded to its end.
        checked(unsafe { rankscale_recording_play(self.0.as_ptr()) });
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        // SAFETY: it was made by the other half, and nobody else has it.
        unsafe { rankscale_recording_free(self.0.as_ptr()) };
    }
}
