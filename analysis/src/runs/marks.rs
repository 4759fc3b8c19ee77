//! The images that judge a run, test images or held-out ones, and which of them it classified correctly.
//!
//! *Invariant:* runs that were tested on the same images share one list of them.

use artifacts::run::PredictionRow;
use std::sync::Arc;

/// Indices and labels of the images, in the order of a run's predictions.
pub type Tested = Arc<[(u32, u8)]>;

/// The images that a run classified correctly after its last epoch.
#[derive(Debug, Clone, PartialEq)]
pub struct Marks {
    /// The images that it was tested on.
    pub images: Tested,
    /// For each of those images, whether the run classified it correctly.
    pub right: Vec<bool>,
}

impl Marks {
    /// Builds the marks from a run's predictions. Runs tested on the same images share the list of them that
    /// is in `known`.
    #[must_use]
    pub fn new(rows: &[PredictionRow], known: &mut Vec<Tested>) -> Self {
        let same = |images: &&Tested| {
            images.len() == rows.len()
                && images.iter().zip(rows).all(|(image, row)| *image == (row.image, row.label))
        };
        let images = known.iter().find(same).cloned().unwrap_or_else(|| {
            let images: Tested = rows.iter().map(|row| (row.image, row.label)).collect();
            known.push(Arc::clone(&images));
            images
        });
        Self { images, right: rows.iter().map(|row| row.prediction == row.label).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_on_the_same_images_share_their_list() {
        let row = |image, prediction| PredictionRow { image, label: 3, prediction, loss: 0.1 };
        let mut known = Vec::new();
        let first = Marks::new(&[row(0, 3), row(4, 1)], &mut known);
        let second = Marks::new(&[row(0, 2), row(4, 3)], &mut known);
        let other = Marks::new(&[row(1, 3), row(4, 3)], &mut known);
        assert!(Arc::ptr_eq(&first.images, &second.images) && first.images != other.images);
        assert_eq!((first.right, second.right, known.len()), (vec![true, false], vec![false, true], 2));
    }
}
