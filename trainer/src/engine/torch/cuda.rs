//! CUDA features of libtorch that its Rust binding lacks; `cuda.cpp` is the C++ half.
//!
//! A step of this network is some hundreds of small kernels. Launching them one by one can take the host
//! longer than the GPU needs to compute them, so a step is recorded once, as a CUDA graph, and replayed for
//! every update.
//!
//! *Invariant:* a recording reads and writes fixed addresses. What differs between updates (images, learning
//! rates) is on the device before it is replayed, and nothing in it synchronises with the host.

#![allow(unsafe_code, reason = "calls C++")]

use std::ffi::{CStr, CString, c_char, c_double, c_int, c_void};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::{self, NonNull};
use std::sync::LazyLock;
use tch::Tensor;

unsafe extern "C" {
    safe fn rankscale_of_its_own(device: c_int) -> *const c_char;
    safe fn rankscale_give_back() -> *const c_char;
    safe fn rankscale_recording_new() -> *mut c_void;
    fn rankscale_recording_free(recording: *mut c_void);
    fn rankscale_recording_begin(recording: *mut c_void) -> *const c_char;
    fn rankscale_recording_end(recording: *mut c_void) -> *const c_char;
    fn rankscale_recording_play(recording: *mut c_void) -> *const c_char;
    fn rankscale_norm_source(text: *const c_char);
    fn rankscale_norm(
        y: *const c_void,
        weight: *const c_void,
        bias: *const c_void,
        running_mean: *const c_void,
        running_variance: *const c_void,
        residual: *const c_void,
        pooled: c_int,
        momentum: c_double,
        epsilon: c_double,
        out: *mut *mut c_void,
    ) -> *const c_char;
}

/// The kernels of `norm.cu`, which the GPU's run-time compiler compiles when they are first used.
static NORM: LazyLock<CString> = LazyLock::new(|| {
    let text = CString::new(include_str!("norm.cu")).expect("a text without zeros");
    // SAFETY: it lives as long as the process.
    unsafe { rankscale_norm_source(text.as_ptr()) };
    text
});

/// Checks the result of a call as the binding's own calls do: by a panic that contains libtorch's error, see
/// [`crate::machine::contained`].
fn checked(message: *const c_char) {
    // SAFETY: a string that ends in a zero and lasts until this thread's next call.
    assert!(message.is_null(), "{}", unsafe { CStr::from_ptr(message) }.to_string_lossy());
}

/// Makes the calling thread compute on a stream of its own from now on, and run its backward passes itself.
pub(super) fn of_its_own(index: usize) {
    checked(rankscale_of_its_own(c_int::try_from(index).expect("CUDA counts GPUs so")));
}

/// Frees the device memory that no tensor of this process uses any more. An error is ignored: it belongs to
/// another run, which meets it in its own next step.
pub(super) fn give_back() {
    let _ = rankscale_give_back();
}

/// The tensors of batch norm besides its input: weight, bias, and the running statistics that it updates.
pub(super) struct Statistics<'a> {
    pub(super) weight: &'a Tensor,
    pub(super) bias: &'a Tensor,
    pub(super) running_mean: &'a Tensor,
    pub(super) running_variance: &'a Tensor,
}

/// Returns whether [`norm`] supports the channels of a tensor: a thread block's 256 threads each read 16
/// bytes.
pub(super) fn has_norm_for(y: &Tensor) -> bool {
    let each = match y.kind() {
        tch::Kind::Float => 4,
        tch::Kind::BFloat16 | tch::Kind::Half => 8,
        _ => return false,
    };
    let columns = y.size()[1] / each;
    y.size()[1] % each == 0
        && (1..=256).contains(&columns)
        && columns.count_ones() == 1
        && matches!(y.device(), tch::Device::Cuda(_))
}

/// Computes batch norm of a batch and ReLU, then a 2x2 max pool or the sum with `residual`.
pub(super) fn norm(
    y: &Tensor,
    statistics: &Statistics<'_>,
    residual: Option<&Tensor>,
    pooled: bool,
    (momentum, epsilon): (f64, f64),
) -> Tensor {
    LazyLock::force(&NORM);
    let of = |tensor: &Tensor| tensor.as_ptr().cast::<c_void>();
    let mut out = ptr::null_mut();
    // SAFETY: tensors that live through the call; `out` is a new one where it succeeds.
    unsafe {
        checked(rankscale_norm(
            of(y),
            of(statistics.weight),
            of(statistics.bias),
            of(statistics.running_mean),
            of(statistics.running_variance),
            residual.map_or(ptr::null(), of),
            c_int::from(pooled),
            momentum,
            epsilon,
            &raw mut out,
        ));
        Tensor::from_ptr(out.cast())
    }
}

/// The recorded GPU work of one thread.
#[derive(Debug)]
pub(super) struct Recording(NonNull<c_void>);

impl Recording {
    /// Records the GPU work that `work` launches, without executing it.
    pub(super) fn of(work: impl FnOnce()) -> Self {
        let recording =
            Self(NonNull::new(rankscale_recording_new()).expect("C++ throws where it has no memory"));
        // SAFETY: the recording is there, and is begun and ended once.
        let begun = unsafe { rankscale_recording_begin(recording.0.as_ptr()) };
        let recording = recording.unless(begun);
        let worked = catch_unwind(AssertUnwindSafe(work));
        // SAFETY: as above. A thread must not be left recording, whatever became of the work.
        let ended = unsafe { rankscale_recording_end(recording.0.as_ptr()) };
        if let Err(panic) = worked {
            if !ended.is_null() {
                mem::forget(recording);
            }
            resume_unwind(panic);
        }
        recording.unless(ended)
    }

    /// Returns the recording, or breaks off with the message of what failed. libtorch's allocator then still
    /// refers to it, so it is never freed.
    fn unless(self, message: *const c_char) -> Self {
        if message.is_null() {
            return self;
        }
        mem::forget(self);
        checked(message);
        unreachable!("a message is an error")
    }

    /// Launches all of the recorded work.
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
