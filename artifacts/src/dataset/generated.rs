//! A small stand-in for a data set, for smoke tests: each class has a tint and a direction and width of
//! stripes, with random phase, brightness and noise. A network learns it in a few steps; it says nothing
//! about photographs, and its provenance says that it is generated.
//!
//! *Invariant:* only integer arithmetic and a seeded generator are used, so the bytes are the same on every
//! machine. The classes do not depend on the seed, so that one seed can be used for training and another for
//! testing.

use super::{Dataset, IMAGE_BYTES, PLANE_BYTES, Provenance, RECORD_BYTES, Task};
use network::architecture::IMAGE_SIDE;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The pattern of a class.
#[derive(Clone, Copy)]
struct Pattern {
    /// The step across the stripes for a step to the right and for a step down.
    direction: [i32; 2],
    /// The width of a stripe and its gap, in pixels times the length of `direction`.
    period: i32,
    /// The tint that is added to red, green and blue.
    tint: [i32; 3],
}

/// The patterns of ten classes; a hundred classes combine the stripes of one pattern with the tint of
/// another.
const PATTERNS: [Pattern; 10] = [
    Pattern { direction: [1, 0], period: 8, tint: [24, 0, -24] },
    Pattern { direction: [1, 0], period: 16, tint: [-24, 24, 0] },
    Pattern { direction: [0, 1], period: 8, tint: [0, -24, 24] },
    Pattern { direction: [0, 1], period: 16, tint: [24, -24, 0] },
    Pattern { direction: [1, 1], period: 8, tint: [-24, 0, 24] },
    Pattern { direction: [1, 1], period: 16, tint: [0, 24, -24] },
    Pattern { direction: [1, -1], period: 8, tint: [24, 24, 0] },
    Pattern { direction: [1, -1], period: 16, tint: [0, 24, 24] },
    Pattern { direction: [2, 1], period: 16, tint: [24, 0, 24] },
    Pattern { direction: [1, 2], period: 16, tint: [-24, -24, -24] },
];

impl Dataset {
    /// Generates `images` images, whose numbers per class differ by at most one.
    ///
    /// # Panics
    /// If `images` is 0.
    #[must_use]
    pub fn generated(task: Task, images: usize, seed: u64) -> Self {
        let mut randomness = ChaCha8Rng::seed_from_u64(seed);
        let mut records = Vec::with_capacity(images * RECORD_BYTES);
        for row in 0..images {
            let label = row % task.classes();
            records.push(label as u8);
            records.extend_from_slice(&draw(&pattern(task, label), &mut randomness));
        }
        Self::from_records(task, &records, Provenance::Generated { seed })
            .expect("at least one whole record is asked for, and labels are classes")
    }
}

/// Returns the pattern of a class.
fn pattern(task: Task, label: usize) -> Pattern {
    match task {
        Task::Cifar10 => PATTERNS[label],
        Task::Cifar100 => Pattern { tint: PATTERNS[label % 10].tint, ..PATTERNS[label / 10] },
    }
}

/// Draws one image of a class.
fn draw(pattern: &Pattern, randomness: &mut ChaCha8Rng) -> [u8; IMAGE_BYTES] {
    let phase = randomness.random_range(0..pattern.period);
    let brightness = randomness.random_range(-24..=24);
    std::array::from_fn(|i| {
        let (row, column) = ((i / IMAGE_SIDE % IMAGE_SIDE) as i32, (i % IMAGE_SIDE) as i32);
        let [right, down] = pattern.direction;
        let across = (right * column + down * row + phase).rem_euclid(pattern.period);
        // A triangle wave from -1 to 1: a sine would differ in the last bit between machines.
        let wave = (across - pattern.period / 2).abs() * 4 - pattern.period;
        let noise = randomness.random_range(-32..=32);
        let value = 128 + brightness + pattern.tint[i / PLANE_BYTES] + 40 * wave / pattern.period + noise;
        value.clamp(0, 255) as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_the_same_on_every_machine() {
        let dataset = Dataset::generated(Task::Cifar10, 20, 0);
        assert_eq!(dataset.fingerprint, "46196c53649bc5055672861a924d4754afe3f0d6ad85c8684fce409873a4cff3");
        assert_eq!(dataset.provenance, Provenance::Generated { seed: 0 });
        assert_ne!(dataset.fingerprint, Dataset::generated(Task::Cifar10, 20, 1).fingerprint);
        for class in 0..10 {
            assert_eq!(dataset.labels.iter().filter(|&&label| usize::from(label) == class).count(), 2);
        }
    }

    #[test]
    fn a_hundred_classes_are_a_hundred_looks() {
        let dataset = Dataset::generated(Task::Cifar100, 200, 0);
        let mut classes = dataset.labels.clone();
        classes.sort_unstable();
        assert!(classes.chunks(2).enumerate().all(|(class, labels)| labels == [class as u8; 2]));
        let look = |class| {
            let Pattern { direction, period, tint } = pattern(Task::Cifar100, class);
            (direction, period, tint)
        };
        let looks: std::collections::HashSet<_> = (0..100).map(look).collect();
        assert_eq!(looks.len(), 100);
    }

    #[test]
    fn a_class_can_be_told_by_its_tint() {
        let (train, test) =
            (Dataset::generated(Task::Cifar10, 100, 0), Dataset::generated(Task::Cifar10, 100, 1));
        // Differences between the planes' means give the class's tint without the image's brightness.
        let colour = |dataset: &Dataset, row: usize| {
            let means: Vec<f64> = dataset
                .image(row)
                .chunks_exact(PLANE_BYTES)
                .map(|plane| plane.iter().map(|&v| f64::from(v)).sum::<f64>() / PLANE_BYTES as f64)
                .collect();
            [means[0] - means[1], means[1] - means[2]]
        };
        let distance = |a: [f64; 2], b: [f64; 2]| (a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2);
        let right = (0..test.len()).filter(|&row| {
            let nearest = (0..train.len()).min_by(|&a, &b| {
                let here = colour(&test, row);
                distance(here, colour(&train, a)).total_cmp(&distance(here, colour(&train, b)))
            });
            train.labels[nearest.unwrap()] == test.labels[row]
        });
        assert!(right.count() > 90);
    }
}
