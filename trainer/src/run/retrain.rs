//! Trains the first epochs of a kept run again, and compares them with the kept ones.
//!
//! With the same CPU instructions a run is repeated bit for bit, with any number of threads; AVX2 and AVX-512
//! give the same bits. With other instructions, and on a GPU, numbers are rounded otherwise, which the
//! updates amplify: only the mean loss of the first epoch's updates is then close, and only that is compared.
//!
//! *Invariant:* the kept run is only read; the new one is trained in a temporary directory.

use crate::run::context::RunContext;
use crate::run::session::{Outcome, train_until};
use anyhow::{Context, bail, ensure};
use artifacts::Layout;
use artifacts::reading::is_there;
use artifacts::run::{EpochRow, RunFolder, RunRecord};
use std::fmt::{self, Display, Formatter};

/// The largest relative difference of the first epoch's training loss that rounding explains. It detects
/// other initial weights or other images, but not another weight decay: in their first epoch two arms of one
/// seed differ by less (by 0.04 % at rankscale 31 in `desktop`).
const CLOSE: f64 = 0.01;

/// The rows of the kept run beside those trained now.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The name of the run.
    pub run: String,
    /// The name of the images that judge it: `test` or `held-out`.
    pub judged_by: &'static str,
    /// The kept and the new row of each epoch.
    pub rows: Vec<(EpochRow, EpochRow)>,
    /// What computed the kept run and the new one, if the two may round differently: other instructions, or a
    /// GPU, which adds in no fixed order.
    pub rounding: Option<(String, String)>,
}

/// Reads the record and the epochs of a run of a kept study.
///
/// # Errors
/// The run or the study does not exist.
pub fn kept(study: &Layout, run: &str) -> anyhow::Result<(RunRecord, Vec<EpochRow>)> {
    let folder = RunFolder::new(study.run(run));
    ensure!(is_there(&folder.record_path())?, "{}: no such run is kept", folder.path().display());
    Ok(folder.read()?)
}

/// Trains the first `epochs` epochs of a kept run again.
///
/// # Errors
/// The images differ, the run has fewer epochs, a file cannot be written, or the user asked to stop.
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
    let (then, today) = (computed_by(&record, epochs), computed_by(&repeated, epochs));
    let on_gpu = [&record, &repeated].iter().any(|run| run.parts_of(epochs).any(|made| made.device != "cpu"));
    Ok(Comparison {
        run: run.to_owned(),
        judged_by: record.configuration.recipe.judged_by_what(),
        rows: kept.into_iter().zip(now).take(epochs).collect(),
        rounding: (on_gpu || then != today).then_some((then, today)),
    })
}

/// Returns the instructions, or the libtorch, that computed the first epochs of a run, part after part.
fn computed_by(record: &RunRecord, epochs: usize) -> String {
    let mut names: Vec<&str> = record
        .parts_of(epochs)
        .map(|made| made.instructions.as_deref().or(made.libtorch.as_deref()).unwrap_or("unknown"))
        .collect();
    names.dedup();
    if names.is_empty() { "unknown".to_owned() } else { names.join(", then ") }
}

impl Comparison {
    /// Returns whether all rows are equal bit for bit, apart from times.
    #[must_use]
    pub fn equal(&self) -> bool {
        self.rows.iter().all(|(kept, now)| numbers(kept) == numbers(now))
    }

    /// Returns whether the run was reproduced: equal, or close if it may have been rounded differently.
    #[must_use]
    pub fn repeated(&self) -> bool {
        self.equal() || (self.rounding.is_some() && self.close())
    }

    fn close(&self) -> bool {
        let Some((kept, now)) = self.rows.first() else { return false };
        match (kept.train_loss, now.train_loss) {
            (Some(kept), Some(now)) => (kept - now).abs() <= CLOSE * kept.abs(),
            _ => false,
        }
    }
}

/// Returns the numbers of a row without its times.
fn numbers(row: &EpochRow) -> [Option<u64>; 5] {
    [row.learning_rate, row.train_loss, row.train_accuracy, row.test_loss, Some(row.test_accuracy)]
        .map(|number| number.map(f64::to_bits))
}

impl Display for Comparison {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: kept, and trained again", self.run)?;
        writeln!(f, "{:>5}  {:<44}  {} accuracy", "epoch", "train loss", self.judged_by)?;
        for (kept, now) in &self.rows {
            let loss =
                |row: &EpochRow| row.train_loss.map_or_else(|| "-".to_owned(), |loss| loss.to_string());
            let (then, today) = (loss(kept), loss(now));
            let same = if numbers(kept) == numbers(now) { "equal to the bit" } else { "differs" };
            let accuracies =
                format!("{:.2} % {:.2} %", kept.test_accuracy * 100.0, now.test_accuracy * 100.0);
            writeln!(f, "{:>5}  {then:<21}  {today:<21}  {accuracies}  {same}", kept.epoch)?;
        }
        match (&self.rounding, self.equal()) {
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

    fn comparison(kept: f64, now: f64, rounding: Option<(&str, &str)>) -> Comparison {
        let row = |loss| EpochRow { epoch: 1, train_loss: Some(loss), ..EpochRow::default() };
        Comparison {
            run: "r".into(),
            judged_by: "test",
            rows: vec![(row(kept), row(now))],
            rounding: rounding.map(|(then, now)| (then.to_owned(), now.to_owned())),
        }
    }

    #[test]
    fn one_bit_is_a_difference_and_only_other_rounding_excuses_it() {
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
