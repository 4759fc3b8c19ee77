//! Mutual exclusion between runs on the same GPU.
//!
//! While a stream of a GPU is recorded, no thread may synchronise with the whole GPU: that invalidates the
//! recording (CUDA C++ Programming Guide, "Prohibited and Unhandled Operations"). Freeing device memory
//! synchronises, and by observation (`docs/gpu.md`) libraries do so when they choose and load their kernels.
//! A run does these in its first updates, in its first evaluation and at its end, under a lock; otherwise it
//! runs beside the others.

use crate::engine::ways::Ways;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The number of locks. GPUs with an index beyond it share locks with others.
const PLACES: usize = 64;
static PLACE: [Mutex<()>; PLACES] = [const { Mutex::new(()) }; PLACES];

/// A run's share in a GPU. When dropped, it frees the device memory that is no longer used.
#[derive(Debug)]
pub(super) struct Alone {
    /// The GPU, if steps are recorded on it; otherwise no locking is needed.
    gpu: Option<usize>,
}

impl Alone {
    pub(super) fn on(device: tch::Device, ways: Ways) -> Self {
        match device {
            tch::Device::Cuda(index) if ways.recorded => Self { gpu: Some(index) },
            _ => Self { gpu: None },
        }
    }

    /// Returns whether steps are recorded on this GPU.
    #[cfg(libtorch_cuda)]
    pub(super) fn records(&self) -> bool {
        self.gpu.is_some()
    }

    /// Locks the GPU for this run.
    #[must_use]
    pub(super) fn hold(&self) -> Option<MutexGuard<'static, ()>> {
        self.gpu.map(|index| PLACE[index % PLACES].lock().unwrap_or_else(PoisonError::into_inner))
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
    fn runs_on_one_gpu_wait_for_each_other_and_for_nobody_elsewhere() {
        let recorded = Ways { recorded: true, ..Ways::CPU };
        let on = |index| Alone::on(tch::Device::Cuda(index), recorded);
        assert!(Alone::on(tch::Device::Cpu, recorded).hold().is_none());
        assert!(Alone::on(tch::Device::Cuda(7), Ways::CPU).hold().is_none());

        let (first, (began, begins)) = (on(40).hold(), mpsc::channel());
        assert!(first.is_some() && on(41).hold().is_some());
        thread::scope(|scope| {
            scope.spawn(|| {
                let held = on(40).hold();
                began.send(held.is_some()).unwrap();
            });
            assert!(begins.recv_timeout(Duration::from_millis(100)).is_err(), "two at once on one GPU");
            drop(first);
            assert_eq!(begins.recv_timeout(Duration::from_mins(1)), Ok(true));
        });
    }
}
