//! A made-up sweep, in the middle of its runs.

use artifacts::Layout;
use artifacts::run::Condition::{self, Diverged, Done, Running, Stopped, Unusable, Waiting};
use artifacts::run::{EpochRow, Headway};
use artifacts::study::Summary;
use network::Arm;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use top::moment::{Cell, Machine, Moment, Run, Said, SoFar, Sweep, Trouble};
use top::view::desk::Desk;
use top::view::ink::Ink;

/// Thursday, 26 November 2026, 12:00 in UTC.
pub fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_hours(498_804)
}

/// A desk without any choice, and without colours.
pub fn desk() -> Desk {
    Desk::new(Ink::Plain, now(), 0, Duration::from_secs(2))
}

/// The moment with this sweep.
pub fn moment() -> Moment {
    Moment { work: PathBuf::from("work"), sweep: Ok(sweep()), machine: machine(), read: now() }
}

fn machine() -> Machine {
    Machine { host: Some("laptop".to_owned()), cores: 8, load: Some(3.25), memory: Some([5 << 30, 16 << 30]) }
}

/// Epochs of a made-up run: the accuracy rises to `best`, and the loss falls.
fn epochs(count: u32, best: f64) -> Vec<EpochRow> {
    (1..=count)
        .map(|epoch| {
            let rest = (-f64::from(epoch) / 4.0).exp();
            EpochRow {
                epoch,
                train_loss: Some(0.05 + 2.0 * rest),
                train_accuracy: Some(best + 0.04 - 0.6 * rest),
                test_loss: Some(0.3 + 1.6 * rest),
                test_accuracy: best - 0.6 * rest,
                train_seconds: Some(55.0),
                test_seconds: Some(5.0),
                images_per_second: Some(1600.0),
                ..EpochRow::default()
            }
        })
        .collect()
}

fn run(name: &str, seed: u64, condition: Condition, epochs: Vec<EpochRow>) -> Run {
    let quiet = (condition != Condition::Waiting).then(|| Duration::from_secs(20));
    let headway = Headway { condition, record: None, epochs, quiet, reason: None };
    Run {
        name: format!("{name}-s{seed}-0a1b2c3d"),
        seed,
        epochs: 20,
        headway: Arc::new(headway),
        failed: None,
    }
}

fn sweep() -> Sweep {
    let cell = |rankscale: usize, arm: Arm, best: f64, conditions: [(Condition, u32); 3]| {
        let name = format!("r{rankscale:02}-{arm}");
        let runs = (0..).zip(conditions);
        let runs = runs.map(|(seed, (condition, done))| run(&name, seed, condition, epochs(done, best)));
        Cell {
            rankscale,
            arm,
            strength: [5e-4, 0.2],
            labelled: false,
            shares: "0a1b2c3d fused".to_owned(),
            kind: None,
            runs: runs.collect(),
        }
    };
    let mut cells = vec![
        cell(8, Arm::ORIGINAL, 0.9294, [(Done, 20), (Running, 12), (Waiting, 0)]),
        cell(8, Arm::APPROPRIATE, 0.9209, [(Done, 20), (Running, 9), (Waiting, 0)]),
        cell(31, Arm::ORIGINAL, 0.8704, [(Done, 20), (Stopped, 5), (Unusable, 0)]),
        cell(31, Arm::APPROPRIATE, 0.8600, [(Done, 20), (Stopped, 3), (Diverged, 7)]),
    ];
    let failed = &mut cells[3].runs[1];
    failed.failed = Some(Said {
        log: PathBuf::from("work/slurm/e-7_0.log"),
        words: "failed: No space left on device".to_owned(),
        before: None,
    });
    let trouble = |of: &Run, what: &str, lines: &[&str]| Trouble {
        of: of.name.clone(),
        what: what.to_owned(),
        lines: lines.iter().map(|line| (*line).to_owned()).collect(),
    };
    let troubles = vec![
        trouble(&cells[3].runs[1], "failed: No space left on device", &["of work/slurm/e-7_0.log"]),
        trouble(&cells[2].runs[2], "unusable: work/runs/r31/epochs.parquet: is not what was written", &[]),
        trouble(&cells[3].runs[2], "diverged in epoch 7", &[]),
    ];
    let study = Layout::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../results/gpu"));
    let mut summary = Summary::read(&study).unwrap();
    (summary.done, summary.diverged, summary.planned) = (4, 1, 12);
    summary.standing.looks = None;
    Sweep {
        experiment: "example".to_owned(),
        title: "Does it look right?".to_owned(),
        judged_by: "test",
        cells,
        arms: vec![Arm::ORIGINAL, Arm::APPROPRIATE],
        endpoint: SoFar::Found {
            summary: Arc::new(summary),
            written: now() - Duration::from_secs(200),
            command: "just analyse".to_owned(),
        },
        troubles,
    }
}
