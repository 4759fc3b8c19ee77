//! Reads a work folder repeatedly.
//!
//! *Invariant:* a run whose files have not changed since they were read is not read again.

use super::endpoint::Endpoint;
use super::files::{Mark, mark, plain};
use super::logs::Logs;
use super::machine;
use super::plan::{NoPlan, Plan, Planned};
use crate::moment::{Cell, Moment, Nothing, Run, Said, Sweep, Trouble};
use artifacts::run::said::FAILED;
use artifacts::run::{Condition, Headway, RunFolder};
use artifacts::{Exact, Layout, Recipe};
use network::Arm;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, SystemTime};

/// The delay after which a run with inconsistent files is read again: its trainer may have been writing them.
const AGAIN: Duration = Duration::from_millis(40);

/// A reader of a work folder.
#[derive(Debug)]
pub struct Reader {
    layout: Layout,
    wanted: Option<String>,
    plan: Option<Plan>,
    runs: HashMap<String, ([Mark; 2], Arc<Headway>)>,
    logs: Logs,
    endpoint: Endpoint,
}

/// What the cells of one label share, unless they differ in recipe or engine: rankscale, index of the arm,
/// and strength.
type Place = (usize, usize, [Exact; 2]);
/// The key of a cell: its place, the hash of its recipe, and its engine.
type Key = (Place, String, &'static str);

impl Reader {
    /// Creates a reader of this folder, for the given experiment or that of the newest sweep.
    #[must_use]
    pub fn new(layout: Layout, experiment: Option<String>) -> Self {
        Self {
            layout,
            wanted: experiment,
            plan: None,
            runs: HashMap::new(),
            logs: Logs::default(),
            endpoint: Endpoint::default(),
        }
    }

    /// Reads the current state of the folder.
    pub fn read(&mut self) -> Moment {
        Moment {
            work: self.layout.root().to_owned(),
            sweep: self.sweep(),
            machine: machine::here(),
            read: SystemTime::now(),
        }
    }

    fn sweep(&mut self) -> Result<Sweep, Nothing> {
        let mut troubles = Vec::new();
        let plan = match Plan::read(&self.layout, self.wanted.as_deref()) {
            Ok(plan) => self.plan.insert(plan).clone(),
            Err(NoPlan::Nothing(nothing)) => return Err(nothing),
            // The plan that was read before still holds.
            Err(NoPlan::Damaged(reason)) => match &self.plan {
                Some(plan) => {
                    troubles.push(Trouble {
                        of: "the plan".to_owned(),
                        what: plain(&reason),
                        lines: Vec::new(),
                    });
                    plan.clone()
                }
                None => return Err(Nothing { found: plain(&reason), advice: Vec::new() }),
            },
        };
        let said = self.logs.read(&self.layout);
        let runs: Vec<_> = plan.runs.iter().map(|planned| (planned, self.run(planned, &said))).collect();
        let arms = plan.arms();
        let cells = cells(runs, &arms);
        troubles.extend(cells.iter().flat_map(|cell| &cell.runs).filter_map(trouble));
        let endpoint = self.endpoint.read(&self.layout, plan.experiment.as_deref(), plan.newest);
        let judged_by = plan.judged_by();
        let experiment = plan.experiment.unwrap_or_else(|| "no experiment".to_owned());
        Ok(Sweep { experiment, title: plan.title, judged_by, cells, arms, endpoint, troubles })
    }

    fn run(&mut self, Planned { of, name, .. }: &Planned, said: &HashMap<String, Said>) -> Run {
        let headway = self.headway(name);
        // A run under way has not failed, whatever an old log says.
        let may_have_failed = matches!(headway.condition, Condition::Waiting | Condition::Stopped);
        let failed = said.get(name).filter(|said| may_have_failed && said.words.starts_with(FAILED));
        Run { name: name.clone(), seed: of.seed, epochs: of.recipe.epochs, headway, failed: failed.cloned() }
    }

    fn headway(&mut self, name: &str) -> Arc<Headway> {
        let folder = RunFolder::new(self.layout.run(name));
        let marks = [folder.record_path(), folder.epochs_path()].map(|path| mark(&path));
        let before = self.runs.get(name);
        let settled =
            |headway: &Headway| headway.condition.has_ended() || headway.condition == Condition::Unusable;
        if let Some((at, headway)) = before
            && *at == marks
            && settled(headway)
        {
            return Arc::clone(headway);
        }
        let mut found = Headway::read(&folder);
        if found.reason.is_some() {
            // While files are being written they may be inconsistent for a moment.
            sleep(AGAIN);
            found = Headway::read(&folder);
        }
        // If a file vanished between two reads, the last good state holds.
        if found.condition == Condition::Running
            && found.record.is_none()
            && let Some((_, headway)) = before
        {
            return Arc::clone(headway);
        }
        found.reason = found.reason.map(|reason| plain(&reason));
        let found = Arc::new(found);
        self.runs.insert(name.to_owned(), (marks, Arc::clone(&found)));
        found
    }
}

fn trouble(run: &Run) -> Option<Trouble> {
    let trouble = |what: String, lines: Vec<String>| Some(Trouble { of: run.name.clone(), what, lines });
    if let Some(Said { log, words, before }) = &run.failed {
        let lines = before.iter().cloned().chain([format!("of {}", log.display())]);
        return trouble(words.clone(), lines.collect());
    }
    match run.condition() {
        Condition::Unusable => {
            trouble(format!("unusable: {}", run.headway.reason.as_deref().unwrap_or("")), Vec::new())
        }
        Condition::Diverged => trouble(format!("diverged in epoch {}", run.epochs_done()), Vec::new()),
        _ if run.is_silent() => {
            let minutes = run.headway.quiet.unwrap_or_default().as_secs() / 60;
            let what = format!("silent for {minutes} min: its process may be dead, and a sweep takes it up");
            trouble(what, Vec::new())
        }
        _ => None,
    }
}

/// Groups the runs that differ only in their seed, each cell sorted by seed.
fn cells(runs: Vec<(&Planned, Run)>, arms: &[Arm]) -> Vec<Cell> {
    let mut cells: BTreeMap<Key, Cell> = BTreeMap::new();
    for (Planned { of, images, .. }, run) in runs {
        let arm = arms.iter().position(|arm| *arm == of.decay).unwrap_or(0);
        let strength = [of.lambda, of.recipe.peak_learning_rate];
        let engine = of.engine.name();
        let key = ((of.rankscale, arm, strength.map(Exact::of)), of.recipe.hash(images), engine);
        let empty = || Cell {
            rankscale: of.rankscale,
            arm: of.decay,
            strength,
            labelled: false,
            shares: format!("{} {engine}", Recipe { peak_learning_rate: 0.0, ..of.recipe }.hash(images)),
            kind: None,
            runs: Vec::new(),
        };
        cells.entry(key).or_insert_with(empty).runs.push(run);
    }
    let mut strengths: BTreeMap<(usize, usize), BTreeSet<[Exact; 2]>> = BTreeMap::new();
    let mut kinds: BTreeMap<Place, [BTreeSet<String>; 2]> = BTreeMap::new();
    for (place, recipe, engine) in cells.keys() {
        strengths.entry((place.0, place.1)).or_default().insert(place.2);
        let [recipes, engines] = kinds.entry(*place).or_default();
        recipes.insert(recipe.clone());
        engines.insert((*engine).to_owned());
    }
    let labelled = |((place, recipe, engine), cell): (Key, Cell)| {
        let [recipes, engines] = &kinds[&place];
        let words = [(recipes, recipe.as_str()), (engines, engine)];
        let words: Vec<&str> =
            words.into_iter().filter(|(all, _)| all.len() > 1).map(|(_, word)| word).collect();
        let kind = (!words.is_empty()).then(|| words.join(" "));
        let mut cell = Cell { labelled: strengths[&(place.0, place.1)].len() > 1, kind, ..cell };
        cell.runs.sort_by_key(|run| run.seed);
        cell
    };
    cells.into_iter().map(labelled).collect()
}
