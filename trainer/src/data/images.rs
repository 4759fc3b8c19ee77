//! The images of a run, and the stratified subsets of short experiments.

use artifacts::dataset::Dataset;

/// Some images of one half of a data set, by reference.
#[derive(Debug, Clone)]
pub struct Images<'a> {
    dataset: &'a Dataset,
    /// Labels `[n]`.
    pub labels: Vec<u8>,
    /// Row of each image in the file.
    pub rows: Vec<u32>,
}

impl<'a> Images<'a> {
    /// Selects a stratified subset of `size` images, or all images.
    ///
    /// # Errors
    /// The data set has fewer images.
    pub fn new(dataset: &'a Dataset, size: Option<usize>) -> Result<Self, TooFewImages> {
        Ok(Self::of(dataset, subset(&dataset.labels, size)?))
    }

    /// Splits a half in two: a stratified part of `held_out` images, which is returned second, and of the
    /// rest a subset of `size` images, or all of it, which is returned first.
    ///
    /// # Errors
    /// The data set has fewer images.
    pub fn held_out(
        dataset: &'a Dataset,
        held_out: usize,
        size: Option<usize>,
    ) -> Result<(Self, Self), TooFewImages> {
        let found = dataset.len();
        let rest = found.checked_sub(held_out).ok_or(TooFewImages { asked: held_out, found })?;
        if let Some(asked) = size.filter(|&size| size > rest) {
            return Err(TooFewImages { asked, found: rest });
        }
        // Subsets are nested: the smaller one has the first images of each class.
        let kept = subset(&dataset.labels, Some(rest))?;
        let mut out = vec![true; found];
        for row in kept {
            out[row as usize] = false;
        }
        let rows = (0..found as u32).filter(|&row| out[row as usize]).collect();
        Ok((Self::of(dataset, subset(&dataset.labels, Some(size.unwrap_or(rest)))?), Self::of(dataset, rows)))
    }

    fn of(dataset: &'a Dataset, rows: Vec<u32>) -> Self {
        let labels = rows.iter().map(|&row| dataset.labels[row as usize]).collect();
        Self { dataset, labels, rows }
    }

    /// Returns the pixels of image `at`, `[3, 32, 32]`.
    #[must_use]
    pub fn image(&self, at: usize) -> &[u8] {
        self.dataset.image(self.rows[at] as usize)
    }

    /// Returns the number of images.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns whether there is no image.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// A subset larger than the data set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{asked} images asked for, but the data set has {found}")]
pub struct TooFewImages {
    /// The requested number of images.
    pub asked: usize,
    /// The available number of images.
    pub found: usize,
}

/// Returns the rows of a stratified subset, in which the numbers of images per class differ by at most one.
/// It takes the first images of each class in the file's canonical order, which is that of the images' hashes
/// and so as good as random.
fn subset(labels: &[u8], size: Option<usize>) -> Result<Vec<u32>, TooFewImages> {
    let found = labels.len();
    let Some(size) = size.filter(|&size| size != found) else { return Ok((0..found as u32).collect()) };
    if size > found {
        return Err(TooFewImages { asked: size, found });
    }
    // The rank of each image within its class; sorting by it takes the classes in turn.
    let mut seen = [0u32; 1 << u8::BITS];
    let mut ranked: Vec<(u32, u8, u32)> = (0..)
        .zip(labels)
        .map(|(row, &label)| {
            let rank = seen[usize::from(label)];
            seen[usize::from(label)] += 1;
            (rank, label, row)
        })
        .collect();
    ranked.sort_unstable();
    let mut rows: Vec<u32> = ranked[..size].iter().map(|&(_, _, row)| row).collect();
    rows.sort_unstable();
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use artifacts::dataset::Task;

    #[test]
    fn what_is_held_out_is_stratified_and_never_trained_on() {
        let dataset = Dataset::generated(Task::Cifar10, 1000, 3);
        let of = |size| Images::held_out(&dataset, 100, size).unwrap();
        let (rest, held_out) = of(None);
        assert_eq!((rest.len(), held_out.len()), (900, 100));
        let mut rows: Vec<u32> = rest.rows.iter().chain(&held_out.rows).copied().collect();
        rows.sort_unstable();
        assert_eq!(rows, (0..1000).collect::<Vec<u32>>());
        let mut classes = held_out.labels.clone();
        classes.sort_unstable();
        assert!(classes.chunks(10).enumerate().all(|(class, labels)| labels == [class as u8; 10]));
        let (some, same) = of(Some(300));
        assert_eq!((some.len(), &same.rows), (300, &held_out.rows));
        assert!(some.rows.iter().all(|row| rest.rows.binary_search(row).is_ok()));
        assert_eq!(
            Images::held_out(&dataset, 1001, None).unwrap_err(),
            TooFewImages { asked: 1001, found: 1000 }
        );
        let message = Images::held_out(&dataset, 100, Some(901)).unwrap_err();
        assert_eq!(message, TooFewImages { asked: 901, found: 900 });
    }

    #[test]
    fn a_subset_is_stratified_and_in_order() {
        let labels: Vec<u8> = (0..1000u32).map(|row| (row * 7 / 3 % 10) as u8).collect();
        let rows = subset(&labels, Some(105)).unwrap();
        let count = |class: u8| rows.iter().filter(|&&row| labels[row as usize] == class).count();
        assert!((0..10).all(|class| [10, 11].contains(&count(class))));
        assert!(rows.is_sorted());
        assert_eq!(subset(&labels, None).unwrap().len(), 1000);
        assert_eq!(subset(&labels, Some(1001)), Err(TooFewImages { asked: 1001, found: 1000 }));
    }

    #[test]
    fn a_class_is_trained_on_from_its_first_image_and_held_out_from_its_last() {
        let dataset = Dataset::generated(Task::Cifar10, 50, 3);
        let (train, held_out) = Images::held_out(&dataset, 10, Some(20)).unwrap();
        for class in 0..10 {
            let of = |images: &Images<'_>| {
                let rows = images.rows.iter().zip(&images.labels);
                rows.filter(|(_, label)| **label == class).map(|(row, _)| *row).collect::<Vec<_>>()
            };
            let all = of(&Images::new(&dataset, None).unwrap());
            assert_eq!((of(&train), of(&held_out)), (all[..2].to_vec(), all[4..].to_vec()));
        }
        for (at, &row) in train.rows.iter().enumerate() {
            assert_eq!(train.image(at), dataset.image(row as usize));
            assert_eq!(train.labels[at], dataset.labels[row as usize]);
        }
    }
}
