//! Queries about a GPU: to the driver, by way of `nvidia-smi`, and about memory to CUDA itself if the program
//! has loaded it.
//!
//! *Invariant:* the driver is asked about a GPU by its own identifier for it, which is not always CUDA's
//! index. A MIG partition has no index there, so only CUDA reports its memory.

use crate::machine::command::answer;
use std::ffi::{CStr, c_int};
use std::process::Command;

/// Bytes of GPU memory that a process takes before it allocates anything: CUDA's context and the code of its
/// libraries.
const CONTEXT: u64 = 614 << 20;

/// Returns the bytes that runs of this process may still take on a GPU, if known.
pub(crate) fn free_memory(index: usize) -> Option<u64> {
    // Once its context exists, CUDA reports what is free beside it.
    cuda_memory(index).map(|(free, _)| free).or_else(|| before_context(&gpu_query(index, "memory.free")?))
}

/// Subtracts the future context from the driver's free memory, which is given in MiB.
fn before_context(mebibytes: &str) -> Option<u64> {
    Some((mebibytes.parse::<u64>().ok()? << 20).saturating_sub(CONTEXT))
}

/// Returns the free and the total bytes of a GPU; `None` if the program has not loaded CUDA, or there is no
/// such GPU.
pub(crate) fn cuda_memory(index: usize) -> Option<(u64, u64)> {
    let (set, get) = (symbol(c"cudaSetDevice")?, symbol(c"cudaMemGetInfo")?);
    let (mut free, mut total) = (0usize, 0usize);
    // SAFETY: the two functions of CUDA's runtime have these signatures in every version, return 0 for
    // success, and write nothing but the two sizes.
    let done = unsafe {
        let set: extern "C" fn(c_int) -> c_int = std::mem::transmute(set);
        let get: extern "C" fn(*mut usize, *mut usize) -> c_int = std::mem::transmute(get);
        set(c_int::try_from(index).ok()?) == 0 && get(&raw mut free, &raw mut total) == 0
    };
    done.then_some((free as u64, total as u64))
}

/// Looks up a function of a loaded library.
fn symbol(name: &CStr) -> Option<*mut libc::c_void> {
    // SAFETY: the name ends in a zero.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    (!found.is_null()).then_some(found)
}

/// Queries the driver about a GPU; `None` if it does not answer.
pub(crate) fn gpu_query(index: usize, what: &str) -> Option<String> {
    let visible = std::env::var("CUDA_VISIBLE_DEVICES").unwrap_or_default();
    let query = [format!("--query-gpu={what}"), format!("--id={}", driver_name(&visible, index))];
    answer(Command::new("nvidia-smi").args(query).arg("--format=csv,noheader,nounits"))
}

/// Returns the driver's identifier of the GPU with CUDA's index `index`, if `CUDA_VISIBLE_DEVICES` (set by
/// the user or a batch system) shows only some. CUDA may order different GPU models otherwise than the driver
/// unless `CUDA_DEVICE_ORDER=PCI_BUS_ID`.
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
        assert_eq!((driver_name("3,5", 1), driver_name("3, 5", 1)), ("5".to_owned(), "5".to_owned()));
        assert_eq!(
            driver_name("GPU-8932f937-d72c-4106-c12f-20bd9faed9f6", 0),
            "GPU-8932f937-d72c-4106-c12f-20bd9faed9f6"
        );
    }
}
