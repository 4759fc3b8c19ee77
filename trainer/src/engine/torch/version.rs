//! The version of libtorch and of the libraries it uses, queried from the loaded library, not from the one
//! this program was built for.

use std::env;
use tch::utils::{has_cuda, version_cudart, version_cudnn};

unsafe extern "C" {
    /// Version of libtorch, from its C interface: major, minor and patch in the three highest bytes.
    safe fn aoti_torch_abi_version() -> u64;
}

/// Returns the version of the loaded libtorch, such as `2.13.0`.
#[must_use]
pub fn libtorch() -> String {
    numbers(aoti_torch_abi_version())
}

/// Returns the version of libtorch and of whatever else determines a run's numbers and speed on a device:
/// CUDA, cuDNN and TF32 on a GPU, nothing else on a CPU.
#[must_use]
pub fn libtorch_on(gpu: bool) -> String {
    let mut all = vec![libtorch()];
    if gpu {
        all.extend(cuda());
        all.push(tf32().to_owned());
    }
    all.join(", ")
}

/// Returns `CUDA 13.0, cuDNN 9.20.0`, for example; `None` if there is no usable GPU.
#[must_use]
pub fn cuda() -> Option<String> {
    has_cuda().then(|| {
        let (runtime, cudnn) = (version_cudart(), version_cudnn());
        format!("CUDA {}.{}, cuDNN {}", runtime / 1000, runtime % 1000 / 10, cudnn_numbers(cudnn))
    })
}

/// Says where float32 is rounded to TF32 on a GPU. By default libtorch rounds the inputs of convolutions but
/// not those of matrix products, and this program does not change that; two environment variables may.
#[must_use]
pub fn tf32() -> &'static str {
    tf32_by(|name| env::var(name).ok())
}

fn tf32_by(variable: impl Fn(&str) -> Option<String>) -> &'static str {
    // The first variable is read by NVIDIA's libraries, the second by libtorch.
    if variable("NVIDIA_TF32_OVERRIDE").as_deref() == Some("0") {
        "no TF32"
    } else if variable("TORCH_ALLOW_TF32_CUBLAS_OVERRIDE").as_deref() == Some("1") {
        "TF32 in convolutions and products"
    } else {
        "TF32 in convolutions"
    }
}

fn numbers(packed: u64) -> String {
    let [major, minor, patch, ..] = packed.to_be_bytes();
    format!("{major}.{minor}.{patch}")
}

/// Formats cuDNN's version, which is `major * 10000 + minor * 100 + patch` from 9 on and `major * 1000 + ...`
/// before.
fn cudnn_numbers(version: i64) -> String {
    let major = if version >= 90_000 { 10_000 } else { 1000 };
    format!("{}.{}.{}", version / major, version % major / 100, version % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_versions_are_read() {
        assert_eq!(numbers(0x020d_0000_0000_0000), "2.13.0");
        assert_eq!(numbers(0x020b_0100_0000_0007), "2.11.1");
        assert_eq!(cudnn_numbers(92_000), "9.20.0");
        assert_eq!(cudnn_numbers(8907), "8.9.7");
    }

    /// The headers and the library lie in one tree.
    #[test]
    fn the_library_gives_the_version_of_its_headers() {
        let tree = env::var_os("LIBTORCH").expect("cargo sets it");
        let header = std::path::Path::new(&tree).join("include/torch/headeronly/version.h");
        let text = fs_err::read_to_string(header).unwrap();
        assert!(text.contains(&format!("\"{}\"", libtorch())), "{}", libtorch());
    }

    #[test]
    fn what_float32_is_follows_the_environment() {
        let with = |set: &'static [(&str, &str)]| {
            tf32_by(|name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
        };
        assert_eq!(with(&[]), "TF32 in convolutions");
        assert_eq!(with(&[("TORCH_ALLOW_TF32_CUBLAS_OVERRIDE", "1")]), "TF32 in convolutions and products");
        let both = with(&[("TORCH_ALLOW_TF32_CUBLAS_OVERRIDE", "1"), ("NVIDIA_TF32_OVERRIDE", "0")]);
        assert_eq!(both, "no TF32");
    }
}
