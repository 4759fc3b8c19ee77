//! The table of runs: every readable run with its configuration, the last of its planned epochs, and its
//! times.
//!
//! *Invariant:* every readable run is listed, whatever was planned and however far it came; an unreadable run
//! is not.

use crate::join::spent;
use crate::runs::plan::Plan;
use crate::runs::run::Run;
use artifacts::Exact;
use artifacts::run::{Provenance, RunRecord};
use artifacts::study::RunRow;
use artifacts::words::channels;

/// Sorts the runs in the order of the tables: by recipe, lambda, rankscale, arm, seed and name.
#[must_use]
pub fn in_order(runs: &[Run]) -> Vec<&Run> {
    let mut runs: Vec<&Run> = runs.iter().collect();
    runs.sort_by_cached_key(|run| {
        let of = &run.record.configuration;
        let lambda = Exact::of(of.lambda);
        (run.recipe(), lambda, of.rankscale, of.decay.name(), of.seed, run.record.name.clone())
    });
    runs
}

/// Returns one row per run, in the order of the runs.
#[must_use]
pub fn rows(runs: &[&Run], plan: Option<&Plan>) -> Vec<RunRow> {
    runs.iter().map(|run| row(run, plan)).collect()
}

fn row(run: &Run, plan: Option<&Plan>) -> RunRow {
    let RunRecord { configuration, counts, .. } = &run.record;
    let last = run.last_epoch();
    RunRow {
        run: run.record.name.clone(),
        status: run.record.status,
        planned: run.is_planned(plan),
        imported: run.imported(),
        recipe: run.recipe(),
        dataset: configuration.recipe.dataset,
        rankscale: configuration.rankscale as u32,
        decay: configuration.decay.to_string(),
        seed: configuration.seed,
        lambda: configuration.lambda,
        channels: channels(configuration.recipe.channels),
        epochs: configuration.recipe.epochs as u32,
        epochs_done: spent::epochs_done(&run.epochs),
        batch: configuration.recipe.batch as u32,
        train_images: configuration.recipe.train_images.map(|images| images as u32),
        test_images: configuration.recipe.test_images.map(|images| images as u32),
        precision: configuration.recipe.precision,
        engine: configuration.engine,
        parameters: counts.parameters,
        macs: counts.macs,
        ratio_full: counts.ratio_full,
        ratio_separable: counts.ratio_separable,
        test_accuracy: last.map(|last| last.test_accuracy),
        test_loss: last.and_then(|last| last.test_loss),
        train_accuracy: last.and_then(|last| last.train_accuracy),
        train_loss: last.and_then(|last| last.train_loss),
        seconds: spent::seconds(&run.epochs),
        images_per_second: spent::images_per_second(&run.epochs),
        device: of_parts(run, |part| Some(part.device.clone())),
        device_name: of_parts(run, |part| Some(part.device_name.clone())),
        threads: run.record.parts().next().map(|part| part.threads as u32),
        git_revision: of_parts(run, |part| {
            Some(format!("{}{}", part.git_revision, if part.git_dirty { "+" } else { "" }))
        }),
        instructions: of_parts(run, |part| part.instructions.clone()),
        libtorch: of_parts(run, |part| part.libtorch.clone()),
    }
}

