//! The ledger: every planned run and every folder found, and what became of it.

use super::markdown::{Align, NAMED, code, folded_if, marked, table};
use crate::selection::Selection;
use artifacts::study::{LedgerRow, State};
use artifacts::words;

/// The number of rows from which a table is folded.
const SHOWN: usize = 10;

/// The states, in the order in which they are counted.
const STATES: [(State, &str); 6] = [
    (State::Done, "every epoch is there"),
    (State::Running, "under way, or killed without a word"),
    (State::Interrupted, "stopped by a signal; resumes from its last epoch"),
    (State::Diverged, "the loss was no longer a finite number"),
    (State::Missing, "planned, never started"),
    (State::Quarantined, "a folder that cannot be used"),
];

/// Writes the section: counts by state, then every run that is not done, with its reason.
#[must_use]
pub fn section(selection: &Selection<'_>) -> String {
    let ledger = &selection.study.ledger;
    let mut parts = vec!["## Ledger of runs".to_owned()];
    if ledger.is_empty() {
        parts.push("Nothing was planned and nothing was found.".to_owned());
        return parts.join("\n\n");
    }
    let mut rows = Vec::new();
    for (state, meaning) in STATES {
        let (planned, others): (Vec<_>, Vec<_>) =
            ledger.iter().filter(|row| row.state == state).partition(|row| row.planned);
        if !planned.is_empty() || !others.is_empty() || state == State::Done {
            rows.push(vec![
                state.to_string(),
                planned.len().to_string(),
                others.len().to_string(),
                meaning.to_owned(),
            ]);
        }
    }
    let planned = ledger.iter().filter(|row| row.planned).count();
    rows.push(vec![
        "**all**".to_owned(),
        planned.to_string(),
        (ledger.len() - planned).to_string(),
        String::new(),
    ]);
    let columns = [
        ("State", Align::Left),
        ("Planned", Align::Right),
        ("Others", Align::Right),
        ("Meaning", Align::Left),
    ];
    parts.push(table(&columns, &rows));
    let mut open: Vec<_> = ledger.iter().filter(|row| row.state != State::Done).collect();
    open.sort_by(|a, b| (!a.planned, a.state.name(), &a.run).cmp(&(!b.planned, b.state.name(), &b.run)));
    if open.is_empty() {
        parts.push("Every run reached its last epoch.".to_owned());
    } else {
        let summary = format!("{} not done", words::many(open.len() as u64, "run"));
        parts.push("Not done:".to_owned());
        let named = &open[..open.len().min(NAMED)];
        parts.push(folded_if(open.len() > SHOWN, &summary, not_done(named)));
        if open.len() > NAMED {
            let others = words::many((open.len() - NAMED) as u64, "run");
            parts.push(format!("The other {others} are in `analysis/ledger.parquet`."));
        }
    }
    parts.join("\n\n")
}

fn not_done(rows: &[&LedgerRow]) -> String {
    let rows: Vec<_> = rows
        .iter()
        .map(|row| {
            let epochs = if row.epochs == 0 {
                "–".to_owned()
            } else {
                format!("{} of {}", row.epochs_done, row.epochs)
            };
            let planned = if row.planned { "yes" } else { "no" };
            vec![code(&row.run), row.state.to_string(), planned.to_owned(), epochs, marked(&row.reason)]
        })
        .collect();
    let columns = [
        ("Run", Align::Left),
        ("State", Align::Left),
        ("Planned", Align::Left),
        ("Epochs", Align::Right),
        ("Reason", Align::Left),
    ];
    table(&columns, &rows)
}
