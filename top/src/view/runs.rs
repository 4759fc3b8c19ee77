//! The runs under way, one line each: epoch, loss, accuracy, images per second, expected end, host.
//!
//! *Invariant:* if a line is too short for all columns, the least important are left out, and the epoch never
//! is.

use super::desk::Desk;
use super::ink;
use super::words::{NOTHING, bar, fit, percent, spoken, thousands};
use crate::moment::{Cell, Run, Sweep};
use artifacts::clock;
use artifacts::run::Condition;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

/// A column: its head, its width, its rank (columns of the highest rank are left out first), and the
/// formatter of its values.
struct Column {
    head: &'static str,
    width: usize,
    rank: u8,
    of: fn(&Run, &Desk) -> String,
}

const COLUMNS: [Column; 8] = [
    Column { head: "epoch", width: 8, rank: 0, of: |run, _| format!("{}/{}", run.epochs_done(), run.epochs) },
    Column { head: "", width: 12, rank: 7, of: |run, _| bar(run.share(), 11) },
    Column {
        head: "loss",
        width: 7,
        rank: 3,
        of: |run, _| {
            number(run.headway.epochs.last().and_then(|row| row.train_loss), |loss| format!("{loss:.3}"))
        },
    },
    Column { head: "acc. %", width: 7, rank: 4, of: |run, _| number(run.headway.accuracy(), percent) },
    Column {
        head: "images/s",
        width: 9,
        rank: 2,
        of: |run, _| number(run.headway.images_per_second(), thousands),
    },
    Column { head: "left", width: 12, rank: 5, of: |run, _| number(run.left(), spoken) },
    Column {
        head: "ends",
        width: 10,
        rank: 1,
        of: |run, desk| match run.condition() {
            Condition::Stopped => "stopped".to_owned(),
            _ if run.is_silent() => "silent".to_owned(),
            _ => number(run.left(), |left| clock::after(left, desk.now, |_| desk.offset)),
        },
    },
    Column {
        head: "host",
        width: 14,
        rank: 6,
        of: |run, _| number(run.headway.host(), |host| fit(host, 13)),
    },
];

/// The space between two columns.
const GAP: usize = 1;

/// Formats the head and a line for each run under way, then those that stopped; or says that there are none.
#[must_use]
pub fn lines(sweep: &Sweep, desk: &Desk, width: usize) -> Vec<Line<'static>> {
    let of = |condition: Condition| {
        sweep.runs().filter(move |(_, run)| run.condition() == condition && run.failed.is_none())
    };
    let under_way: Vec<_> = of(Condition::Running).chain(of(Condition::Stopped)).collect();
    if under_way.is_empty() {
        return vec![Line::raw(fit(&none(sweep), width))];
    }
    let names: Vec<String> = under_way.iter().map(|(cell, run)| name(cell, run)).collect();
    let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let name_width = longest.min(width.saturating_sub(COLUMNS[0].width + GAP + 2)).max(4);
    let columns = fitting(width.saturating_sub(name_width + 2));
    let mut head = format!("{:1$}", "", name_width + 2);
    for column in &columns {
        head.extend([format!("{:>1$}", column.head, column.width + GAP)]);
    }
    let rows = under_way.into_iter().zip(&names).map(|((cell, run), name)| {
        let look = sweep.look(cell.arm);
        let mut text = format!(" {:<name_width$}", fit(name, name_width));
        for column in &columns {
            text.extend([format!("{:>1$}", (column.of)(run, desk), column.width + GAP)]);
        }
        let style = if run.condition() == Condition::Stopped { Modifier::DIM } else { Modifier::empty() };
        Line::from(vec![
            Span::styled(ink::mark(look).to_string(), desk.ink.arm(look)),
            Span::styled(text, Style::new().add_modifier(style)),
        ])
    });
    let quiet = Style::new().add_modifier(Modifier::DIM);
    std::iter::once(Line::styled(head, quiet)).chain(rows).collect()
}

/// Returns the columns that fit, in their order.
fn fitting(width: usize) -> Vec<&'static Column> {
    let most = (0..=COLUMNS.len() as u8).rev().find(|most| {
        let kept = COLUMNS.iter().filter(|column| column.rank < *most);
        kept.map(|column| column.width + GAP).sum::<usize>() <= width
    });
    COLUMNS.iter().filter(|column| column.rank < most.unwrap_or(1).max(1)).collect()
}

fn name(cell: &Cell, run: &Run) -> String {
    format!("r{:02} {} s{}", cell.rankscale, cell.arm, run.seed)
}

fn none(sweep: &Sweep) -> String {
    let last = sweep.runs().filter_map(|(_, run)| run.headway.quiet).min();
    match last {
        Some(quiet) => format!("No run is under way; last written {} ago.", spoken(quiet)),
        None => "No run is under way, and none has begun.".to_owned(),
    }
}

fn number<T>(value: Option<T>, said: impl Fn(T) -> String) -> String {
    value.map_or_else(|| NOTHING.to_owned(), said)
}
