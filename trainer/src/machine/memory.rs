//! Memory: what the process has taken, and what it may still take.
//!
//! What may be taken is [`available`](Available); a run for which there is not enough is [`TooLarge`].

mod available;
mod groups;

pub use available::{Available, Bound};

use crate::machine::device::Device;
use crate::machine::gpu::{cuda_memory, free_memory};
use fs_err as fs;
use std::path::Path;

/// Bytes of the process's largest memory so far, where the system tells.
#[must_use]
pub fn peak() -> Option<u64> {
    available::kibibytes(&fs::read_to_string("/proc/self/status").ok()?, "VmHWM:")
}

/// Bytes that runs may take on a device; no bound where the system does not tell.
#[must_use]
pub fn free(device: Device) -> Available {
    match device {
        Device::Cpu => available::available(Path::new("/")),
        Device::Cuda(index) => {
            Available { bytes: free_memory(index).unwrap_or(u64::MAX), bound: Bound::Device }
        }
    }
}

/// Bytes of a GPU that are taken, by whomever, where CUDA tells; libtorch gives none back while it runs, so that this is its peak.
#[must_use]
pub fn taken(device: Device) -> Option<u64> {
    match device {
        Device::Cpu => None,
        Device::Cuda(index) => cuda_memory(index).map(|(free, total)| total.saturating_sub(free)),
    }
}

/// A run that no device has the memory for.
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

/// Whether a run of so many bytes fits into one of these devices, alone.
///
/// # Errors
/// It does not; the error tells of the device with most memory free.
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
