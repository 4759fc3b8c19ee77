//! Augmentation: reflect-pad by 4, crop 32x32, flip left to right, cut out an 8x8 square.
//!
//! A crop of a padded, perhaps flipped image is a choice of source rows and source columns, so an image is
//! one gather, and no padded copy is made. Images are normalised before the cutout, which sets to zero, the
//! mean colour of CIFAR-10. This module has the random draws and the gather on the host; `torch` gathers a
//! batch at a time on the device.
//!
//! *Invariant:* all draws of an epoch are made on the host from the run's seed before the epoch starts, image
//! by image.

use network::architecture::{IMAGE_CHANNELS, IMAGE_SIDE};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Mean of CIFAR-10's training images' red, green and blue, as fractions. Images of other data sets are
/// normalised by it too.
pub const MEAN: [f32; 3] = [0.4914, 0.4822, 0.4465];
/// Standard deviation of CIFAR-10's training images' red, green and blue, as fractions; for every data set,
/// as the mean is.
pub const STANDARD_DEVIATION: [f32; 3] = [0.2471, 0.2435, 0.2616];
/// Numbers in an image, 3 x 32 x 32.
pub const IMAGE: usize = IMAGE_CHANNELS * IMAGE_SIDE * IMAGE_SIDE;
const PADDING: usize = 4;
pub(crate) const CROP_OFFSETS: usize = 2 * PADDING + 1;
pub(crate) const CUTOUT_SIDE: usize = 8;
pub(crate) const CUTOUT_OFFSETS: usize = IMAGE_SIDE - CUTOUT_SIDE + 1;

/// The augmentation of one image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draw {
    /// Column of the crop in the padded image, 0..=8.
    pub crop_x: usize,
    /// Row of the crop in the padded image, 0..=8.
    pub crop_y: usize,
    /// Whether the crop is mirrored left to right.
    pub flip: bool,
    /// Column of the cutout in the result, 0..=24.
    pub cut_x: usize,
    /// Row of the cutout in the result, 0..=24.
    pub cut_y: usize,
}

impl Draw {
    /// The unshifted, unflipped image, with the cutout in its corner.
    pub const CENTRE: Self = Self { crop_x: PADDING, crop_y: PADDING, flip: false, cut_x: 0, cut_y: 0 };

    /// Draws all five values, each uniformly over its range.
    pub fn random(generator: &mut ChaCha8Rng) -> Self {
        Self {
            crop_x: generator.random_range(0..CROP_OFFSETS),
            crop_y: generator.random_range(0..CROP_OFFSETS),
            flip: generator.random(),
            cut_x: generator.random_range(0..CUTOUT_OFFSETS),
            cut_y: generator.random_range(0..CUTOUT_OFFSETS),
        }
    }

    /// Returns the source row of each row of the result.
    pub(crate) fn rows(self) -> [u8; IMAGE_SIDE] {
        std::array::from_fn(|y| reflect(self.crop_y + y))
    }

    /// Returns the source column of each column of the result.
    pub(crate) fn columns(self) -> [u8; IMAGE_SIDE] {
        std::array::from_fn(|x| reflect(self.crop_x + if self.flip { IMAGE_SIDE - 1 - x } else { x }))
    }
}

/// Returns the source index of a padded index, by reflection that does not repeat the edge.
fn reflect(padded: usize) -> u8 {
    let last = IMAGE_SIDE as isize - 1;
    let index = (padded as isize - PADDING as isize).abs();
    (last - (last - index).abs()) as u8
}

/// The normalised value of each byte, by colour plane.
#[derive(Debug)]
pub struct Normal([[f32; 256]; IMAGE_CHANNELS]);

impl Default for Normal {
    fn default() -> Self {
        let normal =
            |plane: usize, byte: usize| (byte as f32 / 255.0 - MEAN[plane]) / STANDARD_DEVIATION[plane];
        Self(std::array::from_fn(|plane| std::array::from_fn(|byte| normal(plane, byte))))
    }
}

impl Normal {
    /// Augments and normalises an image `[3, 32, 32]` into `out`, `[32, 32, 3]`.
    pub fn augment(&self, image: &[u8], draw: Draw, out: &mut [f32]) {
        self.gather(image, draw.rows(), draw.columns(), out);
        let columns = draw.cut_x * IMAGE_CHANNELS..(draw.cut_x + CUTOUT_SIDE) * IMAGE_CHANNELS;
        for row in out.chunks_exact_mut(IMAGE_SIDE * IMAGE_CHANNELS).skip(draw.cut_y).take(CUTOUT_SIDE) {
            row[columns.clone()].fill(0.0);
        }
    }

