//! Memory: kept by the process once it has it, and reckoned with before runs are started side by side.

use crate::device::Device;
use crate::engine::{BOTTLENECK_PAYS_BELOW, has_bottleneck_below};
use crate::provenance::gpu_query;
use artifacts::{Configuration, Engine};
use fs_err as fs;
use network::architecture::{IMAGE_CHANNELS, IMAGE_SIDE};
use network::{Architecture, Filter, Place};
use sysinfo::{MemoryRefreshKind, RefreshKind, System};

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
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

/// Bytes of the host that this process may still take: what the machine has free, or what a container or a batch system leaves of
/// its limit.
#[must_use]
fn available() -> u64 {
    let memory = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    let system = System::new_with_specifics(memory);
    let limit = system.cgroup_limits().map_or(u64::MAX, |limits| limits.free_memory);
    system.available_memory().min(limit)
}

/// Bytes that runs may take on a device; no bound where the system does not tell.
#[must_use]
pub fn free(device: Device) -> u64 {
    match device {
        Device::Cpu => available(),
        Device::Cuda(index) => {
            let mebibytes = gpu_query(index, "memory.free").and_then(|line| line.parse::<u64>().ok());
            mebibytes.map_or(u64::MAX, |mebibytes| mebibytes << 20)
        }
    }
}

/// Bytes that a run needs on its device.
#[must_use]
pub fn of_run(configuration: &Configuration) -> u64 {
    let (architecture, batch) = (configuration.architecture(), configuration.batch);
    let bytes = match configuration.engine {
        // And two batches of images, one in the making.
        Engine::Fused => {
            kernels::memory_bytes(architecture, batch)
                + 2 * 4 * batch * IMAGE_CHANNELS * IMAGE_SIDE * IMAGE_SIDE
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
