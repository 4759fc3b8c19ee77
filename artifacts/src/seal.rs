//! The seal `plan.lock`: what was fixed before the first run of an experiment was trained.
//!
//! The hash of the resolved plan covers the grids, the recipe and `[verdict]`; the hash of the rules covers
//! the text that verdicts are judged by; the revision pins the program, and the documents that stated the
//! rules at the time. The file ends in a stamp (a checksum); seals written before stamps were introduced have
//! none, and are read as they are.
//!
//! *Invariant:* a seal is written once and never changed, so later changes of the plan can be detected.

use crate::experiment::{Experiment, VerdictPlan};
use crate::{atomic, reading, rules, stamp};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;

/// The version of the file format.
const FORMAT: u32 = 1;
/// What to do about a damaged seal.
const ADVICE: &str = "put a copy of it in its place, or delete it: the next `just sweep` seals the plan anew, and its result is exploratory";

/// What was fixed, and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seal {
    /// The version of the file format.
    pub format: u32,
    /// The experiment's name.
    pub experiment: String,
    /// SHA-256 of the plan, [`Experiment::plan_sha256`].
    pub plan_sha256: String,
    /// The number of planned runs.
    pub runs: usize,
    /// Of these, runs that were trained or begun before the plan was sealed: the more there are, the less the
    /// seal is worth.
    #[serde(default)]
    pub runs_before: usize,
    /// How the primary comparison is judged; `None` if the experiment does not say.
    pub verdict: Option<VerdictPlan>,
    /// Whether every arm has a strength of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tuned: bool,
    /// SHA-256 of the rules' texts, [`rules::sha256`]; `None` in seals of programs that did not record it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules_sha256: Option<String>,
    /// Content fingerprint of the training images and of the test images, joined by a colon.
    pub data_fingerprint: String,
    /// Commit of the source tree the trainer was built from, or `unknown`.
    pub git_revision: String,
    /// Whether that tree had uncommitted changes.
    pub git_dirty: bool,
    /// The time of sealing, in seconds since 1970 (UTC).
    pub sealed_unix_seconds: u64,
}

/// The revision of the program, and the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circumstances {
    /// Commit of the source tree, or `unknown`.
    pub git_revision: String,
    /// Whether that tree had uncommitted changes.
    pub git_dirty: bool,
    /// Seconds since 1970 (UTC).
    pub unix_seconds: u64,
}

impl Seal {
    /// Creates the seal of an experiment that is about to be trained on these images, of which `runs_before`
    /// runs already exist.
    #[must_use]
    pub fn of(
        experiment: &Experiment,
        runs_before: usize,
        data_fingerprint: &str,
        circumstances: Circumstances,
    ) -> Self {
        Self {
            format: FORMAT,
            experiment: experiment.name.clone(),
            plan_sha256: experiment.plan_sha256(),
            runs: experiment.runs.len(),
            runs_before,
            verdict: experiment.verdict.clone(),
            tuned: experiment.tuned,
            rules_sha256: Some(rules::sha256(experiment.verdict.as_ref(), experiment.tuned)),
            data_fingerprint: data_fingerprint.to_owned(),
            git_revision: circumstances.git_revision,
            git_dirty: circumstances.git_dirty,
            sealed_unix_seconds: circumstances.unix_seconds,
        }
    }

    /// Returns whether a plan is still the one that was sealed.
    #[must_use]
    pub fn holds(&self, experiment: &Experiment) -> bool {
        self.plan_sha256 == experiment.plan_sha256()
    }

    /// Returns whether an experiment is judged by the rules that were sealed; `None` if the seal does not
    /// record them.
    #[must_use]
    pub fn holds_rules(&self, experiment: &Experiment) -> Option<bool> {
        let rules = || rules::sha256(experiment.verdict.as_ref(), experiment.tuned);
        self.rules_sha256.as_ref().map(|sealed| *sealed == rules())
    }

    /// Reads a seal; `None` if there is no file.
    ///
    /// # Errors
    /// Those of the file system, or the file is damaged or not a seal; the message names it, the reason, and
    /// what to do.
    pub fn read(path: &Path) -> io::Result<Option<Self>> {
        if !reading::is_there(path)? {
            return Ok(None);
        }
        let broken = |reason: String| io::Error::other(format!("{}: {reason}; {ADVICE}", path.display()));
        let seal: Self = stamp::parse(&reading::bytes(path)?).map_err(broken)?;
        match seal.format {
            FORMAT => Ok(Some(seal)),
            other => Err(broken(format!("format {other} is not {FORMAT}, the one this version reads"))),
        }
    }

