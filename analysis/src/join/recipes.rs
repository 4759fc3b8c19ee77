//! The recipes of the runs under study: what runs must share to be compared.
//!
//! *Invariant:* the headline recipe comes first; the order depends on the runs alone.

use crate::inputs::{Plan, Run};
use artifacts::study::RecipeSummary;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// A recipe and what it saw.
#[derive(Debug, Clone, PartialEq)]
pub struct Recipe {
    /// For the summary.
    pub summary: RecipeSummary,
    /// Of the images.
    pub fingerprint: String,
    /// Whether the plan has runs of it.
    pub planned: bool,
}

/// The recipes of the runs under study: the planned ones first, then trained before imported ones, then those with more
/// finished runs. So where a plan was trained on two sets of images, the fuller half is the headline.
#[must_use]
pub fn recipes(runs: &[Run], plan: Option<&Plan>) -> Vec<Recipe> {
    let mut found: BTreeMap<String, (Recipe, bool)> = BTreeMap::new();
    for run in runs.iter().filter(|run| run.is_studied(plan)) {
        let (recipe, _) = found.entry(run.recipe()).or_insert_with_key(|recipe| {
            let summary = RecipeSummary {
                recipe: recipe.clone(),
                runs: 0,
                configuration: run.record.configuration.clone(),
            };
            let fingerprint = run.record.data.fingerprint.clone();
            (Recipe { summary, fingerprint, planned: false }, run.imported())
        });
        recipe.summary.runs += u32::from(run.is_done());
        recipe.planned |= run.is_planned(plan);
    }
    let mut found: Vec<(Recipe, bool)> = found.into_values().collect();
    found.sort_by_key(|(recipe, imported)| (!recipe.planned, *imported, Reverse(recipe.summary.runs)));
    found.into_iter().map(|(recipe, _)| recipe).collect()
}
