//! Where and with what a run is made.

use crate::machine::device::Device;
use artifacts::Engine;
use artifacts::run::Provenance;
use artifacts::seal::Circumstances;
use fs_err as fs;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

/// Provenance of a run that starts now.
#[must_use]
pub fn provenance(engine: Engine, device: Device, threads: usize) -> Provenance {
    let Circumstances { git_revision, git_dirty, unix_seconds } = circumstances();
    Provenance {
        git_revision,
        git_dirty,
        device: device.to_string(),
        device_name: device_name(device),
        threads,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        instructions: (engine == Engine::Fused).then(|| kernels::Instructions::best().name().to_owned()),
        libtorch: (engine == Engine::Tch).then(libtorch),
        host: fs::read_to_string("/proc/sys/kernel/hostname")
            .map_or_else(|_| "unknown".to_owned(), |name| name.trim().to_owned()),
        started_unix_seconds: unix_seconds,
    }
}

/// Which source tree this program was built from, and the time.
#[must_use]
pub fn circumstances() -> Circumstances {
    let changes = git(&["status", "--porcelain", "--untracked-files=no"]);
    Circumstances {
        git_revision: git(&["rev-parse", "HEAD"]).unwrap_or_else(|| "unknown".to_owned()),
        git_dirty: changes.is_some_and(|lines| !lines.is_empty()),
        unix_seconds: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs()),
    }
}

/// The processor's or the GPU's name.
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

/// What the driver says of a GPU, where it says anything.
pub(crate) fn gpu_query(index: usize, what: &str) -> Option<String> {
    let visible = std::env::var("CUDA_VISIBLE_DEVICES").unwrap_or_default();
    let query = [format!("--query-gpu={what}"), format!("--id={}", driver_name(&visible, index))];
    command(Command::new("nvidia-smi").args(query).arg("--format=csv,noheader,nounits"))
}

/// What the driver calls the GPU that CUDA counts as `index`, where the user (or a batch system) shows it only some. CUDA may
/// count unlike GPUs in another order than the driver unless `CUDA_DEVICE_ORDER=PCI_BUS_ID`.
fn driver_name(visible: &str, index: usize) -> String {
    let name = visible.split(',').nth(index).map(str::trim).filter(|name| !name.is_empty());
    name.map_or_else(|| index.to_string(), ToOwned::to_owned)
}

/// Version of the libtorch that is linked.
fn libtorch() -> String {
    #[cfg(feature = "tch")]
    let version = crate::engine::torch::LIBTORCH;
    #[cfg(not(feature = "tch"))]
    let version = "none";
    version.to_owned()
}

/// Asks git about the tree this program was built from.
fn git(arguments: &[&str]) -> Option<String> {
    command(Command::new("git").arg("-C").arg(env!("CARGO_MANIFEST_DIR")).args(arguments))
}

fn command(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gpu_is_asked_about_by_the_name_the_driver_knows() {
        assert_eq!(driver_name("", 1), "1");
        assert_eq!(driver_name("3,5", 1), "5");
        assert_eq!(
            driver_name("GPU-8932f937-d72c-4106-c12f-20bd9faed9f6", 0),
            "GPU-8932f937-d72c-4106-c12f-20bd9faed9f6"
        );
    }
}
