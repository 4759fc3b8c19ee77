//! Memory: what the process has taken, and what it may still take.
//!
//! The free memory is [`Available`]; a run that does not fit is [`TooLarge`].

mod available;
mod groups;

pub use available::{Available, Bound};

use crate::machine::device::Device;
use crate::machine::gpu::{cuda_memory, free_memory};
use fs_err as fs;
use std::path::Path;

/// Returns the peak resident memory of the process in bytes, if the system reports it.
#[must_use]
pub fn peak() -> Option<u64> {
    available::kibibytes(&fs::read_to_string("/proc/self/status").ok()?, "VmHWM:")
}

/// Returns the bytes that runs may take on a device; unbounded if the system does not report it.
#[must_use]
pub fn free(device: Device) -> Available {
    match device {
        Device::Cpu => available::available(Path::new("/")),
        Device::Cuda(index) => {
            Available { bytes: free_memory(index).unwrap_or(u64::MAX), bound: Bound::Device }
        }
    }
}

/// Returns the bytes of a GPU's memory that are in use by any process, if CUDA reports it. libtorch gives
/// memory back when a step is recorded and not after, so this is the most that a run takes from then on, and
/// perhaps less than its first updates took.
#[must_use]
pub fn taken(device: Device) -> Option<u64> {
    match device {
        Device::Cpu => None,
        Device::Cuda(index) => cuda_memory(index).map(|(free, total)| total.saturating_sub(free)),
    }
}

/// A run for which no device has enough memory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "it needs about {} MiB of memory, and {device} has {} MiB free ({}): use a smaller batch, {}, or take another machine",
    .needed.div_ceil(1 << 20), .free.bytes >> 20, .free.bound, .free.bound.remedy()
)]
pub struct TooLarge {
    needed: u64,
    free: Available,
    device: Device,
}

/// Checks that a run of `needed` bytes fits into one of these devices by itself.
///
/// # Errors
/// It does not fit; the error names the device with the most free memory.
pub fn fits(needed: u64, devices: &[(Device, Available)]) -> Result<(), TooLarge> {
    match devices.iter().max_by_key(|(_, free)| free.bytes) {
        Some((device, free)) if needed > free.bytes => {
            Err(TooLarge { needed, free: free.clone(), device: *device })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_told_what_it_needs_what_there_is_and_why() {
        let free = |mebibytes: u64, bound| Available { bytes: mebibytes << 20, bound };
        let devices = [
            (Device::Cpu, free(50, Bound::Group("/job".into()))),
            (Device::Cuda(0), free(100, Bound::Device)),
        ];
        assert_eq!(fits(100 << 20, &devices), Ok(()));
        let message = fits((100 << 20) + 1, &devices).unwrap_err().to_string();
        assert!(message.contains("101 MiB") && message.contains("cuda:0 has 100 MiB free"), "{message}");
        assert!(message.contains("end what else takes its memory"), "{message}");
        let message = fits(51 << 20, &devices[..1]).unwrap_err().to_string();
        assert!(message.contains("control group /job") && message.contains("raise that limit"), "{message}");
        assert_eq!(
            fits(u64::MAX, &[(Device::Cpu, Available { bytes: u64::MAX, bound: Bound::Machine })]),
            Ok(())
        );
    }
}
