//! Mutual exclusion between runs on GPUs.
//!
//! While a stream of a GPU is recorded, no thread may synchronise with the whole GPU: that invalidates the
//! recording (CUDA C++ Programming Guide, "Prohibited and Unhandled Operations"). Freeing device memory
//! synchronises, and by observation (`docs/gpu.md`) libraries do so when they choose and load their kernels.
//! A run does these in its first updates, in its first evaluation and at its end, under a lock; otherwise it
//! runs beside the others. The lock is one for all GPUs, because libtorch gives memory back on all of them.

use crate::engine::ways::Ways;
use std::sync::{Mutex, MutexGuard, PoisonError};

static ALONE: Mutex<()> = Mutex::new(());

/// A run's share in a GPU. When dropped, it frees the device memory that is no longer used.
#[derive(Debug)]
pub(super) struct Alone {
    /// Whether steps are recorded on a GPU; otherwise no locking is needed.
    records: bool,
}

impl Alone {
    pub(super) fn on(device: tch::Device, ways: Ways) -> Self {
        // A stream that other threads use cannot be recorded.
        Self { records: ways.recorded && ways.of_its_own && matches!(device, tch::Device::Cuda(_)) }
    }

    /// Returns whether steps are recorded on this GPU.
    #[cfg(libtorch_cuda)]
    pub(super) fn records(&self) -> bool {
        self.records
    }

    /// Waits until no other run is alone on a GPU.
    #[must_use]
    pub(super) fn hold(&self) -> Option<MutexGuard<'static, ()>> {
        self.records.then(|| ALONE.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(libtorch_cuda)]
impl Drop for Alone {
    fn drop(&mut self) {
        let held = self.hold();
        if held.is_some() {
            super::cuda::give_back();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    #[test]
    fn runs_that_record_wait_for_each_other_and_others_for_nobody() {
        let recorded = Ways { recorded: true, of_its_own: true, ..Ways::CPU };
        let on = |index| Alone::on(tch::Device::Cuda(index), recorded);
        assert!(Alone::on(tch::Device::Cpu, recorded).hold().is_none());
        assert!(Alone::on(tch::Device::Cuda(7), Ways::CPU).hold().is_none());
        let shared = Ways { of_its_own: false, ..recorded };
        assert!(Alone::on(tch::Device::Cuda(7), shared).hold().is_none());

        // The runs outlive their locks: at the end of a run it waits for the lock itself.
        let (first, second) = (on(40), on(41));
        let (held, (began, begins)) = (first.hold(), mpsc::channel());
        assert!(held.is_some());
        thread::scope(|scope| {
            scope.spawn(|| {
                let held = second.hold();
                began.send(held.is_some()).unwrap();
            });
            assert!(begins.recv_timeout(Duration::from_millis(100)).is_err(), "two at once");
            drop(held);
            assert_eq!(begins.recv_timeout(Duration::from_mins(1)), Ok(true));
        });
    }
}
