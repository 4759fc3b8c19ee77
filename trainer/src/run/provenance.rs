//! The provenance of a run: where and with what it is made.

use crate::machine::device::Device;
use crate::machine::gpu::gpu_query;
use artifacts::Backend;
use artifacts::run::Provenance;
use artifacts::seal::Circumstances;
use fs_err as fs;
use std::time::{SystemTime, UNIX_EPOCH};

/// Returns the provenance of a run that starts now.
#[must_use]
pub fn provenance(engine: Backend, device: Device, threads: usize) -> Provenance {
    let Circumstances { git_revision, git_dirty, unix_seconds } = circumstances();
    Provenance {
        git_revision,
        git_dirty,
        device: device.to_string(),
        device_name: device_name(device),
        threads,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        instructions: (engine == Backend::Fused).then(|| kernels::Isa::best().name().to_owned()),
        libtorch: (engine == Backend::Tch).then(|| libtorch(device)),
        host: fs::read_to_string("/proc/sys/kernel/hostname")
            .map_or_else(|_| "unknown".to_owned(), |name| name.trim().to_owned()),
        started_unix_seconds: unix_seconds,
    }
}

/// Returns the source revision that this program was built from, whatever has changed since, and the time.
#[must_use]
pub fn circumstances() -> Circumstances {
    Circumstances {
        git_revision: env!("RANKSCALE_REVISION").to_owned(),
        git_dirty: env!("RANKSCALE_DIRTY") == "true",
        unix_seconds: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs()),
    }
}

/// Returns the name of the CPU or the GPU.
#[must_use]
pub fn device_name(device: Device) -> String {
    let name = match device {
        Device::Cuda(index) => gpu_query(index, "name"),
        Device::Cpu => fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        }),
    };
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| "unknown".to_owned())
}

/// Returns the version of the loaded libtorch, and on a GPU those of CUDA and cuDNN and the use of TF32.
#[cfg(feature = "tch")]
fn libtorch(device: Device) -> String {
    crate::engine::torch::version::libtorch_on(device != Device::Cpu)
}

#[cfg(not(feature = "tch"))]
fn libtorch(_: Device) -> String {
    "none".to_owned()
}
