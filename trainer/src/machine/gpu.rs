//! What the driver says of a GPU, by way of `nvidia-smi`; of its memory, by way of CUDA itself where the program has loaded it.
//!
//! *Invariant:* the driver is asked about a GPU by the name that it has for it, which is not always its number in CUDA. A part of a GPU
//! (MIG) has no number of its own there, so its memory is CUDA's to tell.

use crate::machine::command::answer;
use std::ffi::{CStr, c_int};
use std::process::Command;

/// What a process takes of a GPU before it allocates anything: CUDA's context and the code of its libraries.
const CONTEXT: u64 = 614 << 20;

/// Bytes that runs of this process may still take on a GPU, where somebody tells.
pub(crate) fn free_memory(index: usize) -> Option<u64> {
    // With its context in place, CUDA tells what is left beside it.
    cuda_memory(index).map(|(free, _)| free).or_else(|| before_context(&gpu_query(index, "memory.free")?))
}

/// What the driver calls free, in MiB, less what the context will take of it.
fn before_context(mebibytes: &str) -> Option<u64> {
    Some((mebibytes.parse::<u64>().ok()? << 20).saturating_sub(CONTEXT))
}

/// Bytes free and bytes in all on a GPU; none where the program has no CUDA loaded, or no such GPU.
pub(crate) fn cuda_memory(index: usize) -> Option<(u64, u64)> {
    let (set, get) = (symbol(c"cudaSetDevice")?, symbol(c"cudaMemGetInfo")?);
    let (mut free, mut total) = (0usize, 0usize);
    // SAFETY: the two functions of CUDA's runtime have these signatures in every version, return 0 for success, and write nothing but
    // the two sizes.
    let done = unsafe {
        let set: extern "C" fn(c_int) -> c_int = std::mem::transmute(set);
        let get: extern "C" fn(*mut usize, *mut usize) -> c_int = std::mem::transmute(get);
        set(c_int::try_from(index).ok()?) == 0 && get(&raw mut free, &raw mut total) == 0
    };
    done.then_some((free as u64, total as u64))
}

/// A function of a library that is loaded.
fn symbol(name: &CStr) -> Option<*mut libc::c_void> {
    // SAFETY: the name ends in a zero.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    (!found.is_null()).then_some(found)
}

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
    fn what_the_context_takes_is_not_free() {
        assert_eq!(before_context("12000"), Some((12_000 - 614) << 20));
        assert_eq!(before_context("100"), Some(0));
        assert_eq!(before_context("[N/A]"), None);
    }

    #[test]
    fn a_gpu_that_is_not_there_has_no_memory_and_functions_are_found_where_there_are() {
        assert_eq!(cuda_memory(99), None);
        assert!(symbol(c"dlsym").is_some() && symbol(c"there is no such function").is_none());
    }

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
