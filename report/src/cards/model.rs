//! The card of the trained networks.

use super::card::{CITATION, Card, experiment, joined};
use super::{images, metadata};
use crate::page::images as page_images;
use crate::page::markdown::{Align, bullets, code, shorten, table};
use crate::page::{answer, cells, provenance, standing};
use crate::selection::Selection;
use artifacts::Backend;
use artifacts::study::{CellRow, RunRow};
use artifacts::words::{self, count, many};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Name of the document.
pub const FILE: &str = "model.md";

/// Writes the card.
#[must_use]
pub fn card(selection: &Selection<'_>) -> Card {
    let runs = selection.runs();
    let text = joined(vec![
        head(selection),
        format!("# Model card: low-rank ResNet-9s of {}", experiment(selection)),
        format!(
            "{} that classify images of 32 x 32 pixels, trained to compare rules of weight decay and learning rate, and for nothing else. They were made by \
             rankscale, whose [report](../report.md) says what they show.",
            many(runs.len() as u64, "network")
        ),
        networks(selection, &runs),
        training(selection, &runs),
        results(selection),
        use_and_limits(selection),
        CITATION.to_owned(),
    ]);
    Card { file: FILE, text }
}

fn head(selection: &Selection<'_>) -> String {
    let mut keys = vec![
        ("license", metadata::licenses()),
        ("pipeline_tag", json!("image-classification")),
        ("tags", json!(["resnet", "low-rank", "weight-decay", "replication"])),
        ("metrics", json!(["accuracy"])),
    ];
    if page_images::are_cifar10(selection) {
        keys.push(("datasets", json!(["uoft-cs/cifar10"])));
    }
    // A hub compares accuracies with those of others, which are on all of the test images.
    let judged_by_all = selection.configuration().is_some_and(|recipe| recipe.recipe.judged_by().is_none());
    if page_images::are_cifar10(selection) && judged_by_all {
        keys.push(("model-index", index(&selection.cells())));
    }
    metadata::metadata(&keys)
}

/// Lists the accuracies in a hub's format, one entry for each network and arm.
fn index(cells: &[&CellRow]) -> Value {
    let entry = |cell: &&CellRow| {
        let runs = many(u64::from(cell.runs), "run");
        json!({
            "name": format!("{}, {}", words::at_network(cell.rankscale), cell.decay),
            "results": [{
                "task": { "type": "image-classification" },
                "dataset": { "name": "CIFAR-10", "type": "uoft-cs/cifar10", "split": "test" },
                "metrics": [{ "type": "accuracy", "name": format!("accuracy, mean of {runs}"), "value": rounded(cell.mean) }],
            }],
        })
    };
    cells.iter().map(entry).collect()
}

/// Rounds to a hundredth of a percentage point: no test set has enough images for finer differences.
fn rounded(fraction: f64) -> f64 {
    (fraction * 1e4).round() / 1e4
}

fn networks(selection: &Selection<'_>, runs: &[&RunRow]) -> String {
    let costs: BTreeMap<u32, &RunRow> = runs.iter().map(|run| (run.rankscale, *run)).collect();
    let mut rows: Vec<Vec<String>> = costs
        .into_iter()
        .map(|(rankscale, run)| {
            let of_full = format!("{} %", words::fixed(run.ratio_full * 100.0, 1));
            vec![words::network(rankscale), count(run.parameters), of_full, count(run.macs)]
        })
        .collect();
    let others = shorten(&mut rows, "runs.parquet");
    let columns = [
        ("Rankscale", Align::Right),
        ("Parameters", Align::Right),
        ("Of full", Align::Right),
        ("Multiply-accumulates", Align::Right),
    ];
    let channels = selection.configuration().map_or_else(String::new, |recipe| {
        format!(" with {} channels", words::listed(&recipe.recipe.channels.map(|c| c.to_string())))
    });
    let mut parts = vec![
        "## Networks".to_owned(),
        format!(
            "Page's ResNet-9{channels}; every 3x3 convolution but the first is depthwise 3x3, then 1x1 down to a rank, then 1x1 up again, without bias or nonlinearity in \
             between. The rank of a layer with c output channels is c / rankscale, rounded down, and at least 1."
        ),
        table(&columns, &rows),
        format!(
            "A run's weights are `runs/<run>/model.safetensors`: float32, under the names of the PyTorch reference, with the running statistics of batch norm. Studies that are \
             kept with the source hold all of a run but its weights; the same configuration and seed train {}. An image is normalised plane by plane, with the \
             constants of `reference/reference.py`, which also builds the network in PyTorch.",
            if runs.iter().all(|run| run.engine == Backend::Fused) {
                "them again"
            } else {
                "networks of the same kind, not the same weights"
            }
        ),
    ];
    parts.extend(others);
    parts.join("\n\n")
}

fn training(selection: &Selection<'_>, runs: &[&RunRow]) -> String {
    let mut items: Vec<String> = provenance::headline(selection).into_iter().collect();
    items.extend(selection.key.map(|_| format!("{}.", provenance::strength(selection))));
    items.extend(
        selection.arms().iter().map(|arm| format!("{}: {}", code(arm.name()), arm.definition().sentence)),
    );
    let hours = runs.iter().filter_map(|run| run.seconds).sum::<f64>() / 3600.0;
    let mut devices: BTreeMap<&str, u64> = BTreeMap::new();
    for run in runs {
        *devices.entry(run.device_name.as_deref().unwrap_or("an unknown device")).or_default() += 1;
    }
    let devices: Vec<String> =
        devices.iter().map(|(device, runs)| format!("{} on {}", many(*runs, "run"), code(device))).collect();
    items.push(format!(
        "{} of training and evaluation, added up over runs: {}.",
        if hours < 10.0 {
            format!("{} hours", words::fixed(hours, 1))
        } else {
            format!("{} hours", count(hours.round() as u64))
        },
        words::listed(&devices)
    ));
    let images = format!("### Images\n\n{}", images::section(selection));
    ["## Training".to_owned(), bullets(&items), images].join("\n\n")
}

fn results(selection: &Selection<'_>) -> String {
    let (_, table) = cells::grid(selection, &selection.cells());
    let mut parts = vec![
        "## Results".to_owned(),
        answer::of(selection).markdown(),
        "Accuracy after the last epoch in per cent: mean ± standard deviation over seeds, and the number of runs. No epoch and no run was chosen by it.".to_owned(),
        table,
    ];
    parts.extend(standing::paragraphs(&selection.study.summary.standing));
    parts.join("\n\n")
}

fn use_and_limits(selection: &Selection<'_>) -> String {
    let recipe = if selection.has_the_notebooks_recipe() {
        "the recipe is that of a notebook of 2018, held fixed so that arms can be compared"
    } else if selection.study.summary.tuned.is_empty() {
        "the recipe serves to compare arms, and was not searched for accuracy"
    } else {
        "the recipe serves to compare arms, and nothing of it but λ and peak learning rate was searched for accuracy"
    };
    let items = [
        "They are for research on low rank and weight decay: to repeat the study, to look into single layers, to compare with other rules.".to_owned(),
        format!(
            "They are not for any decision about anything outside {}: they know a few classes of tiny pictures, give one of them to whatever they are shown, and their \
             probabilities were never calibrated.",
            page_images::name(selection)
        ),
        format!("They are not the most accurate networks of their size: {recipe}."),
        "Accuracies of single networks differ from seed to seed; a difference between two files says little, and the intervals of the report say how little.".to_owned(),
    ];
    format!("## Use, and limits\n\n{}", bullets(&items))
}