    /// Normalises an image `[3, 32, 32]` into `out`, `[32, 32, 3]`.
    pub fn normalise(&self, image: &[u8], out: &mut [f32]) {
        let each: [u8; IMAGE_SIDE] = std::array::from_fn(|at| at as u8);
        self.gather(image, each, each, out);
    }

    fn gather(&self, image: &[u8], rows: [u8; IMAGE_SIDE], columns: [u8; IMAGE_SIDE], out: &mut [f32]) {
        for (y, out) in rows.into_iter().zip(out.chunks_exact_mut(IMAGE_SIDE * IMAGE_CHANNELS)) {
            for (plane, normal) in self.0.iter().enumerate() {
                let from = (plane * IMAGE_SIDE + usize::from(y)) * IMAGE_SIDE;
                let row = &image[from..from + IMAGE_SIDE];
                for (x, out) in columns.into_iter().zip(out[plane..].iter_mut().step_by(IMAGE_CHANNELS)) {
                    *out = normal[usize::from(row[usize::from(x)])];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::seeds::{Purpose, generator};

    #[test]
    fn reflection_repeats_no_edge() {
        let padded: Vec<u8> = (0..40).map(reflect).collect();
        assert_eq!(padded[..6], [4, 3, 2, 1, 0, 1]);
        assert_eq!(padded[34..], [30, 31, 30, 29, 28, 27]);
    }

    #[test]
    fn every_offset_is_drawn_about_equally_often() {
        let mut generator = generator(0, Purpose::Augment, 1);
        let draws: Vec<Draw> = (0..50_000).map(|_| Draw::random(&mut generator)).collect();
        let count = |of: &dyn Fn(&Draw) -> usize, values: usize| {
            let mut counts = vec![0usize; values];
            for draw in &draws {
                counts[of(draw)] += 1;
            }
            let expected = draws.len() / values;
            assert!(counts.iter().all(|&n| n.abs_diff(expected) < expected / 8), "{counts:?}");
        };
        count(&|draw| draw.crop_x, 9);
        count(&|draw| draw.crop_y, 9);
        count(&|draw| usize::from(draw.flip), 2);
        count(&|draw| draw.cut_x, 25);
        count(&|draw| draw.cut_y, 25);
    }

    #[test]
    fn an_asymmetric_image_keeps_its_orientation_and_planes() {
        let image = asymmetric();
        let draw = Draw { crop_x: 4, crop_y: 6, flip: true, cut_x: 24, cut_y: 0 };
        let mut out = vec![f32::NAN; IMAGE];
        Normal::default().augment(&image, draw, &mut out);
        let at = |plane: usize, y: usize, x: usize| out[(y * IMAGE_SIDE + x) * IMAGE_CHANNELS + plane];
        let back = |plane: usize, y: usize, x: usize| {
            (at(plane, y, x) * STANDARD_DEVIATION[plane] + MEAN[plane]) * 255.0
        };
        assert!((back(0, 10, 0) - 12.0).abs() < 1e-3, "row 10 shows source row 12");
        assert!((back(1, 10, 0) - 31.0).abs() < 1e-3, "column 0 shows the last source column");
        assert!((back(2, 10, 5) - 99.0).abs() < 1e-3);
        assert_eq!(at(1, 7, 24), 0.0);
        assert_ne!(at(1, 8, 24), 0.0);
        assert_ne!(at(1, 7, 23), 0.0);

        Normal::default().normalise(&image, &mut out);
        assert!(((out[3 * 33] * STANDARD_DEVIATION[0] + MEAN[0]) * 255.0 - 1.0).abs() < 1e-3);
    }

    /// An image whose red grows with the row, whose green grows with the column, and whose blue is constant.
    fn asymmetric() -> Vec<u8> {
        (0..3)
            .flat_map(|plane| (0..32u8).flat_map(move |y| (0..32u8).map(move |x| [y, x, 99][plane])))
            .collect()
    }

    #[test]
    fn a_seed_gives_these_draws_in_every_version() {
        let mut generator = generator(7, Purpose::Augment, 1);
        let drawn = [Draw::random(&mut generator), Draw::random(&mut generator)];
        let [first, second] = [(0, 6, false, 13, 10), (6, 7, true, 20, 12)]
            .map(|(crop_x, crop_y, flip, cut_x, cut_y)| Draw { crop_x, crop_y, flip, cut_x, cut_y });
        assert_eq!(drawn, [first, second]);
    }

    #[test]
    fn a_shifted_crop_is_mirrored_and_not_the_padded_image() {
        let shifted = Draw { crop_x: 1, ..Draw::CENTRE };
        let mut columns = shifted.columns();
        assert_eq!((columns[..4].to_vec(), columns[31]), (vec![3, 2, 1, 0], 28));
        columns.reverse();
        assert_eq!(Draw { flip: true, ..shifted }.columns(), columns);
    }
}