    /// Writes this seal unless one exists, and returns the one that counts.
    ///
    /// # Errors
    /// Those of [`Seal::read`] and of the file system.
    pub fn write_once(self, path: &Path) -> io::Result<Self> {
        if let Some(first) = Self::read(path)? {
            return Ok(first);
        }
        atomic::write_new(path, &stamp::stamped(&self)?)?;
        // Another process may have been faster.
        Ok(Self::read(path)?.unwrap_or(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Configuration;
    use fs_err as fs;
    use network::Arm;

    fn experiment(seeds: u64) -> Experiment {
        let runs = (0..seeds).map(|seed| Configuration { seed, ..Configuration::default() }).collect();
        Experiment { name: "e".into(), title: "t".into(), tuned: false, verdict: None, runs }
    }

    fn seal(experiment: &Experiment, unix_seconds: u64) -> Seal {
        let circumstances = Circumstances { git_revision: "abc".into(), git_dirty: false, unix_seconds };
        Seal::of(experiment, 0, "train:test", circumstances)
    }

    #[test]
    fn the_first_seal_stays_and_tells_a_plan_that_grew() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("plan.lock");
        assert_eq!(Seal::read(&path).unwrap(), None);
        let first = seal(&experiment(2), 1).write_once(&path).unwrap();
        assert_eq!(seal(&experiment(3), 2).write_once(&path).unwrap(), first);
        assert!(first.holds(&experiment(2)) && !first.holds(&experiment(3)));
    }

    #[test]
    fn of_seals_that_are_written_at_once_one_stays() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("plan.lock");
        let written: Vec<Seal> = std::thread::scope(|scope| {
            let seals = (1..9).map(|at| Seal { experiment: format!("e{at}"), ..seal(&experiment(at), at) });
            let writers: Vec<_> = seals.map(|seal| scope.spawn(|| seal.write_once(&path).unwrap())).collect();
            writers.into_iter().map(|writer| writer.join().unwrap()).collect()
        });
        let stayed = Seal::read(&path).unwrap().unwrap();
        assert!(written.iter().all(|seal| *seal == stayed), "{written:?}");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn rules_that_changed_are_told_from_rules_that_were_not_sealed() {
        let judged = experiment(1);
        let sealed = seal(&judged, 1);
        assert_eq!(sealed.holds_rules(&judged), Some(true));
        let others = Seal { rules_sha256: Some("of others".into()), ..sealed.clone() };
        assert_eq!(others.holds_rules(&judged), Some(false));
        let verdict = VerdictPlan { primary: Arm::APPROPRIATE, looks: vec![3], alpha: 0.05, margin: 0.005 };
        let since = Experiment { verdict: Some(verdict), ..judged.clone() };
        assert_eq!(sealed.holds_rules(&since), Some(false), "rules that the experiment states since then");
        assert_eq!(Seal { rules_sha256: None, ..sealed }.holds_rules(&judged), None);
    }

    #[test]
    fn its_hash_is_that_of_the_plan_before_there_were_stamps() {
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results/seeds");
        let plan = Experiment::read_plan(&kept.join("plan.json")).unwrap();
        assert_eq!(plan.plan_sha256(), stamp::sha256(&fs::read(kept.join("plan.json")).unwrap()));
        assert!(Seal::read(&kept.join("plans/seeds/plan.lock")).unwrap().unwrap().holds(&plan));

        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("plan.json");
        plan.write_plan(&path).unwrap();
        assert_eq!(Experiment::read_plan(&path).unwrap().plan_sha256(), plan.plan_sha256());
        assert!(stamp::check(&fs::read(&path).unwrap()).unwrap());
    }

    #[test]
    fn every_flipped_bit_of_a_plan_and_a_seal_is_named_with_what_to_do() {
        let directory = tempfile::tempdir().unwrap();
        let (plan, lock) = (directory.path().join("plan.json"), directory.path().join("plan.lock"));
        experiment(1).write_plan(&plan).unwrap();
        seal(&experiment(1), 1).write_once(&lock).unwrap();
        let read_plan =
            |path: &Path| Experiment::read_plan(path).map(drop).map_err(|error| error.to_string());
        let read_seal = |path: &Path| Seal::read(path).map(drop).map_err(|error| error.to_string());
        for (path, read) in [(&plan, read_plan as fn(&Path) -> Result<(), String>), (&lock, read_seal)] {
            assert_eq!(read(path), Ok(()));
            let bytes = fs::read(path).unwrap();
            for bit in 0..8 * bytes.len() {
                let mut flipped = bytes.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                fs::write(path, flipped).unwrap();
                let message = read(path).unwrap_err();
                assert!(
                    message.contains(path.to_str().unwrap()) && message.contains("`just sweep`"),
                    "{message}"
                );
            }
        }
    }

    #[test]
    fn a_seal_of_another_format_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("plan.lock");
        let other = Seal { format: FORMAT + 1, ..seal(&experiment(1), 1) };
        fs::write(&path, stamp::stamped(&other).unwrap()).unwrap();
        let message = Seal::read(&path).unwrap_err().to_string();
        let words = format!("plan.lock: format {} is not {FORMAT},", FORMAT + 1);
        assert!(message.contains(&words), "{message}");
    }

    #[test]
    fn a_foreign_file_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("plan.lock");
        for text in ["{}", "not JSON"] {
            fs::write(&path, text).unwrap();
            let message = seal(&experiment(1), 1).write_once(&path).unwrap_err().to_string();
            assert!(message.contains("plan.lock"), "{message}");
        }
    }
}