/// Returns what a run's parts were made with, in order, where it differs from the part before.
fn of_parts(run: &Run, of: impl Fn(&Provenance) -> Option<String>) -> Option<String> {
    let mut values: Vec<_> = run.record.parts().filter_map(of).collect();
    values.dedup();
    (!values.is_empty()).then(|| values.join(", then "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::join::made_up::{configuration, done, imported, on_images, plan, run};
    use artifacts::run::Status;
    use artifacts::{Backend, Configuration, Recipe};
    use network::Arm;

    #[test]
    fn runs_sort_by_numbers_and_names_and_at_last_by_their_own_name() {
        let key = |rankscale, decay, seed| configuration(rankscale, decay, seed);
        let engines = [Backend::Tch, Backend::Fused].map(|engine| key(8, Arm::ORIGINAL, 2).on(engine));
        let configurations = [
            Configuration { lambda: 5e-5, ..key(31, Arm::NO_DECAY, 9) },
            key(8, Arm::APPROPRIATE, 10),
            engines[0].clone(),
            engines[1].clone(),
            key(8, Arm::ORIGINAL, 10),
            key(10, Arm::APPROPRIATE, 0),
        ];
        let mut expected: Vec<Run> = configurations.iter().map(|of| done(of, 0.9)).collect();
        if expected[2].record.name > expected[3].record.name {
            expected.swap(2, 3);
        }
        let mut runs = expected.clone();
        runs.rotate_left(3);
        runs.swap(0, 1);
        assert_eq!(in_order(&runs), expected.iter().collect::<Vec<_>>());
        let others = on_images("others", expected[0].clone());
        let first = others.recipe() < expected[0].recipe();
        runs.push(others);
        assert_eq!(in_order(&runs)[if first { 0 } else { 6 }], &runs[6], "recipes stay together");
    }

    #[test]
    fn a_run_on_its_way_has_no_last_epoch_yet() {
        let of = |status, epochs| {
            let run = run(&configuration(8, Arm::ORIGINAL, 0), status, epochs, 0.4);
            let row = rows(&[&run], None).remove(0);
            (row.status, row.epochs_done, row.epochs, row.test_accuracy, row.seconds, row.images_per_second)
        };
        assert_eq!(of(Status::Running, 0), (Status::Running, 0, 3, None, None, None));
        assert_eq!(of(Status::Diverged, 2), (Status::Diverged, 2, 3, None, Some(5.0), Some(101.5)));
        assert_eq!(of(Status::Running, 3), (Status::Running, 3, 3, Some(0.4), Some(7.5), Some(102.0)));
    }

    #[test]
    fn an_imported_run_has_a_result_and_no_provenance() {
        let run = imported(done(&configuration(8, Arm::PUBLISHED_ORIGINAL, 0), 0.9));
        let plan = plan(&[configuration(8, Arm::ORIGINAL, 0)]);
        let row = rows(&[&run], Some(&plan)).remove(0);
        assert_eq!((row.imported, row.planned, row.epochs_done), (true, false, 3));
        assert_eq!((row.test_accuracy, row.test_loss, row.seconds), (Some(0.9), None, None));
        assert_eq!((row.device, row.threads, row.git_revision), (None, None, None));
    }

    #[test]
    fn a_run_says_what_it_is_and_where_it_was_made() {
        let of = Configuration {
            recipe: Recipe { train_images: Some(6144), ..configuration(8, Arm::FROBENIUS, 1).recipe },
            ..configuration(8, Arm::FROBENIUS, 1)
        };
        let run = done(&of, 0.9);
        let row = rows(&[&run], Some(&plan(&[of]))).remove(0);
        assert_eq!((row.planned, row.imported, row.decay.as_str()), (true, false, "frobenius"));
        assert_eq!((row.channels.as_str(), row.engine), ("64-128-256-512", Backend::Tch));
        assert_eq!((row.train_images, row.test_images, row.threads), (Some(6144), None, Some(2)));
        assert_eq!((row.git_revision.as_deref(), row.libtorch), (Some("0123abc+"), None));
    }

    #[test]
    fn a_run_that_was_made_in_parts_names_what_differs_between_them() {
        let mut run = done(&configuration(8, Arm::ORIGINAL, 1), 0.9);
        let part = |revision: &str, instructions: &str| {
            let first = run.record.parts().next().unwrap().clone();
            Provenance {
                git_revision: revision.into(),
                git_dirty: false,
                instructions: Some(instructions.into()),
                ..first
            }
        };
        let parts = [(1, part("456def", "avx2")), (2, part("456def", "avx512"))];
        for (done, part) in parts {
            run.record.take_up(done, part);
        }
        let row = rows(&[&run], None).remove(0);
        assert_eq!(row.git_revision.as_deref(), Some("0123abc+, then 456def"));
        assert_eq!(row.instructions.as_deref(), Some("avx2, then avx512"));
        assert_eq!(row.device.as_deref(), Some("cpu"));
    }
}
