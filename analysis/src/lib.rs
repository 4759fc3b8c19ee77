//! Joins runs with their configuration, and computes the statistics of the study.
//!
//! The data flow: [`runs`] reads what the trainer wrote, [`join`] makes pairs, cells and the other tables of
//! it, [`endpoint`] turns pairs into verdicts with the estimators of [`stats`], `study` puts all of it
//! together, and [`artifacts::study`] writes it. [`mod@publish`] keeps a study with the source, [`planning`]
//! computes the power of a study, [`tuning`] finds the strength at which each arm is best, and [`compare`]
//! compares two studies. Modules import to the right only: `planning`, `tuning`, `compare` → `endpoint` →
//! `join` → `runs`; all but `runs` → `stats`.
//!
//! *Invariant:* only this file, `which`, `import`, [`mod@publish`], [`tuning`] and [`mod@runs::collect`] know
//! paths; the same runs give the same files, byte for byte.
//!
//! The estimator of an endpoint, on differences of three seeds at each of two rankscales:
//!
//! ```
//! use analysis::stats::strata::Strata;
//! use analysis::stats::stratified::stratified;
//!
//! let points = [vec![-1.1, -0.9, -1.0], vec![-0.6, -1.0, -0.8]];
//! let strata = Strata::new(points).expect("there are differences");
//! let estimate = stratified(&strata).expect("they vary");
//! // The mean of the means, with Satterthwaite's degrees of freedom between 2 and 4.
//! assert!((estimate.value - -0.9).abs() < 1e-12);
//! assert!(estimate.freedom > 2.0 && estimate.freedom < 4.0);
//! let interval = estimate.interval(0.95);
//! assert!(interval.low < estimate.value && interval.high < 0.0 && estimate.p() < 0.05);
//! // Without a spread there is no estimate: equal numbers are no certainty.
//! assert_eq!(Strata::new([vec![0.1, 0.1]]).as_ref().and_then(stratified), None);
//! ```

pub mod compare;
pub mod endpoint;
mod import;
pub mod join;
pub mod planning;
pub mod publish;
pub mod runs;
pub mod stats;
mod study;
pub mod tuning;
mod which;

pub use import::import;
pub use which::Choice;

use anyhow::bail;
use artifacts::Layout;
use artifacts::seal::Seal;
use artifacts::study::Study;
use artifacts::words::many;
use endpoint::sentence::headline;
use runs::collect::{Collected, collect};
use runs::namesakes;
use runs::plan::Plan;
use runs::results::{self, ResultsArms};
use std::io::Write;
use std::time::Instant;
use study::study;
use which::{plan, which};

/// Analyses the runs and writes the study and `results.json`. Writes one line per step to `progress`.
///
/// # Errors
/// The experiment does not exist; a directory cannot be read or written; or there is no usable run. In the
/// last case the empty study still replaces an older one, so that the older one is not mistaken for the
/// result.
pub fn analyse(
    layout: &Layout,
    choice: &Choice,
    arms: Option<ResultsArms>,
    progress: &mut impl Write,
) -> anyhow::Result<Study> {
    let start = Instant::now();
    let collected = collect(layout)?;
    let plan = plan(layout, choice, &collected.runs)?;
    let collected = namesakes::set_aside(collected, plan.as_ref());
    // A mistyped directory is not filled with files.
    if ![layout.runs(), layout.plan(), layout.summary()].iter().any(|path| path.exists()) {
        bail!(nothing(layout, &collected, plan.as_ref()));
    }
    let epochs: usize = collected.runs.iter().map(|run| run.epochs.len()).sum();
    writeln!(
        progress,
        "read {} with {}{} from {} in {}",
        many(collected.runs.len() as u64, "run"),
        many(epochs as u64, "epoch"),
        match collected.quarantined.len() {
            0 => String::new(),
            others => format!(" (and set aside {others} that cannot be used: see the ledger)"),
        },
        layout.runs().display(),
        seconds(start),
    )?;
    if let Some(plan) = &plan {
        writeln!(progress, "{}", which(layout, choice, &plan.experiment().name))?;
    }
    let start = Instant::now();
    let seal =
        plan.as_ref().map(|plan| Seal::read(&layout.seal(&plan.experiment().name))).transpose()?.flatten();
    let (study, entries) = study(&collected, plan.as_ref(), seal.as_ref(), arms)?;
    writeln!(
        progress,
        "joined into {} and {} in {}",
        many(study.cells.len() as u64, "cell"),
        many(study.comparisons.len() as u64, "pair"),
        seconds(start)
    )?;
    let start = Instant::now();
    study.write_beside(layout, &[("results.json", results::to_json(&entries)?.as_bytes())])?;
    writeln!(progress, "wrote {} and its tables in {}", layout.summary().display(), seconds(start))?;
    if collected.runs.is_empty() {
        bail!(nothing(layout, &collected, plan.as_ref()));
    }
    match study.summary.endpoints.first() {
        Some(endpoint) => writeln!(progress, "{}", headline(endpoint))?,
        None => writeln!(progress, "No run is under study, so there is nothing to say.")?,
    }
    Ok(study)
}

/// Says why there is nothing to analyse, and how to get runs.
fn nothing(layout: &Layout, collected: &Collected, plan: Option<&Plan>) -> String {
    let train = plan.map_or_else(|| "`just sweep`".to_owned(), Plan::command);
    let unusable = match collected.quarantined.first() {
        Some(first) => format!(" (what is there cannot be used, first {}: {})", first.name, first.reason),
        None => String::new(),
    };
    // The program is named as it was called: `just` calls it by a path.
    let program = std::env::args().next().unwrap_or_else(|| "analysis".to_owned());
    format!(
        "no run to analyse in {}{unusable}: train some with {train}, or one with `just train RANKSCALE=8`, or import a notebook's with `{program} import \
         results.json`",
        layout.runs().display()
    )
}

fn seconds(start: Instant) -> String {
    format!("{:.2} s", start.elapsed().as_secs_f64())
}
