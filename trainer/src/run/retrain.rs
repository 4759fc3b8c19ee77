//! The first epochs of a kept run, trained again and held against what is kept.
//!
//! With the same instructions a run is repeated bit for bit, on any number of threads. With others sums are rounded in another
//! order, which the updates amplify: only the mean loss of the first epoch's updates is then close, and only that is judged.
//!
//! *Invariant:* the kept run is only read; what is trained lies in a directory that goes away.

use crate::run::context::RunContext;
use crate::run::session::{Outcome, train_until};
use anyhow::{Context, bail, ensure};
use artifacts::Layout;
use artifacts::run::{EpochRow, RunFolder, RunRecord};
use std::fmt::{self, Display, Formatter};

/// Largest relative difference of the first epoch's training loss between two sets of instructions. It tells another start or other
/// images, but not another weight decay: in their first epoch two arms of one seed differ by less (by 0.04 % at rankscale 31 in
/// `desktop`).
const CLOSE: f64 = 0.01;

/// Rows of the kept run beside those of now.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The run's name.
    pub run: String,
    /// Kept and now, an epoch a pair.
    pub rows: Vec<(EpochRow, EpochRow)>,
    /// What computed the kept run and what computed it now, where they differ.
    pub instructions: Option<(String, String)>,
}

/// The record and the epochs of a run of a kept study.
///
/// # Errors
/// A run or a study that is not there.
pub fn kept(study: &Layout, run: &str) -> anyhow::Result<(RunRecord, Vec<EpochRow>)> {
    let folder = RunFolder::new(study.run(run));
    ensure!(folder.record_path().exists(), "{}: no such run is kept", folder.path().display());
    Ok(folder.read()?)
}

/// Trains the first `epochs` epochs of a kept run again.
///
/// # Errors
/// Other images; more epochs than the run has; a file that cannot be written; a stop.
pub fn retrain(
    context: &RunContext<'_>,
    (record, kept): (RunRecord, Vec<EpochRow>),
    epochs: usize,
) -> anyhow::Result<Comparison> {
    let run = &record.name.clone();
    ensure!(
        (1..=kept.len()).contains(&epochs),
        "epochs {epochs}: {run} has {} of them, so it must be between 1 and that",
        kept.len()
    );
    ensure!(
        record.data.fingerprint == context.data.fingerprint(),
        "{run} was trained on other images than those in {}",
        context.layout.data(context.data.task()).display()
    );
    let scratch = tempfile::Builder::new().prefix(".retrain-").tempdir_in(context.layout.root())?;
    let layout = Layout::new(scratch.path());
    let again = RunContext { layout: &layout, ..*context };
    if let Outcome::Interrupted(done) = train_until(&again, &record.configuration, epochs)?
        && done < epochs
    {
        bail!("stopped after {done} of {epochs} epochs; nothing was compared");
    }
    let (repeated, now) = RunFolder::new(layout.run(run)).read().context("what was just trained")?;
    let by = |record: artifacts::run::RunRecord| {
        let made = record.origin.provenance();
        made.and_then(|it| it.instructions.clone().or_else(|| it.libtorch.clone()))
            .unwrap_or_else(|| "unknown".to_owned())
    };
    let (then, today) = (by(record), by(repeated));
    Ok(Comparison {
        run: run.to_owned(),
        rows: kept.into_iter().zip(now).take(epochs).collect(),
        instructions: (then != today).then_some((then, today)),
    })
}

impl Comparison {
    /// Whether every row is the same, bit for bit, but for times.
    #[must_use]
    pub fn equal(&self) -> bool {
        self.rows.iter().all(|(kept, now)| numbers(kept) == numbers(now))
    }

    /// Whether the run was repeated: equal, or close where other instructions computed it.
    #[must_use]
    pub fn repeated(&self) -> bool {
        self.equal() || (self.instructions.is_some() && self.close())
    }

    fn close(&self) -> bool {
        let Some((kept, now)) = self.rows.first() else { return false };
        match (kept.train_loss, now.train_loss) {
            (Some(kept), Some(now)) => (kept - now).abs() <= CLOSE * kept.abs(),
            _ => false,
        }
    }
}

/// What a run's numbers are; times are not among them.
fn numbers(row: &EpochRow) -> [Option<u64>; 5] {
    [row.learning_rate, row.train_loss, row.train_accuracy, row.test_loss, Some(row.test_accuracy)]
        .map(|number| number.map(f64::to_bits))
}

impl Display for Comparison {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: kept, and trained again", self.run)?;
        writeln!(f, "{:>5}  {:<44}  test accuracy", "epoch", "train loss")?;
        for (kept, now) in &self.rows {
            let loss =
                |row: &EpochRow| row.train_loss.map_or_else(|| "-".to_owned(), |loss| loss.to_string());
            let (then, today) = (loss(kept), loss(now));
            let same = if numbers(kept) == numbers(now) { "equal to the bit" } else { "differs" };
            let accuracies =
                format!("{:.2} % {:.2} %", kept.test_accuracy * 100.0, now.test_accuracy * 100.0);
            writeln!(f, "{:>5}  {then:<21}  {today:<21}  {accuracies}  {same}", kept.epoch)?;
        }
        match (&self.instructions, self.equal()) {
            (_, true) => write!(f, "repeated bit for bit"),
            (Some((then, now)), false) if self.close() => {
                write!(f, "repeated up to rounding: {then} computed the kept run, {now} this one")
            }
            _ => write!(f, "not repeated"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comparison(kept: f64, now: f64, instructions: Option<(&str, &str)>) -> Comparison {
        let row = |loss| EpochRow { epoch: 1, train_loss: Some(loss), ..EpochRow::default() };
        Comparison {
            run: "r".into(),
            rows: vec![(row(kept), row(now))],
            instructions: instructions.map(|(then, now)| (then.to_owned(), now.to_owned())),
        }
    }

    #[test]
    fn one_bit_is_a_difference_and_only_other_instructions_excuse_it() {
        let next = 1.7_f64.next_up();
        assert!(comparison(1.7, 1.7, None).repeated());
        assert!(!comparison(1.7, next, None).repeated());
        assert!(comparison(1.7, next, Some(("avx2", "scalar"))).repeated());
        assert!(!comparison(1.7, 1.75, Some(("avx2", "scalar"))).repeated());
        assert!(!comparison(1.7, f64::NAN, Some(("avx2", "scalar"))).repeated());
    }

    #[test]
    fn it_says_what_it_found() {
        let said = |comparison: Comparison| comparison.to_string();
        assert!(said(comparison(1.7, 1.7, None)).ends_with("repeated bit for bit"));
        assert!(said(comparison(1.7, 1.8, None)).ends_with("not repeated"));
        let rounded = said(comparison(1.7, 1.701, Some(("avx2", "scalar"))));
        assert!(rounded.ends_with("avx2 computed the kept run, scalar this one"), "{rounded}");
    }
}
