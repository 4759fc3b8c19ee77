//! The recipes of the runs under study: the settings that runs must share to be compared.
//!
//! *Invariant:* the headline recipe comes first, and the order depends on the runs alone.

use crate::runs::plan::Plan;
use crate::runs::run::Run;
use artifacts::Configuration;
use artifacts::study::RecipeSummary;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// A recipe and the images that it was trained on.
#[derive(Debug, Clone, PartialEq)]
pub struct RecipeOnData {
    /// The recipe's part of the summary.
    pub summary: RecipeSummary,
    /// The fingerprint of the images.
    pub fingerprint: String,
    /// Whether the plan contains runs of this recipe.
    pub planned: bool,
}

/// Returns the recipes of the runs under study: planned ones first, in the order of the plan, that of the
/// primary arm before all, then trained before imported ones, then those with more finished runs. Where a
/// plan was trained on two sets of images, the one with more finished runs is the headline.
#[must_use]
pub fn recipes(runs: &[Run], plan: Option<&Plan>) -> Vec<RecipeOnData> {
    let mut found: BTreeMap<String, (RecipeOnData, bool)> = BTreeMap::new();
    for run in runs.iter().filter(|run| run.is_studied(plan)) {
        let (recipe, _) = found.entry(run.recipe()).or_insert_with_key(|recipe| {
            let summary = RecipeSummary {
                recipe: recipe.clone(),
                runs: 0,
                configuration: run.record.configuration.clone(),
            };
            let fingerprint = run.record.data.fingerprint.clone();
            (RecipeOnData { summary, fingerprint, planned: false }, run.imported())
        });
        recipe.summary.runs += u32::from(run.is_done());
        recipe.planned |= run.is_planned(plan);
    }
    let mut found: Vec<(RecipeOnData, bool)> = found.into_values().collect();
    let planned = plan.map_or(&[][..], |plan| &plan.experiment().runs);
    let primary = plan.and_then(|plan| plan.experiment().verdict.as_ref()).map(|verdict| verdict.primary);
    found.sort_by_key(|(recipe, imported)| {
        let of = |run: &&Configuration| recipe.planned && run.recipe == recipe.summary.configuration.recipe;
        let judged = planned.iter().filter(of).any(|run| Some(run.decay) == primary);
        let place = planned.iter().position(|run| of(&run));
        (!recipe.planned, !judged, place, *imported, Reverse(recipe.summary.runs))
    });
    found.into_iter().map(|(recipe, _)| recipe).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::join::made_up::{configuration, done, imported, on_images, plan, run};
    use artifacts::run::Status;
    use artifacts::{Backend, Recipe};
    use network::Arm;

    #[test]
    fn planned_recipes_come_first_then_trained_ones_then_fuller_ones() {
        let of = configuration(8, Arm::ORIGINAL, 0);
        let longer = Configuration { recipe: Recipe { epochs: 4, ..of.recipe }, ..of.clone() };
        let notebook = configuration(8, Arm::PUBLISHED_ORIGINAL, 0);
        let runs = [
            imported(on_images("imported:a", done(&notebook, 0.9))),
            imported(on_images("imported:a", done(&configuration(8, Arm::PUBLISHED_ORIGINAL, 1), 0.9))),
            // Backend, lambda, rankscale, arm and seed make no other recipe.
            done(&of, 0.9),
            done(
                &Configuration { lambda: 5e-5, ..configuration(2, Arm::NO_DECAY, 3) }.on(Backend::Fused),
                0.9,
            ),
            run(&configuration(8, Arm::ORIGINAL, 1), Status::Diverged, 1, 0.1),
            done(&longer, 0.9),
        ];
        let found = |plan: Option<&Plan>| {
            let rows = recipes(&runs, plan).into_iter();
            rows.map(|row| {
                (row.fingerprint, row.summary.configuration.recipe.epochs, row.summary.runs, row.planned)
            })
            .collect::<Vec<_>>()
        };
        let row = |images: &str, epochs, runs, planned| (images.to_owned(), epochs, runs, planned);
        let all = [row("data", 3, 2, false), row("data", 4, 1, false), row("imported:a", 3, 2, false)];
        assert_eq!(found(None), all);
        let first = plan(std::slice::from_ref(&longer));
        assert_eq!(found(Some(&first)), [row("data", 4, 1, true), row("imported:a", 3, 2, false)]);
        let both = plan(&[longer, of]);
        let in_its_order = [row("data", 4, 1, true), row("data", 3, 1, true), row("imported:a", 3, 2, false)];
        assert_eq!(found(Some(&both)), in_its_order, "whichever has more finished runs");
    }
}
