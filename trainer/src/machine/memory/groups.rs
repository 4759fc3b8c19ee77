//! The control groups that bound this process's memory, of version 1, version 2, or both.
//!
//! `/proc/self/cgroup` names the process's group in each hierarchy, and `/proc/self/mountinfo` says where a
//! hierarchy is mounted. The memory left in a group is its limit minus its usage, not counting inactive file
//! pages, which the kernel reclaims before it refuses an allocation; active ones are counted as used.
//!
//! *Invariant:* every group from the process's own to the root of the mount is checked, because each of them
//! may kill the process.

use fs_err as fs;
use std::path::{Component, Path, PathBuf};

/// The kernel represents "no limit" by 2^63, rounded down to a page; values from here on count as that.
const NO_LIMIT: u64 = 1 << 60;

/// Where the kernel tells of a version, and its file names. Of several limits the smallest counts.
struct Version {
    /// Whether a line `number:controllers:group` of `/proc/self/cgroup` is this version's.
    names: fn(number: &str, controllers: &str) -> bool,
    /// Whether a mount of this type and these options is this version's.
    mounts: fn(kind: &str, options: &str) -> bool,
    limits: &'static [&'static str],
    used: &'static str,
    /// The key of `memory.stat`, whose value includes the groups below.
    reclaimable: &'static str,
    /// The key of the smallest limit of the groups above, visible or not.
    inherited: &'static str,
    /// The usual mount point.
    usual: &'static str,
}

const FIRST: Version = Version {
    names: |_, controllers| controllers.split(',').any(|controller| controller == "memory"),
    mounts: |kind, options| kind == "cgroup" && options.split(',').any(|option| option == "memory"),
    limits: &["memory.limit_in_bytes"],
    used: "memory.usage_in_bytes",
    reclaimable: "total_inactive_file",
    inherited: "hierarchical_memory_limit",
    usual: "/sys/fs/cgroup/memory",
};
/// Beyond `memory.high` processes are not killed, but throttled severely.
const SECOND: Version = Version {
    names: |number, controllers| number == "0" && controllers.is_empty(),
    mounts: |kind, _| kind == "cgroup2",
    limits: &["memory.max", "memory.high"],
    used: "memory.current",
    reclaimable: "inactive_file",
    inherited: "",
    usual: "/sys/fs/cgroup",
};

/// The mount point of a hierarchy, and the group that is visible there.
#[derive(Debug, PartialEq, Eq)]
struct Mount {
    group: String,
    point: String,
}

/// Returns the directories of all groups with a limit, and the bytes left in each.
pub(super) fn bounds(root: &Path) -> Vec<(String, u64)> {
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap_or_default();
    let (groups, mounts) = (read("proc/self/cgroup"), read("proc/self/mountinfo"));
    let mut found = Vec::new();
    for version in [FIRST, SECOND] {
        let Some(group) = own_group(&groups, &version) else { continue };
        let mount = mount(&mounts, &version, group)
            .unwrap_or_else(|| Mount { group: "/".to_owned(), point: version.usual.to_owned() });
        for directory in directories(&mount, group) {
            let below = root.join(directory.strip_prefix("/").unwrap_or(&directory));
            let text = |file: &str| fs::read_to_string(below.join(file)).unwrap_or_default();
            let limits = version.limits.iter().map(|file| text(file));
            let limits = limits.filter_map(|limit| limit.trim().parse().ok());
            let stat = text("memory.stat");
            let limit = limits.chain(statistic(&stat, version.inherited)).min().unwrap_or(u64::MAX);
            if limit < NO_LIMIT {
                let used = text(version.used).trim().parse().unwrap_or(0u64);
                let kept = used.saturating_sub(statistic(&stat, version.reclaimable).unwrap_or(0));
                found.push((directory.display().to_string(), limit.saturating_sub(kept)));
            }
        }
    }
    found
}

/// Returns the process's group: that of the line `0::/group` (version 2), or that of the line whose
/// controllers include memory (version 1).
fn own_group<'a>(text: &'a str, version: &Version) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let mut fields = line.splitn(3, ':');
        let (number, controllers, group) = (fields.next()?, fields.next()?, fields.next()?);
        (version.names)(number, controllers).then_some(group)
    })
}

