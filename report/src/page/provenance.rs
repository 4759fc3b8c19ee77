//! Provenance: the recipes in words, the data, the machines and the versions.

use super::markdown::{Align, bullets, code, shorten, table, text};
use crate::selection::Selection;
use artifacts::Configuration;
use artifacts::study::{RunRow, TunedArm};
use artifacts::words::{self, channels, count, listed, many, short};
use std::collections::BTreeMap;

/// Writes the section.
#[must_use]
pub fn section(selection: &Selection<'_>) -> String {
    let study = selection.study;
    let mut parts = vec!["## Provenance".to_owned()];
    let mut recipes: Vec<_> = study.summary.recipes.iter().collect();
    // The sort is stable: the headline's recipe first, the others in their order.
    recipes.sort_by_key(|recipe| selection.key.is_none_or(|key| key.recipe != recipe.recipe));
    let recipes: Vec<_> = recipes
        .into_iter()
        .map(|recipe| {
            let runs = many(u64::from(recipe.runs), "finished run");
            format!("Recipe {} ({runs}): {}.", code(&recipe.recipe), spelled(&recipe.configuration))
        })
        .collect();
    let mut items = recipes;
    let others = shorten(&mut items, "summary.json");
    items.extend(others.map(|others| format!("Recipes: {others}")));
    let mut data = selection.fingerprints();
    let others = shorten(&mut data, "summary.json");
    items.extend(
        data.iter()
            .map(|line| format!("Images, by their content fingerprint (training:test): {}", text(line))),
    );
    items.extend(others.map(|others| format!("Images: {others}")));
    let imported = study.runs.iter().filter(|run| run.imported).count();
    if imported > 0 {
        items.push(format!(
            "{} from a notebook's `results.json`; what that format does not record is unknown.",
            if imported == 1 { "1 run comes".to_owned() } else { format!("{imported} runs come") }
        ));
    }
    if selection.was_trained() {
        items.push(
            "Cards to publish it with: [the networks](cards/model.md), [the tables](cards/dataset.md)."
                .to_owned(),
        );
    }
    items.push(format!("Report: version {}.", env!("CARGO_PKG_VERSION")));
    parts.push(bullets(&items));
    if !study.runs.is_empty() {
        parts.push(machines(&study.runs));
    }
    parts.join("\n\n")
}

/// Describes the recipe of the headline in words; in a tuned study without the learning rate, which is each
/// arm's own.
pub(crate) fn headline(selection: &Selection<'_>) -> Option<String> {
    let configuration = selection.configuration()?;
    let own = !selection.study.summary.tuned.is_empty();
    Some(if own { with_rate(configuration, "from each arm's own peak") } else { spelled(configuration) })
}

/// Names the strength of decay of the headline; in a tuned study the strength and the peak learning rate of
/// each arm.
pub(crate) fn strength(selection: &Selection<'_>) -> String {
    let own = |arm: &TunedArm| {
        format!("{} λ = {} and {}", code(arm.decay.name()), short(arm.lambda), short(arm.peak_learning_rate))
    };
    let own: Vec<String> = selection.study.summary.tuned.iter().map(own).collect();
    match (own.as_slice(), selection.key) {
        ([], None) => String::new(),
        ([], Some(key)) => format!("λ = {}", short(key.lambda.value())),
        (own, _) => format!("λ and peak learning rate are each arm's own: {}", listed(own)),
    }
}

/// Describes a recipe in words.
pub(crate) fn spelled(configuration: &Configuration) -> String {
    with_rate(configuration, &short(configuration.recipe.peak_learning_rate))
}

fn with_rate(configuration: &Configuration, rate: &str) -> String {
    let images = |number: Option<usize>, kind: &str| {
        number.map_or_else(
            || format!("all {kind} images"),
            |number| format!("a stratified subset of {} {kind} images", count(number as u64)),
        )
    };
    let dataset = match configuration.recipe.dataset {
        task if task.is_the_notebooks() => String::new(),
        task => format!("{task}; "),
    };
    let recipe = &configuration.recipe;
    let (learned, judged) = match recipe.validation_images {
        None => (
            images(recipe.train_images, "training"),
            format!("tested on {}", images(recipe.test_images, "test")),
        ),
        Some(held_out) => {
            let rest = format!("{} but {}", images(recipe.train_images, "training"), count(held_out as u64));
            (rest, "judged by these, and by no test image".to_owned())
        }
    };
    format!(
        "{dataset}channels {}; {} on {learned}, {judged}; batches of {}; Nesterov momentum {}, learning rate {} down to 0 on half \
         a cosine; {}",
        channels(configuration.recipe.channels),
        many(configuration.recipe.epochs as u64, "epoch"),
        configuration.recipe.batch,
        short(network::schedule::MOMENTUM),
        rate,
        configuration.recipe.precision,
    )
}

/// Counts runs by the machine and the versions that made them.
fn machines(runs: &[RunRow]) -> String {
    let mut groups: BTreeMap<[String; 5], usize> = BTreeMap::new();
    for run in runs {
        let known = |value: &Option<String>| value.as_deref().map_or_else(|| "unknown".to_owned(), text);
        let threads = run.threads.map_or_else(|| "unknown".to_owned(), |threads| threads.to_string());
        let engine = match (&run.libtorch, &run.instructions) {
            (Some(version), _) => format!("{}, libtorch {}", run.engine, text(version)),
            (None, Some(instructions)) => format!("{}, {}", run.engine, text(instructions)),
            (None, None) if run.imported => "unknown".to_owned(),
            (None, None) => run.engine.to_string(),
        };
        let revision = run.git_revision.as_deref().map_or_else(|| "unknown".to_owned(), code);
        let key = [known(&run.device), known(&run.device_name), threads, engine, revision];
        *groups.entry(key).or_default() += 1;
    }
    let mut rows: Vec<_> = groups
        .into_iter()
        .map(|(key, runs)| key.into_iter().chain([words::count(runs as u64)]).collect())
        .collect();
    let columns = [
        ("Device", Align::Left),
        ("Name", Align::Left),
        ("Threads", Align::Right),
        ("Engine", Align::Left),
        ("Trainer's revision", Align::Left),
        ("Runs", Align::Right),
    ];
    let others = shorten(&mut rows, "runs.parquet");
    let mut text = [table(&columns, &rows)].into_iter().chain(others).collect::<Vec<_>>().join("\n\n");
    if runs.iter().any(|run| run.git_revision.as_deref().is_some_and(|revision| revision.contains('+'))) {
        text += "\n\nA revision that ends with `+` had changes that were not committed.";
    }
    text
}
