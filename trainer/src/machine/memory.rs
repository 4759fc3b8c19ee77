//! Memory: kept by the process once it has it, and reckoned with before anything is trained.
//!
//! What may be taken is [`available`](Available), what a run needs is a formula; a run for which there is not enough is [`TooLarge`].
//!
//! *Invariant:* the formula is asked before a network is made, so that a run is refused with a reason and not killed without one.

mod available;
mod groups;

pub use available::{Available, Bound};

use crate::engine::{BOTTLENECK_PAYS_BELOW, EVALUATION_BATCH, has_bottleneck_below};
use crate::machine::device::Device;
use crate::run::provenance::gpu_query;
use artifacts::{Configuration, Engine};
use fs_err as fs;
use network::architecture::{IMAGE_CHANNELS, IMAGE_SIDE};
use network::{Architecture, Filter, Place};
use std::path::Path;

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
            let mebibytes = gpu_query(index, "memory.free").and_then(|line| line.parse::<u64>().ok());
            let bytes = mebibytes.map_or(u64::MAX, |mebibytes| mebibytes << 20);
            Available { bytes, bound: Bound::Device }
        }
    }
}

/// A run that no device has the memory for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "it needs about {} MiB of memory, and {device} has {} MiB free ({}): use a smaller batch, raise that limit, or take another machine",
    .needed.div_ceil(1 << 20), .free.bytes >> 20, .free.bound
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

/// Whether a run fits into a device as it is now.
///
/// # Errors
/// As [`fits`].
pub fn check(configuration: &Configuration, device: Device, threads: usize) -> Result<(), TooLarge> {
    fits(of_run(configuration, threads), &[(device, free(device))])
}

/// What a run takes of the process besides its engine and its images: rows of tables, a checkpoint on its way to the disk, what the
/// allocator cannot fill.
const BESIDES: usize = 16 << 20;

/// Bytes that a run on so many CPU threads needs on its device, besides the data set, which all runs of a process share.
#[must_use]
pub fn of_run(configuration: &Configuration, threads: usize) -> u64 {
    let (architecture, batch) = (configuration.architecture(), configuration.batch);
    let bytes = match configuration.engine {
        // And two batches of images, one in the making, and one of the evaluation.
        Engine::Fused => {
            kernels::memory_bytes(architecture, batch)
                + (threads.max(1) - 1) * kernels::thread_bytes(architecture)
                + 4 * (2 * batch + EVALUATION_BATCH) * IMAGE_CHANNELS * IMAGE_SIDE * IMAGE_SIDE
                + BESIDES
        }
        Engine::Tch => torch_bytes(&architecture, batch),
    };
    bytes as u64
}

/// What libtorch keeps of a step for its backward pass, in float32, twice the largest tensor for what backward makes, the images, and what
/// an allocator wastes. Measured peaks of whole processes on a CPU: 4.8, 3.3 and 2.7 GiB at rankscales 2, 8 and 31, 3.7 dense.
fn torch_bytes(architecture: &Architecture, batch: usize) -> usize {
    let (mut kept, mut largest) = (0, 0);
    for block in architecture.blocks() {
        let pixels = block.side * block.side;
        let codes = match block.filter {
            Filter::Dense => 0,
            Filter::LowRank { rank } => block.c_in + 2 * rank,
        };
        let through = has_bottleneck_below(&block, BOTTLENECK_PAYS_BELOW);
        // What the convolution, batch norm and the rectifier give; a pool's results come with an index of eight bytes each.
        let pooled = if block.place == Place::Pooled { 3 * block.c_out / 4 } else { 0 };
        let outputs = if through { 2 } else { 3 } * block.c_out + pooled;
        kept += pixels * (codes + outputs);
        largest = largest.max(pixels * block.c_in.max(block.c_out));
    }
    let weights: usize =
        architecture.parameters().iter().map(|(_, shape)| shape.iter().product::<usize>()).sum();
    let images = 60_000 * IMAGE_CHANNELS * IMAGE_SIDE * IMAGE_SIDE;
    images + 4 * (batch * (kept + 2 * largest) + 6 * weights) * 23 / 20
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
        let message = fits(51 << 20, &devices[..1]).unwrap_err().to_string();
        assert!(message.contains("control group /job") && message.contains("smaller batch"), "{message}");
        assert_eq!(
            fits(u64::MAX, &[(Device::Cpu, Available { bytes: u64::MAX, bound: Bound::Machine })]),
            Ok(())
        );
    }
}
