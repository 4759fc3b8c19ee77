//! Converts the study's runs to the entries of a notebook's `results.json`.

use crate::join::finished::Finished;
use crate::join::recipes::RecipeOnData;
use crate::join::spent;
use crate::runs::results::{Entry, LoggedEpoch, ResultsArms, Settings};
use artifacts::Exact;
use artifacts::study::Endpoint;
use network::Arm;

/// Returns one entry for each finished low-rank run of two arms, in the order of the runs: the curves with
/// `d` false and `d` true. The runs are those of the first recipe that has any of the arms, at its main
/// lambda. Without a `wish`, the arms as described are tried first, then those as published.
#[must_use]
pub fn entries(
    finished: &[Finished<'_>],
    recipes: &[RecipeOnData],
    endpoints: &[Endpoint],
    wish: Option<ResultsArms>,
) -> Vec<Entry> {
    let wishes = wish.map_or_else(|| vec![ResultsArms::Described, ResultsArms::Published], |wish| vec![wish]);
    let candidates = recipes.iter().flat_map(|recipe| wishes.iter().map(move |wish| (recipe, wish.arms())));
    let low_rank = finished.iter().filter(|finished| finished.run.record.configuration.rankscale > 0);
    let rows: Vec<(String, &Finished<'_>)> =
        low_rank.map(|finished| (finished.run.recipe(), finished)).collect();
    let found = candidates.map(|(recipe, arms)| {
        let recipe = &recipe.summary;
        let endpoint = endpoints.iter().find(|endpoint| endpoint.recipe == recipe.recipe);
        let lambda = endpoint.map_or(recipe.configuration.lambda, |endpoint| endpoint.lambda);
        let here = rows.iter().filter(|(of, finished)| {
            *of == recipe.recipe && Exact::of(finished.run.record.configuration.lambda) == Exact::of(lambda)
        });
        here.filter_map(|(_, finished)| entry(finished, arms)).collect::<Vec<_>>()
    });
    found.into_iter().find(|entries| !entries.is_empty()).unwrap_or_default()
}

fn entry(finished: &Finished<'_>, arms: [Arm; 2]) -> Option<Entry> {
    let Finished { run, last } = finished;
    let of = &run.record.configuration;
    let d = arms.iter().position(|arm| *arm == of.decay)? == 1;
    let settings =
        Settings { rankscale: of.rankscale.into(), d, seed: Some(of.seed).filter(|seed| *seed > 0) };
    let logged = LoggedEpoch {
        epoch: last.epoch,
        lr: last.learning_rate,
        train_time: last.train_seconds,
        train_loss: last.train_loss,
        train_accuracy: last.train_accuracy,
        test_time: last.test_seconds,
        test_loss: last.test_loss,
        test_accuracy: last.test_accuracy,
        total_time: spent::train_seconds(&run.epochs),
    };
    Some((settings, logged))
}
