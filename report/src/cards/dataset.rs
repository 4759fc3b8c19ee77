//! The card of the study's tables as a data set.

use super::card::{CITATION, Card, experiment, joined};
use super::{images, metadata};
use crate::page::markdown::{Align, bullets, code, table, text};
use crate::page::{answer, provenance, question, standing};
use crate::selection::Selection;
use artifacts::study::Study;
use artifacts::words::{count, many};
use serde_json::{Value, json};

/// Name of the document.
pub const FILE: &str = "dataset.md";

/// A table: its name, what one row is (with `{}` where the images that judge are named), and how many rows it
/// has.
type Table = (&'static str, &'static str, fn(&Study) -> usize);
const TABLES: [Table; 8] = [
    ("runs", "a run with its configuration, its costs and its last epoch", |study| study.runs.len()),
    ("epochs", "an epoch of a run: losses, accuracies, learning rate", |study| study.epochs.len()),
    ("cells", "the finished runs of a network and arm: mean, spread, interval", |study| study.cells.len()),
    ("comparisons", "a run beside its baseline's", |study| study.comparisons.len()),
    ("classes", "a pair of runs, the {} images of one class", |study| study.classes.len()),
    ("layers", "a convolution of a finished run after its last epoch: norms, stable rank", |study| {
        study.layers.len()
    }),
    ("trajectories", "a convolution after an epoch, means over the runs of a network and arm", |study| {
        study.trajectories.len()
    }),
    ("ledger", "a planned run, or a folder found, and what became of it", |study| study.ledger.len()),
];

/// Writes the card.
#[must_use]
pub fn card(selection: &Selection<'_>) -> Card {
    let text = joined(vec![
        head(selection),
        format!("# Dataset card: the tables of {}", experiment(selection)),
        format!(
            "{} These tables are what rankscale measured to answer that. {}",
            text(&question(selection)),
            answer::of(selection).markdown()
        ),
        tables(selection),
        origin(selection),
        format!(
            "## The images\n\nThe tables hold no image. They are of networks that were trained and judged on these:\n\n{}",
            images::section(selection)
        ),
        limits(selection),
        CITATION.to_owned(),
    ]);
    Card { file: FILE, text }
}

fn head(selection: &Selection<'_>) -> String {
    let study = selection.study;
    let name = study.summary.experiment.as_deref().unwrap_or("runs");
    let shown = TABLES.iter().filter(|(_, _, rows)| rows(study) > 0);
    let configurations: Vec<Value> = shown
        .map(|(table, ..)| json!({ "config_name": table, "data_files": format!("analysis/{table}.parquet") }))
        .collect();
    metadata::metadata(&[
        ("license", metadata::licenses()),
        ("pretty_name", json!(format!("rankscale: tables of {name}"))),
        ("tags", json!(["training-runs", "low-rank", "weight-decay", "replication"])),
        ("configs", json!(configurations)),
    ])
}

fn tables(selection: &Selection<'_>) -> String {
    let (study, judged_by) = (selection.study, selection.judged_by());
    let rows: Vec<Vec<String>> = TABLES
        .iter()
        .map(|(name, row, rows)| {
            let row = row.replace("{}", judged_by);
            vec![code(&format!("analysis/{name}.parquet")), row, count(rows(study) as u64)]
        })
        .collect();
    let columns = [("Table", Align::Left), ("One row is", Align::Left), ("Rows", Align::Right)];
    let reading = "Accuracies are fractions, losses are nats an image, times are seconds; what is unknown is null. `analysis/summary.json` holds the statistics and names the \
                   SHA-256 of each table; each run's own tables, all epochs of all layers and every prediction among them, are in `runs/`.";
    let example = "```python\nimport pandas\nruns = pandas.read_parquet(\"analysis/runs.parquet\")\n```";
    ["## What it holds".to_owned(), table(&columns, &rows), reading.to_owned(), example.to_owned()]
        .join("\n\n")
}

fn origin(selection: &Selection<'_>) -> String {
    let summary = &selection.study.summary;
    let recipes = summary.recipes.iter().take(10).map(|recipe| {
        let runs = many(u64::from(recipe.runs), "finished run");
        format!("Recipe {} ({runs}): {}.", code(&recipe.recipe), provenance::spelled(&recipe.configuration))
    });
    let mut items: Vec<String> = recipes.collect();
    items.push(match summary.planned {
        0 => format!("{} found, without a plan.", many(selection.study.runs.len() as u64, "run")),
        planned => format!("{} of {} done.", summary.done, many(u64::from(planned), "planned run")),
    });
    items.push(
        "Nothing was left out by its result, except that a diverged run has no accuracy, and makes no pair: the ledger names each planned run, and why one is missing."
            .to_owned(),
    );
    let mut parts = vec!["## How it was made".to_owned(), bullets(&items)];
    parts.extend(standing::paragraphs(&summary.standing));
    parts.join("\n\n")
}

fn limits(selection: &Selection<'_>) -> String {
    let some = |number: usize, noun: &str| match number {
        1 => format!("one {noun}"),
        number => many(number as u64, noun),
    };
    let scope = format!(
        "They answer the question above for one family of networks, {} and {} of images{}.",
        some(selection.study.summary.recipes.len(), "recipe"),
        some(selection.fingerprints().len(), "set"),
        if selection.study.runs.iter().any(|run| run.imported) {
            ", and for imported runs, of unknown images"
        } else {
            ""
        }
    );
    let items = [
        scope.as_str(),
        "The sealed rules, where there are any, name the comparison that was asked for; every other one that the tables allow is exploratory, and there are many.",
        "Rows of one pair, seed or network are not independent of each other: the report's intervals take a pair as one observation and give every network a variance of its own; a plain standard error over rows does not.",
        "They hold no data about persons.",
    ];
    format!("## Limits\n\n{}", bullets(&items.map(String::from)))
}
