//! The latest results of `analysis` for an experiment: its own summary, as it wrote it.
//!
//! *Invariant:* no number of it is computed here.

use super::files::{Mark, mark, plain};
use crate::moment::SoFar;
use artifacts::Layout;
use artifacts::study::Summary;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

/// The summary, as last read.
#[derive(Debug, Default)]
pub(super) struct Endpoint {
    mark: Mark,
    found: Option<Result<Arc<Summary>, String>>,
}

impl Endpoint {
    /// Reads the results for this experiment; `newest` says whether it is that of the newest sweep, which an
    /// analysis takes by default.
    pub(super) fn read(&mut self, layout: &Layout, experiment: Option<&str>, newest: bool) -> SoFar {
        let command = command(layout, experiment.filter(|_| !newest));
        let now = mark(&layout.summary());
        let Some((written, _)) = now else {
            return SoFar::Missing { reason: "No analysis has been made here yet.".to_owned(), command };
        };
        if self.found.is_none() || self.mark != now {
            self.found = Some(Summary::read(layout).map(Arc::new).map_err(|error| plain(&error.to_string())));
            self.mark = now;
        }
        self.judged(experiment, written, command)
    }

    fn judged(&self, experiment: Option<&str>, written: SystemTime, command: String) -> SoFar {
        match &self.found {
            Some(Ok(summary)) if summary.experiment.as_deref() == experiment => {
                SoFar::Found { summary: Arc::clone(summary), written, command }
            }
            Some(Ok(summary)) => {
                let of = summary.experiment.as_deref().unwrap_or("all runs");
                SoFar::Missing { reason: format!("The analysis here is of {of}."), command }
            }
            Some(Err(reason)) => SoFar::Missing { reason: reason.clone(), command },
            None => SoFar::Missing { reason: String::new(), command },
        }
    }
}

/// Returns the command that analyses these runs.
fn command(layout: &Layout, experiment: Option<&str>) -> String {
    let experiment = experiment.map(|name| format!(" EXPERIMENT={name}")).unwrap_or_default();
    format!("just analyse{experiment}{}", place(layout.root()))
}

/// Returns the argument that makes a `just` recipe use this folder; empty if that is the default.
pub(super) fn place(work: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let Ok(inside) = here.join(work).strip_prefix(&here).map(Path::to_owned) else {
        return format!(" WORK={}", work.display());
    };
    let parts: Vec<_> = inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    match parts.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["work"] => String::new(),
        ["results", study] => format!(" STUDY={study}"),
        _ => format!(" WORK={}", work.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_names_the_place_where_it_would_not_go_by_itself() {
        for (work, words) in [("work", ""), ("results/gpu", " STUDY=gpu"), ("/tmp/w", " WORK=/tmp/w")] {
            assert_eq!(place(Path::new(work)), words);
        }
        assert_eq!(command(&Layout::new("work"), Some("quick")), "just analyse EXPERIMENT=quick");
    }

    #[test]
    fn the_summary_of_another_experiment_is_not_passed_off_as_this_ones() {
        let layout = Layout::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../results/seeds"));
        let mut endpoint = Endpoint::default();
        assert!(matches!(endpoint.read(&layout, Some("seeds"), true), SoFar::Found { .. }));
        let SoFar::Missing { reason, command } = endpoint.read(&layout, Some("quick"), false) else {
            panic!("it is of another")
        };
        assert_eq!(reason, "The analysis here is of seeds.");
        assert!(command.starts_with("just analyse EXPERIMENT=quick WORK="), "{command}");
    }
}