/// Finds the mount of a hierarchy in lines `id parent device root point options … - type source options`. Of
/// several mounts, it takes the one that shows most of the groups above the process's own; a bind mount may
/// show other groups.
fn mount(text: &str, version: &Version, group: &str) -> Option<Mount> {
    let mounts = text.lines().filter_map(|line| {
        let (place, kind) = line.split_once(" - ")?;
        let mut kind = kind.split(' ');
        let (kind, options) = (kind.next()?, kind.nth(1)?);
        let mut place = place.split(' ').skip(3);
        let mount = Mount { group: unescaped(place.next()?), point: unescaped(place.next()?) };
        (version.mounts)(kind, options).then_some(mount)
    });
    mounts.min_by_key(|mount| (!Path::new(group).starts_with(&mount.group), mount.group.len()))
}

/// Returns the group's directory and all directories above it up to the mount point. A group that is not
/// below the mount's is not visible, as in a container that sees only its own group; then the mount's group
/// counts.
fn directories(mount: &Mount, group: &str) -> Vec<PathBuf> {
    let seen = Path::new(group).strip_prefix(&mount.group).ok();
    let seen = seen.filter(|path| path.components().all(|part| matches!(part, Component::Normal(_))));
    // Joined by components, because a join with an empty path ends in a slash.
    let own: PathBuf =
        Path::new(&mount.point).components().chain(seen.into_iter().flat_map(Path::components)).collect();
    own.ancestors().take_while(|path| path.starts_with(&mount.point)).map(Path::to_owned).collect()
}

fn statistic(stat: &str, key: &str) -> Option<u64> {
    let mut pairs = stat.lines().filter_map(|line| line.split_once(' '));
    pairs.find(|(name, _)| *name == key)?.1.trim().parse().ok()
}

