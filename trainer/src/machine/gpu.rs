//! What the driver says of a GPU, by way of `nvidia-smi`.
//!
//! *Invariant:* a GPU is asked about by the name that the driver has for it, which is not always its number in CUDA.

use crate::machine::command::answer;
use std::process::Command;

/// What the driver says of a GPU, where it says anything.
pub(crate) fn gpu_query(index: usize, what: &str) -> Option<String> {
    let visible = std::env::var("CUDA_VISIBLE_DEVICES").unwrap_or_default();
    let query = [format!("--query-gpu={what}"), format!("--id={}", driver_name(&visible, index))];
    answer(Command::new("nvidia-smi").args(query).arg("--format=csv,noheader,nounits"))
}

/// What the driver calls the GPU that CUDA counts as `index`, where the user (or a batch system) shows it only some. CUDA may
/// count unlike GPUs in another order than the driver unless `CUDA_DEVICE_ORDER=PCI_BUS_ID`.
fn driver_name(visible: &str, index: usize) -> String {
    let name = visible.split(',').nth(index).map(str::trim).filter(|name| !name.is_empty());
    name.map_or_else(|| index.to_string(), ToOwned::to_owned)
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
