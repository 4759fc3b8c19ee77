//! Contains panics from within a library.
//!
//! The binding to libtorch turns an error of libtorch, most often a GPU without free memory, into a panic.
//! Here a panic becomes an error of the work that caused it, so that other work continues.
//!
//! *Invariant:* whatever work sets for its thread must end with it, panic or not: `torch` disables gradients
//! with guards, which are dropped while unwinding, and never with `tch::no_grad`, which leaves them disabled
//! after a panic.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Work that panicked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it broke off: {what}{}", advice(.what))]
pub struct BrokenOff {
    /// The first line of the panic's message.
    what: String,
}

/// Returns the result of the work, or its panic as an error.
///
/// # Errors
/// The work panicked.
pub fn contained<T>(work: impl FnOnce() -> T) -> Result<T, BrokenOff> {
    // Values that the work owned are dropped while unwinding; values that it shares are behind locks that
    // tolerate poisoning.
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| BrokenOff { what: first_line(panic.as_ref()) })
}

/// Returns the reason of a panic, without the binding's wrapping and without libtorch's stack trace.
fn first_line(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    let text = text.unwrap_or("it does not say why");
    let reason = text.split_once("Torch(\"").map_or(text, |(_, reason)| reason);
    let end = reason.find("\\n").or_else(|| reason.find('\n')).unwrap_or(reason.len());
    reason[..end].trim_end_matches("\")").trim().to_owned()
}

/// Returns what the user can do about a failure, if that is known.
fn advice(what: &str) -> &'static str {
    let what = what.to_lowercase();
    if what.contains("out of memory") || what.contains("can't allocate memory") {
        "; there was not enough memory: use fewer runs side by side (JOBS_PER_DEVICE, JOBS) and start again, which goes on from the last checkpoint; or use a smaller batch, which is another run"
    } else if what.contains("no kernel image") {
        "; this libtorch has no code for this GPU: point LIBTORCH at one that has (for older GPUs, one with CUDA 12), or use DEVICE=cpu"
    } else if what.contains("cuda error") || what.contains("cudnn_status") {
        "; a GPU seldom recovers from this within a process: start again, which goes on from the last checkpoint"
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(message: &'static str) -> String {
        contained(|| panic!("{message}")).unwrap_err().to_string()
    }

    #[test]
    fn a_panic_is_an_error_with_its_first_line_and_what_to_do() {
        assert_eq!(contained(|| 7), Ok(7));
        assert_eq!(of("index out of bounds"), "it broke off: index out of bounds");
        let unwrapped = "called `Result::unwrap()` on an `Err` value: Torch(\"CUDA out of memory. Tried to allocate 2.00 GiB.\\nException \
                         raised from malloc\\nframe #0\")";
        let message = of(unwrapped);
        assert!(
            message.starts_with("it broke off: CUDA out of memory. Tried to allocate 2.00 GiB.; there"),
            "{message}"
        );
        assert!(message.contains("JOBS_PER_DEVICE") && !message.contains("frame"), "{message}");
        let message = of(
            "called `Result::unwrap()` on an `Err` value: Torch(\"CUDA error: an illegal memory access was encountered\")",
        );
        assert!(message.contains("encountered; a GPU seldom recovers"), "{message}");
        let message = of("Torch(\"CUDA error: no kernel image is available for execution on the device\")");
        assert!(message.ends_with("or use DEVICE=cpu"), "{message}");
        let silent = contained(|| std::panic::panic_any(3)).unwrap_err();
        assert_eq!(silent.to_string(), "it broke off: it does not say why");
    }

    #[test]
    fn a_gpu_without_free_memory_is_no_broken_gpu() {
        let message = of("Torch(\"CUDA error: out of memory\\nCUDA kernel errors might be reported later\")");
        assert!(message.contains("out of memory; there was not enough memory"), "{message}");
    }
}