/// Unescapes a path of `mountinfo`, where a space is `\040`.
fn unescaped(path: &str) -> String {
    path.replace("\\040", " ").replace("\\134", "\\")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) const MIB: u64 = 1 << 20;

    /// Creates files below a temporary root.
    pub(in super::super) fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            artifacts::atomic::write(&root.path().join(path), text).unwrap();
        }
        root
    }

    /// Groups with a limit, usage and inactive file pages in MiB, by directory below `sys/fs/cgroup`.
    fn leaves(
        own: &str,
        mounts: &str,
        second: bool,
        groups: &[(&str, &str, u64, u64)],
    ) -> Vec<(String, u64)> {
        let version = if second { SECOND } else { FIRST };
        let mut files = vec![
            ("proc/self/cgroup".to_owned(), own.to_owned()),
            ("proc/self/mountinfo".to_owned(), mounts.to_owned()),
        ];
        for (path, limit, used, inactive) in groups {
            let limit = limit.parse().map_or((*limit).to_owned(), |limit: u64| {
                if limit < NO_LIMIT { (limit * MIB).to_string() } else { limit.to_string() }
            });
            let stat = format!("cache 1\n{} {}\nactive_file 7\n", version.reclaimable, inactive * MIB);
            let file = |name: &str| format!("sys/fs/cgroup/{path}/{name}");
            files.push((file(version.limits[0]), format!("{limit}\n")));
            files.push((file(version.used), format!("{}\n", used * MIB)));
            files.push((file("memory.stat"), stat));
        }
        let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let found = bounds(tree(&files).path()).into_iter();
        found.map(|(path, bytes)| (path.replace("/sys/fs/cgroup", ""), bytes / MIB)).collect()
    }

    fn named(bounds: &[(&str, u64)]) -> Vec<(String, u64)> {
        bounds.iter().map(|&(path, bytes)| (path.to_owned(), bytes)).collect()
    }

    #[test]
    fn page_cache_is_not_used_memory_in_either_version() {
        let found = leaves("0::/\n", "", true, &[(".", "22000", 21_157, 20_585)]);
        assert_eq!(found, named(&[("", 21_428)]));
        let found = leaves("4:memory:/\n0::/\n", "", false, &[("memory", "22000", 21_157, 20_585)]);
        assert_eq!(found, named(&[("/memory", 21_428)]));
    }

    #[test]
    fn a_group_within_a_group_is_seen_and_so_is_its_parent() {
        let groups = [("a/b", "1024", 24, 0), ("a", "2048", 2000, 100), (".", "max", 9, 0)];
        assert_eq!(leaves("0::/a/b\n", "", true, &groups), named(&[("/a/b", 1000), ("/a", 148)]));
        let slurm = [
            ("memory/slurm/uid_1/job_2/step_0", "9223372036854771712", 5, 0),
            ("memory/slurm/uid_1/job_2", "1024", 24, 4),
            ("memory/slurm", "9223372036854710272", 5, 0),
        ];
        let own = "9:name=systemd:/x\n4:cpu,memory:/slurm/uid_1/job_2/step_0\n";
        assert_eq!(leaves(own, "", false, &slurm), named(&[("/memory/slurm/uid_1/job_2", 1004)]));
    }

    #[test]
    fn a_hierarchy_is_found_where_it_is_mounted() {
        let mounts = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n\
                      35 31 0:32 /box\\040a /sys/fs/cgroup/mem rw,relatime shared:9 - cgroup cgroup rw,memory\n\
                      41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";
        let groups = [("mem", "100", 10, 0), ("mem/job", "80", 10, 0)];
        let found = leaves("4:memory:/box a/job\n0::/box a\n", mounts, false, &groups);
        assert_eq!(found, named(&[("/mem/job", 70), ("/mem", 90)]), "a hybrid, in a container");
        for hidden in ["4:memory:/../other\n", "4:memory:/elsewhere\n", "4:memory:/box a/../..\n"] {
            assert_eq!(leaves(hidden, mounts, false, &groups), named(&[("/mem", 90)]), "{hidden}");
        }
        let found = leaves("1:cpu:/\n0::/u\n", mounts, true, &[("unified/u", "50", 60, 20)]);
        assert_eq!(found, named(&[("/unified/u", 10)]));
    }

    #[test]
    fn of_several_mounts_that_counts_which_shows_the_own_group_and_most_above_it() {
        let mounts = "30 23 0:28 /other /sys/fs/cgroup/other rw - cgroup2 cgroup2 rw\n\
                      31 23 0:28 /job/step /sys/fs/cgroup/step rw - cgroup2 cgroup2 rw\n\
                      32 23 0:28 / /sys/fs/cgroup/all rw - cgroup2 cgroup2 rw\n";
        let groups = [
            ("other", "10", 1, 0),
            ("step", "100", 1, 0),
            ("all/job/step", "100", 1, 0),
            ("all/job", "50", 1, 0),
        ];
        let found = leaves("0::/job/step\n", mounts, true, &groups);
        assert_eq!(found, named(&[("/all/job/step", 99), ("/all/job", 49)]));
        let narrow: Vec<&str> = mounts.lines().take(2).collect();
        assert_eq!(leaves("0::/job/step\n", &narrow.join("\n"), true, &groups), named(&[("/step", 99)]));
    }

    #[test]
    fn a_limit_above_what_is_in_sight_counts_and_files_may_be_missing() {
        let stat = format!("hierarchical_memory_limit {}\ntotal_inactive_file {MIB}\n", 8 * MIB);
        let used = (3 * MIB).to_string();
        let files = [
            ("proc/self/cgroup", "2:memory:/\n"),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712"),
            ("sys/fs/cgroup/memory/memory.stat", &stat),
            ("sys/fs/cgroup/memory/memory.usage_in_bytes", &used),
        ];
        assert_eq!(bounds(tree(&files).path())[0].1, 6 * MIB);
        let bare = [
            ("proc/self/cgroup", "0::/\n"),
            ("sys/fs/cgroup/memory.high", "4096"),
            ("sys/fs/cgroup/memory.max", "max"),
        ];
        assert_eq!(bounds(tree(&bare).path())[0].1, 4096);
    }

    #[test]
    fn more_used_than_allowed_leaves_nothing() {
        assert_eq!(leaves("0::/\n", "", true, &[(".", "10", 12, 1)]), named(&[("", 0)]));
        assert_eq!(leaves("0::/\n", "", true, &[(".", "10", 1, 12)]), named(&[("", 10)]));
    }

    #[test]
    fn a_path_with_spaces_and_backslashes_is_read_as_it_was_written() {
        assert_eq!(unescaped("/a\\040b\\134040"), "/a b\\040");
    }
}
