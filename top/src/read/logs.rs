//! The last log lines of each run, from the logs of Slurm jobs, and from any `*.log` in the work folder.
//!
//! *Invariant:* only the end of a log is read, however long it has become.

use super::files::{Mark, mark, plain};
use crate::moment::Said;
use artifacts::Layout;
use artifacts::run::said::{DONE, ELSEWHERE, of_a_run};
use fs_err as fs;
use std::collections::HashMap;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// The number of bytes at the end of each log that are read.
const MOST_BYTES: u64 = 256 << 10;
/// Beginnings of a run's lines that do not matter here: they tell of no failure, and the run's files or
/// another log say more.
const BY_THE_WAY: [&str; 2] = [DONE, ELSEWHERE];

/// The logs of a work folder, as last read.
#[derive(Debug, Default)]
pub(super) struct Logs(HashMap<PathBuf, (Mark, HashMap<String, Said>)>);

impl Logs {
    /// Returns the last log line of each run, by its name.
    pub(super) fn read(&mut self, layout: &Layout) -> HashMap<String, Said> {
        let mut paths: Vec<(Mark, PathBuf)> = [layout.jobs(), layout.root().to_owned()]
            .iter()
            .flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten())
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "log") && path.is_file())
            .map(|path| (mark(&path), path))
            .collect();
        // The newest log comes last, so that its lines win.
        paths.sort();
        self.0.retain(|path, _| paths.iter().any(|(_, there)| there == path));
        let mut said = HashMap::new();
        for (mark, path) in paths {
            if self.0.get(&path).is_none_or(|(before, _)| *before != mark) {
                let Ok(text) = end(&path) else { continue };
                self.0.insert(path.clone(), (mark, last_words(&path, &text)));
            }
            said.extend(self.0[&path].1.clone());
        }
        said
    }
}

/// Returns the end of a file, from the beginning of a line.
fn end(path: &Path) -> io::Result<String> {
    let mut file = fs::File::open(path)?;
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(MOST_BYTES)))?;
    let mut bytes = Vec::new();
    file.take(MOST_BYTES).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    if length <= MOST_BYTES {
        return Ok(text);
    }
    Ok(text.split_once('\n').map_or(String::new(), |(_, rest)| rest.to_owned()))
}

fn last_words(path: &Path, text: &str) -> HashMap<String, Said> {
    let mut said = HashMap::new();
    let mut before: Option<&str> = None;
    for line in text.lines() {
        if let Some((run, words)) = of_a_run(line)
            && !BY_THE_WAY.iter().any(|start| words.starts_with(start))
        {
            let before = before.filter(|line| of_a_run(line).is_none()).map(plain);
            said.insert(run.to_owned(), Said { log: path.to_owned(), words: plain(words), before });
        }
        before = Some(line);
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_words_of_each_run_are_kept_with_the_line_before_them() {
        let text = "experiment quick: title\nr02-original-s0-aa: epoch 1/6: train loss 2.1\nlibtorch: out of memory\n\
                    r02-original-s0-aa: failed: disk full\nr02-original-s0-bb: failed: x\nr02-original-s0-bb: done, test accuracy 60 %\n";
        let said = last_words(Path::new("a.log"), text);
        let aa = &said["r02-original-s0-aa"];
        assert_eq!(
            (aa.words.as_str(), aa.before.as_deref()),
            ("failed: disk full", Some("libtorch: out of memory"))
        );
        assert_eq!((said["r02-original-s0-bb"].before.as_deref(), said.len()), (None, 2));
    }

    #[test]
    fn only_the_end_of_a_long_log_is_read_and_the_newest_log_counts() {
        let root = tempfile::tempdir().unwrap();
        let layout = Layout::new(root.path());
        let (old, new) = (root.path().join("slurm/q-7_0.log"), root.path().join("sweep.log"));
        artifacts::atomic::write(&old, b"r2-o-s0-aa: failed: first\n").unwrap();
        let mut logs = Logs::default();
        assert_eq!(logs.read(&layout)["r2-o-s0-aa"].words, "failed: first");
        let long = format!("{}\nr2-o-s0-aa: failed: second\n", "x".repeat(MOST_BYTES as usize));
        artifacts::atomic::write(&new, long.as_bytes()).unwrap();
        let later = std::time::SystemTime::now() + std::time::Duration::from_secs(5);
        fs::File::options().write(true).open(&new).unwrap().file().set_modified(later).unwrap();
        assert_eq!(logs.read(&layout)["r2-o-s0-aa"].words, "failed: second");
        fs::remove_file(&new).unwrap();
        assert_eq!(logs.read(&layout)["r2-o-s0-aa"].words, "failed: first");
    }
}
