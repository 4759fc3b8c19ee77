//! The first two lines: the progress of the sweep and its expected end; its bar, and the load of this
//! machine.

use super::desk::Desk;
use super::words::{bar, fit, gibibytes, spoken};
use crate::moment::{Machine, Moment, Sweep};
use artifacts::clock;
use artifacts::run::Condition;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use std::time::Duration;

/// Formats two lines of this width.
#[must_use]
pub fn lines(moment: &Moment, desk: &Desk, width: usize) -> Vec<Line<'static>> {
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let (name, words, share) = match &moment.sweep {
        Ok(sweep) => (sweep.experiment.clone(), counts(sweep), sweep.share()),
        Err(_) => (moment.work.display().to_string(), String::new(), 0.0),
    };
    let ends = moment.sweep.as_ref().ok().and_then(Sweep::left).map_or_else(String::new, |left| {
        format!("ends {}, in {}", clock::after(left, desk.now, |_| desk.offset), spoken(left))
    });
    let stale = desk.now.duration_since(moment.read).unwrap_or_default();
    let ends = if stale > 5 * desk.every + Duration::from_secs(5) {
        format!("files last read {} ago", spoken(stale))
    } else {
        ends
    };
    let colon = if words.is_empty() { "" } else { ": " };
    let first = sides(&format!("{name}{colon}{words}"), &ends, width);
    let cut = name.len().min(first.len());
    let (name, words) = if first.is_char_boundary(cut) { first.split_at(cut) } else { ("", first.as_str()) };
    let machine = machine(&moment.machine, width);
    let room = width.saturating_sub(machine.chars().count() + 8);
    let second = if moment.sweep.is_ok() && room >= 8 {
        format!("{} {:>3.0} %  {machine}", bar(share, room), 100.0 * share)
    } else {
        machine
    };
    vec![
        Line::from(vec![Span::styled(name.to_owned(), bold), Span::raw(words.to_owned())]),
        Line::raw(fit(&second, width)),
    ]
}

/// Counts the runs of each condition.
#[must_use]
pub fn counts(sweep: &Sweep) -> String {
    let all = sweep.runs().count();
    let mut words = vec![format!("{} of {all} runs done", sweep.count(Condition::Done))];
    for condition in
        [Condition::Running, Condition::Stopped, Condition::Diverged, Condition::Unusable, Condition::Waiting]
    {
        let count = sweep.count(condition);
        if count > 0 {
            words.push(format!("{count} {}", condition.name()));
        }
    }
    if sweep.failed() > 0 {
        words.insert(1, format!("{} failed", sweep.failed()));
    }
    words.join(", ")
}

/// Formats the load of a machine, shorter if there is little space.
#[must_use]
pub fn machine(machine: &Machine, width: usize) -> String {
    let mut words = Vec::new();
    if let Some(load) = machine.load {
        words.push(format!("load {load:.1} of {}", machine.cores));
    }
    if let Some([taken, all]) = machine.memory {
        words.push(format!("memory {} of {} GiB", gibibytes(taken), gibibytes(all)));
    }
    let host = machine.host.as_ref().filter(|_| width >= 90).map(|host| format!("{}: ", fit(host, 20)));
    format!("{}{}", host.unwrap_or_default(), words.join(", "))
}

/// Joins a text at the left with one at the right, which is kept whole.
fn sides(left: &str, right: &str, width: usize) -> String {
    let right = fit(right, width);
    let taken = right.chars().count();
    let room = width - taken;
    let left = fit(left, room.saturating_sub(usize::from(taken > 0)));
    format!("{left}{}{right}", " ".repeat(room - left.chars().count()))
}
