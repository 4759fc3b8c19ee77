//! Work that may break off in the middle of a library.
//!
//! The binding to libtorch turns an error of libtorch's, of which the usual one is a GPU without memory left, into a panic. Here a panic
//! becomes an error of the work that met it, so that whatever stands beside that work goes on.
//!
//! *Invariant:* what work set for its thread must end with it, panic or not: `torch` switches gradients off with guards, which are dropped
//! on the way out, and never with `tch::no_grad`, which leaves them off after a panic.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Work that broke off.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it broke off: {what}{}", advice(.what))]
pub struct BrokenOff {
    /// What the panic said, in one line.
    what: String,
}

/// What the work returns, or how it broke off.
///
/// # Errors
/// The work panicked.
pub fn contained<T>(work: impl FnOnce() -> T) -> Result<T, BrokenOff> {
    // What the work was making is dropped while the panic passes; what it shares with others is behind locks that take a panic.
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| BrokenOff { what: first_line(panic.as_ref()) })
}

/// The reason, without the wrapping of the binding and without libtorch's own stack.
fn first_line(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    let text = text.unwrap_or("it does not say why");
    let reason = text.split_once("Torch(\"").map_or(text, |(_, reason)| reason);
    let end = reason.find("\\n").or_else(|| reason.find('\n')).unwrap_or(reason.len());
    reason[..end].trim_end_matches("\")").trim().to_owned()
}

/// What the user can do about it, where that is known.
fn advice(what: &str) -> &'static str {
    let what = what.to_lowercase();
    if what.contains("out of memory") || what.contains("can't allocate memory") {
        "; there was not enough memory: use fewer runs side by side (JOBS_PER_DEVICE, JOBS) and start again, which goes on from the last checkpoint; or use a smaller batch, which is another run"
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
        let silent = contained(|| std::panic::panic_any(3)).unwrap_err();
        assert_eq!(silent.to_string(), "it broke off: it does not say why");
    }
}
