//! The host memory that this process may still take: the tightest of all bounds that Linux sets.
//!
//! - the machine: `MemAvailable`, and under strict overcommit accounting also `CommitLimit - Committed_AS`;
//! - control groups, a container's or a Slurm job's (`--mem`): see [`groups`];
//! - `ulimit -v` and `ulimit -d`: the limit minus the process's address space or data.
//!
//! The crate sysinfo reads only the root control group in view, counts its page cache as used, and ignores
//! `ulimit`, so the bounds are read here.
//!
//! *Invariant:* all files are read below a root, which is `/` except in tests. A file that is missing or
//! malformed sets no bound.

use super::groups;
use fs_err as fs;
use std::fmt;
use std::path::Path;

/// The bytes that may still be taken, and the bound that limits them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Available {
    /// The number of bytes; `u64::MAX` if the system reports no bound.
    pub bytes: u64,
    /// The bound to raise in order to have more.
    pub bound: Bound,
}

/// A bound on a process's memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    /// The machine's memory.
    Machine,
    /// The machine's commit limit, because `vm.overcommit_memory` is 2.
    Commitments,
    /// A control group, by its directory.
    Group(String),
    /// The limit `ulimit -v`.
    AddressSpace,
    /// The limit `ulimit -d`.
    Data,
    /// A GPU's memory.
    Device,
}

impl Bound {
    /// Returns advice on how to loosen the bound.
    pub(super) const fn remedy(&self) -> &'static str {
        match self {
            Self::Group(_) | Self::AddressSpace | Self::Data => "raise that limit",
            Self::Machine | Self::Commitments | Self::Device => "end what else takes its memory",
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Machine => f.write_str("the machine has no more"),
            Self::Commitments => f.write_str("the machine promises no more: vm.overcommit_memory is 2"),
            Self::Group(path) => write!(f, "the limit of the control group {path} leaves no more"),
            Self::AddressSpace => f.write_str("`ulimit -v` leaves no more"),
            Self::Data => f.write_str("`ulimit -d` leaves no more"),
            Self::Device => f.write_str("the device has no more"),
        }
    }
}

/// Returns the tightest bound, with `proc` and `sys` below `root`.
#[must_use]
pub fn available(root: &Path) -> Available {
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap_or_default();
    let [meminfo, status, limits] = ["proc/meminfo", "proc/self/status", "proc/self/limits"].map(read);
    let strict = read("proc/sys/vm/overcommit_memory").trim() == "2";
    let own = [
        (Bound::Machine, of_machine(&meminfo)),
        (Bound::Commitments, strict.then(|| commitments(&meminfo)).flatten()),
        (Bound::AddressSpace, ulimit(&limits, "Max address space", &status, "VmSize:")),
        (Bound::Data, ulimit(&limits, "Max data size", &status, "VmData:")),
    ];
    let own = own.into_iter().filter_map(|(bound, bytes)| Some(Available { bytes: bytes?, bound }));
    let groups = groups::bounds(root).into_iter();
    let groups = groups.map(|(path, bytes)| Available { bytes, bound: Bound::Group(path) });
    own.chain(groups)
        .min_by_key(|bound| bound.bytes)
        .unwrap_or(Available { bytes: u64::MAX, bound: Bound::Machine })
}

/// Parses the bytes of a line `key   123 kB` of `/proc`.
pub(super) fn kibibytes(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}

/// Falls back to free memory plus page cache, because kernels before 3.14 do not report the available memory.
fn of_machine(meminfo: &str) -> Option<u64> {
    kibibytes(meminfo, "MemAvailable:").or_else(|| {
        Some(kibibytes(meminfo, "MemFree:")? + kibibytes(meminfo, "Inactive(file):").unwrap_or(0))
    })
}

fn commitments(meminfo: &str) -> Option<u64> {
    Some(kibibytes(meminfo, "CommitLimit:")?.saturating_sub(kibibytes(meminfo, "Committed_AS:")?))
}

/// Subtracts the usage under `key` from a soft limit; `None` if the limit is `unlimited`.
fn ulimit(limits: &str, name: &str, status: &str, key: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix(name))?;
    let limit: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(limit.saturating_sub(kibibytes(status, key).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::super::groups::tests::{MIB, tree};
    use super::*;

    const MEMINFO: (&str, &str) = ("proc/meminfo", "MemFree: 1024 kB\nMemAvailable:  4096 kB\n");
    const STATUS: (&str, &str) = ("proc/self/status", "VmPeak: 9999 kB\nVmSize:\t 1024 kB\nVmData: 512 kB\n");

    fn limits(space: &str, data: &str) -> String {
        format!(
            "Limit            Soft Limit  Hard Limit  Units\nMax data size       {data}   unlimited   bytes\n\
             Max address space   {space}   unlimited   bytes\n"
        )
    }

    fn found(files: &[(&str, &str)]) -> (u64, Bound) {
        let root = tree(files);
        let Available { bytes, bound } = available(root.path());
        (bytes, bound)
    }

    #[test]
    fn what_the_machine_has_is_what_it_calls_available() {
        assert_eq!(found(&[MEMINFO]), (4 * MIB, Bound::Machine));
        let old = ("proc/meminfo", "MemFree: 1024 kB\nInactive(file): 1024 kB\n");
        assert_eq!(found(&[old]), (2 * MIB, Bound::Machine));
    }

    #[test]
    fn nothing_known_and_nothing_sensible_bound_nothing() {
        let nothing = (u64::MAX, Bound::Machine);
        assert_eq!(found(&[]), nothing);
        let garbage = [
            ("proc/meminfo", "MemAvailable: much kB\nMemFree:"),
            ("proc/self/limits", "Max address space\nMax data size -1"),
            ("proc/self/status", "\u{0}"),
            ("proc/self/cgroup", "0:/\n::\nnonsense"),
            ("proc/self/mountinfo", "- cgroup2\n1 2 3"),
            ("sys/fs/cgroup/memory.max", "lots"),
        ];
        assert_eq!(found(&garbage), nothing);
    }

    #[test]
    fn ulimits_count_what_is_taken() {
        let soft = (3 * MIB).to_string();
        let of = |text: &str| found(&[MEMINFO, STATUS, ("proc/self/limits", text)]);
        assert_eq!(of(&limits(&soft, "unlimited")), (2 * MIB, Bound::AddressSpace));
        assert_eq!(of(&limits("unlimited", &soft)), (5 * MIB / 2, Bound::Data));
        assert_eq!(of(&limits("unlimited", "unlimited")), (4 * MIB, Bound::Machine));
        assert_eq!(of(&limits("4096", "unlimited")), (0, Bound::AddressSpace));
    }

    #[test]
    fn strict_overcommitment_bounds_and_the_usual_one_does_not() {
        let meminfo =
            ("proc/meminfo", "MemAvailable: 4096 kB\nCommitLimit: 3072 kB\nCommitted_AS: 2048 kB\n");
        let of = |mode| found(&[meminfo, ("proc/sys/vm/overcommit_memory", mode)]);
        assert_eq!(of("2\n"), (MIB, Bound::Commitments));
        assert_eq!(of("0\n"), (4 * MIB, Bound::Machine));
    }

    #[test]
    fn the_tightest_bound_is_named() {
        let limit = (2 * MIB).to_string();
        let files = [MEMINFO, ("proc/self/cgroup", "0::/job\n"), ("sys/fs/cgroup/job/memory.max", &limit)];
        let (bytes, bound) = found(&files);
        assert_eq!(bytes, 2 * MIB);
        assert!(bound.to_string().contains("/sys/fs/cgroup/job"), "{bound}");
    }
}
