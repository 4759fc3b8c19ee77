//! Converts the study's runs to the entries of a notebook's `results.json`.

use crate::join::finished::Finished;
use crate::join::recipes::RecipeOnData;
use crate::join::spent;
use crate::runs::results::{Entry, LoggedEpoch, ResultsArms, Settings};
use artifacts::study::{Endpoint, Key, TunedArm};
use network::Arm;

/// Returns one entry for each finished low-rank run of two arms, in the order of the runs: the curves with
/// `d` false and `d` true. The runs are those of the first recipe that has any of the arms, at its main
/// lambda; where each arm is `tuned`, they are those of its own recipe and lambda. Without a `wish`, the arms
/// as described are tried first, then those as published. The file calls its accuracies those of test images,
/// so runs that were judged by held-out images have no entry.
#[must_use]
pub fn entries(
    finished: &[Finished<'_>],
    recipes: &[RecipeOnData],
    endpoints: &[Endpoint],
    tuned: &[TunedArm],
    wish: Option<ResultsArms>,
) -> Vec<Entry> {
    let wishes = wish.map_or_else(|| vec![ResultsArms::Described, ResultsArms::Published], |wish| vec![wish]);
    let candidates = recipes.iter().flat_map(|recipe| wishes.iter().map(move |wish| (recipe, wish.arms())));
    let is_shown = |finished: &&Finished<'_>| {
        let of = &finished.run.record.configuration;
        of.rankscale > 0 && of.recipe.is_judged_by_test()
    };
    let rows: Vec<(String, &Finished<'_>)> =
        finished.iter().filter(is_shown).map(|finished| (finished.run.recipe(), finished)).collect();
    let found = candidates.map(|(recipe, arms)| {
        let recipe = &recipe.summary;
        let endpoint = endpoints.iter().find(|endpoint| endpoint.recipe == recipe.recipe);
        let lambda = endpoint.map_or(recipe.configuration.lambda, |endpoint| endpoint.lambda);
        let common = Key::of(&recipe.recipe, lambda);
        let here = rows.iter().filter(|(of, finished)| {
            let run = &finished.run.record.configuration;
            let own = tuned.iter().find(|arm| arm.decay == run.decay);
            Key::of(of, run.lambda) == own.map_or(common, |arm| Key::of(&arm.recipe, arm.lambda))
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
