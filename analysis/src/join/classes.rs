//! Pairs of runs compared class by class: the images that only one of the two classified correctly.
//!
//! *Invariant:* the two runs of a pair were tested on the same images, in the same order.

use crate::join::pairs::RunPair;
use crate::runs::marks::Marks;
use anyhow::ensure;
use artifacts::study::ClassRow;

/// Returns a row for every class of every pair of which both runs kept their predictions, in the order of the
/// pairs.
///
/// # Errors
/// The two runs of a pair were tested on different images.
pub fn classes(pairs: &[RunPair<'_>]) -> anyhow::Result<Vec<ClassRow>> {
    let mut rows = Vec::new();
    for RunPair { treated, plain } in pairs {
        let (Some(ours), Some(theirs)) = (&treated.run.marks, &plain.run.marks) else { continue };
        let (treated, plain) = (&treated.run.record, &plain.run.record);
        ensure!(
            ours.images == theirs.images,
            "{} and {}: predictions.parquet: a pair must be tested on the same images",
            treated.name,
            plain.name
        );
        let of = &treated.configuration;
        let recipe = of.recipe.hash(&treated.data.fingerprint);
        rows.extend((0..).zip(counts(ours, theirs, of.recipe.dataset.classes())).map(
            |(class, [images, only_arm, only_baseline])| ClassRow {
                recipe: recipe.clone(),
                lambda: of.lambda,
                rankscale: of.rankscale as u32,
                seed: of.seed,
                decay: of.decay.name().to_owned(),
                baseline: plain.configuration.decay.name().to_owned(),
                class,
                images,
                only_arm,
                only_baseline,
            },
        ));
    }
    Ok(rows)
}

/// Counts for each class its images, those that only the first run classified correctly, and those that only
/// the second did.
fn counts(ours: &Marks, theirs: &Marks, classes: usize) -> Vec<[u32; 3]> {
    let mut counts = vec![[0u32; 3]; classes];
    for ((_, label), (ours, theirs)) in ours.images.iter().zip(ours.right.iter().zip(&theirs.right)) {
        let count = &mut counts[usize::from(*label)];
        count[0] += 1;
        count[1] += u32::from(*ours && !theirs);
        count[2] += u32::from(!ours && *theirs);
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::join::finished::finished;
    use crate::join::made_up::{configuration, done};
    use crate::join::pairs::pairs;
    use crate::runs::run::Run;
    use artifacts::run::PredictionRow;
    use network::Arm;

    #[test]
    fn both_runs_of_a_pair_kept_predictions_of_the_same_images() {
        let mut known = Vec::new();
        let mut marks = |images: [u32; 2], predictions: [u8; 2]| {
            let row = |(image, prediction)| PredictionRow { image, label: 3, prediction, loss: 0.1 };
            Some(Marks::new(&images.into_iter().zip(predictions).map(row).collect::<Vec<_>>(), &mut known))
        };
        let [mut plain, mut treated] =
            [Arm::ORIGINAL, Arm::APPROPRIATE].map(|arm| done(&configuration(8, arm, 0), 0.9));
        let rows = |plain: &Run, treated: &Run| classes(&pairs(&finished([plain, treated], None), None));
        plain.marks = marks([0, 4], [3, 1]);
        assert_eq!(rows(&plain, &treated).unwrap(), [], "the one kept none");
        treated.marks = marks([0, 4], [3, 3]);
        let found = rows(&plain, &treated).unwrap();
        let counts = found.iter().map(|row| (row.images, row.only_arm, row.only_baseline));
        assert_eq!((found.len(), counts.max()), (10, Some((2, 1, 0))));
        treated.marks = marks([0, 5], [3, 3]);
        let message = rows(&plain, &treated).unwrap_err().to_string();
        assert!(message.contains(&treated.record.name) && message.contains("same images"), "{message}");
    }
}
