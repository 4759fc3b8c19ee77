//! Load and memory of this machine, from Linux's `/proc`.

use crate::moment::Machine;
use fs_err as fs;

/// Returns the current state of this machine.
pub(super) fn here() -> Machine {
    let read = |path: &str| fs::read_to_string(path).ok();
    Machine {
        host: read("/proc/sys/kernel/hostname").map(|name| name.trim().to_owned()),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        load: read("/proc/loadavg").as_deref().and_then(load),
        memory: read("/proc/meminfo").as_deref().and_then(memory),
    }
}

fn load(text: &str) -> Option<f64> {
    text.split_whitespace().next()?.parse().ok()
}

/// Returns the bytes in use, and all bytes.
fn memory(text: &str) -> Option<[u64; 2]> {
    let kibibytes = |key: &str| -> Option<u64> {
        let line = text.lines().find_map(|line| line.strip_prefix(key))?;
        line.split_whitespace().next()?.parse().ok()
    };
    let (all, free) = (kibibytes("MemTotal:")?, kibibytes("MemAvailable:")?);
    Some([all.saturating_sub(free), all].map(|kibibytes| kibibytes << 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_says_is_understood_and_anything_else_is_left_out() {
        assert_eq!(load("1.93 0.50 0.40 2/300 12345\n"), Some(1.93));
        let text = "MemTotal:       16000 kB\nMemFree:         1 kB\nMemAvailable:   12000 kB\n";
        assert_eq!(memory(text), Some([4000 << 10, 16_000 << 10]));
        assert_eq!((load(""), memory("MemTotal: many")), (None, None));
    }
}
