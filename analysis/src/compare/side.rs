//! One of two compared studies: its finished runs, and the properties in which it may differ from the other
//! study.
//!
//! *Invariant:* a study has one accuracy for each network, arm, λ and seed.

use artifacts::compared::{Differs, Side};
use artifacts::run::Status;
use artifacts::study::{RecipeSummary, RunRow, Study};
use artifacts::words::{channels, short};
use artifacts::{Backend, Exact, Recipe};
use network::Arm;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// The settings that two runs must share to be compared across studies, apart from the seed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Comparable {
    pub(super) rankscale: u32,
    pub(super) decay: String,
    pub(super) lambda: Exact,
    /// The definition of an arm that is not of the house, because the other study may define another arm with
    /// the same name.
    meaning: &'static str,
}

/// Accuracies by seed.
pub(super) type Seeds = BTreeMap<u64, f64>;

/// The finished runs of a study, by cell.
pub(super) struct Cells<'a> {
    pub(super) by_key: BTreeMap<Comparable, Seeds>,
    runs: Vec<&'a RunRow>,
    /// The recipes of these runs.
    recipes: Vec<&'a RecipeSummary>,
    data: &'a [String],
    /// The arms that are not of the house.
    arms: &'a [Arm],
}

impl<'a> Cells<'a> {
    pub(super) fn of(study: &'a Study) -> Self {
        let mut by_key: BTreeMap<Comparable, Seeds> = BTreeMap::new();
        let mut runs = Vec::new();
        for (run, accuracy) in taken(study) {
            let arms = &study.summary.arms;
            let own = arms.iter().find(|arm| arm.name() == run.decay);
            let key = Comparable {
                rankscale: run.rankscale,
                decay: run.decay.clone(),
                lambda: Exact::of(run.lambda),
                meaning: own.map_or("", |arm| arm.definition().sentence),
            };
            let seeds = by_key.entry(key).or_default();
            if let Entry::Vacant(free) = seeds.entry(run.seed) {
                free.insert(accuracy);
                runs.push(run);
            }
        }
        let is_taken = |of: &&RecipeSummary| runs.iter().any(|run| run.recipe == of.recipe);
        let recipes = study.summary.recipes.iter().filter(is_taken).collect();
        Self { by_key, runs, recipes, data: &study.summary.data, arms: &study.summary.arms }
    }
}

/// Describes a study and the number of its runs that enter the comparison.
pub(super) fn of(name: &str, study: &Study, cells: &Cells<'_>) -> Side {
    let runs = cells.runs.len();
    Side {
        name: name.to_owned(),
        experiment: study.summary.experiment.clone(),
        runs: runs as u32,
        left_out: (finished(study).count() - runs) as u32,
    }
}

/// Counts the runs that take part in both studies, by name, with equal accuracies. A name alone does not say
/// so: other instructions round otherwise.
pub(super) fn same_runs(a: &Cells<'_>, b: &Cells<'_>) -> u32 {
    let of = |run: &RunRow| (run.run.clone(), run.test_accuracy.map(f64::to_bits));
    let known: BTreeSet<_> = a.runs.iter().map(|run| of(run)).collect();
    b.runs.iter().filter(|run| known.contains(&of(run))).count() as u32
}

/// Returns the finished runs under study: those of the plan, imported ones, or all if there is no plan.
fn finished(study: &Study) -> impl Iterator<Item = (&RunRow, f64)> {
    let has_plan = study.summary.experiment.is_some();
    let done = study.runs.iter().filter(move |run| run.status == Status::Done && run.is_studied(has_plan));
    done.filter_map(|run| Some((run, run.test_accuracy?)))
}

/// Returns the finished runs of the headline recipe, which the analysis lists first, and of every arm's own
/// recipe in a study that was tuned.
fn taken(study: &Study) -> Vec<(&RunRow, f64)> {
    let own = study.summary.tuned.iter().map(|arm| arm.recipe.as_str());
    let first = study.summary.recipes.first().map(|of| of.recipe.as_str());
    let recipes: BTreeSet<&str> = first.into_iter().chain(own).collect();
    finished(study).filter(|(run, _)| recipes.contains(run.recipe.as_str())).collect()
}

/// A property of a recipe, with a function that formats its value.
type OfRecipe = (&'static str, fn(&Recipe) -> String);
const OF_RECIPE: [OfRecipe; 8] = [
    ("data set", |of| of.dataset.to_string()),
    ("epochs", |of| of.epochs.to_string()),
    ("batch", |of| of.batch.to_string()),
    ("peak learning rate", |of| short(of.peak_learning_rate)),
    ("channels", |of| channels(of.channels)),
    ("training images", |of| all_or(of.train_images)),
    ("judged by", |of| format!("{} {} images", all_or(of.judged_by()), of.judged_by_what())),
    ("precision", |of| of.precision.to_string()),
];

/// A property of a run, with a function that formats its value.
type OfRun = (&'static str, fn(&RunRow) -> String);
const OF_RUN: [OfRun; 7] = [
    ("engine", |run| run.engine.to_string()),
    ("revision", |run| known(run.git_revision.as_ref())),
    ("device", |run| known(run.device_name.as_ref())),
    ("instructions", |run| of_engine(run, Backend::Fused, run.instructions.as_ref())),
    ("libtorch", |run| of_engine(run, Backend::Tch, run.libtorch.as_ref())),
    ("imported", |run| if run.imported { "yes" } else { "no" }.to_owned()),
    ("recipe", |run| run.recipe.clone()),
];

fn all_or(images: Option<usize>) -> String {
    images.map_or_else(|| "all".to_owned(), |images| images.to_string())
}

/// Formats a value that only one engine's runs have.
fn of_engine(run: &RunRow, engine: Backend, value: Option<&String>) -> String {
    if run.engine == engine { known(value) } else { "–".to_owned() }
}

fn known(value: Option<&String>) -> String {
    value.cloned().unwrap_or_else(|| "unknown".to_owned())
}

/// Lists the properties in which the studies differ.
pub(super) fn differs(a: &Cells<'_>, b: &Cells<'_>) -> Vec<Differs> {
    let of_recipes = OF_RECIPE.into_iter().map(|(what, of)| {
        let values =
            |cells: &Cells<'_>| distinct(cells.recipes.iter().map(|one| of(&one.configuration.recipe)));
        (what, values(a), values(b))
    });
    let of_runs = OF_RUN.into_iter().map(|(what, of)| {
        let values = |cells: &Cells<'_>| distinct(cells.runs.iter().map(|run| of(run)));
        (what, values(a), values(b))
    });
    let images = ("images", a.data.to_vec(), b.data.to_vec());
    let arms = |cells: &Cells<'_>| -> Vec<String> {
        cells.arms.iter().map(|arm| format!("{arm}: {}", arm.definition().sentence)).collect()
    };
    let arms = ("arms of its own", arms(a), arms(b));
    of_recipes
        .chain(of_runs)
        .chain([images, arms])
        .filter(|(_, a, b)| a != b)
        .map(|(what, a, b)| Differs { what: what.to_owned(), a, b })
        .collect()
}

/// Returns the distinct values in their order.
fn distinct(values: impl Iterator<Item = String>) -> Vec<String> {
    values.collect::<BTreeSet<_>>().into_iter().collect()
}
