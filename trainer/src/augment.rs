//! Augmentation of a whole batch on the device: reflect-pad by 4, crop 32x32, flip left to right, cut out an 8x8 square.
//!
//! A crop of a padded, perhaps flipped image is a choice of source rows and source columns, so a batch is one gather:
//! no padded copy exists. Images are normalised before the cutout, which sets to zero, the mean colour.
//!
//! *Invariant:* all draws of an epoch are made on the host from the run's seed before it starts, image by image; nothing
//! in an epoch waits for the device.

use crate::resnet::channels_last;
use network::architecture::IMAGE_SIDE;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Tensor};

/// Mean of the training images' red, green and blue, as fractions.
pub const MEAN: [f32; 3] = [0.4914, 0.4822, 0.4465];
/// Their standard deviation.
pub const STANDARD_DEVIATION: [f32; 3] = [0.2471, 0.2435, 0.2616];
const PADDING: usize = 4;
const CROP_OFFSETS: usize = 2 * PADDING + 1;
const CUTOUT_SIDE: usize = 8;
const CUTOUT_OFFSETS: usize = IMAGE_SIDE - CUTOUT_SIDE + 1;

/// What happens to one image.
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
    /// Draws all five, each uniform over its range.
    pub fn random(generator: &mut ChaCha8Rng) -> Self {
        Self {
            crop_x: generator.random_range(0..CROP_OFFSETS),
            crop_y: generator.random_range(0..CROP_OFFSETS),
            flip: generator.random(),
            cut_x: generator.random_range(0..CUTOUT_OFFSETS),
            cut_y: generator.random_range(0..CUTOUT_OFFSETS),
        }
    }

    /// The source row of each row of the result.
    fn rows(self) -> [u8; IMAGE_SIDE] {
        std::array::from_fn(|y| reflect(self.crop_y + y))
    }

    /// The source column of each column of the result.
    fn columns(self) -> [u8; IMAGE_SIDE] {
        std::array::from_fn(|x| reflect(self.crop_x + if self.flip { IMAGE_SIDE - 1 - x } else { x }))
    }
}

/// The source index of a padded index: reflection without repeating the edge.
fn reflect(padded: usize) -> u8 {
    let last = IMAGE_SIDE as isize - 1;
    let index = (padded as isize - PADDING as isize).abs();
    (last - (last - index).abs()) as u8
}

/// The draws of many images, on the device.
#[derive(Debug)]
pub struct Draws {
    /// Source rows, uint8 `[n, 32]`.
    rows: Tensor,
    /// Source columns, uint8 `[n, 32]`.
    columns: Tensor,
    /// One where a row or column meets the cutout, uint8 `[n, 32]` each.
    cut_rows: Tensor,
    cut_columns: Tensor,
}

impl Draws {
    /// Puts draws on a device.
    #[must_use]
    pub fn new(draws: &[Draw], device: Device) -> Self {
        let table = |row: &dyn Fn(Draw) -> [u8; IMAGE_SIDE]| {
            let flat: Vec<u8> = draws.iter().flat_map(|&draw| row(draw)).collect();
            Tensor::from_slice(&flat).view([-1, IMAGE_SIDE as i64]).to_device(device)
        };
        let cut =
            |start: usize| std::array::from_fn(|at| u8::from((start..start + CUTOUT_SIDE).contains(&at)));
        Self {
            rows: table(&|draw| draw.rows()),
            columns: table(&|draw| draw.columns()),
            cut_rows: table(&|draw| cut(draw.cut_y)),
            cut_columns: table(&|draw| cut(draw.cut_x)),
        }
    }

    /// The draws `start..start + length`.
    #[must_use]
    pub fn narrow(&self, start: i64, length: i64) -> Self {
        let narrow = |tensor: &Tensor| tensor.narrow(0, start, length);
        Self {
            rows: narrow(&self.rows),
            columns: narrow(&self.columns),
            cut_rows: narrow(&self.cut_rows),
            cut_columns: narrow(&self.cut_columns),
        }
    }
}

/// Augmented, normalised images `[n, 3, 32, 32]` (float32, channels last) of the rows `chosen` (int64 `[n]`) of
/// `images` (uint8 `[all, 3, 32, 32]`).
pub fn augment(images: &Tensor, chosen: &Tensor, draws: &Draws) -> Tensor {
    let side = IMAGE_SIDE as i64;
    let planes = Tensor::arange(3, (Kind::Int64, images.device())).view([1, 3, 1, 1]) * (side * side);
    let source = chosen.view([-1, 1, 1, 1]) * (3 * side * side)
        + planes
        + draws.rows.to_kind(Kind::Int64).view([-1, 1, side, 1]) * side
        + draws.columns.to_kind(Kind::Int64).view([-1, 1, 1, side]);
    let cut = draws.cut_rows.view([-1, 1, side, 1]) * draws.cut_columns.view([-1, 1, 1, side]);
    normalise(&images.take(&source)).masked_fill(&cut.to_kind(Kind::Bool), 0.0)
}

/// Normalised images (float32, channels last) of uint8 images `[n, 3, 32, 32]`.
pub fn normalise(images: &Tensor) -> Tensor {
    let planes = |values: [f32; 3]| Tensor::from_slice(&values).view([1, 3, 1, 1]).to_device(images.device());
    let scale = planes(STANDARD_DEVIATION.map(|deviation| 1.0 / (255.0 * deviation)));
    let shift: [f32; 3] = std::array::from_fn(|plane| -MEAN[plane] / STANDARD_DEVIATION[plane]);
    channels_last(&(images.to_kind(Kind::Float) * scale + planes(shift)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seeds::{Purpose, generator};

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
        // Red grows with the row, green with the column, blue is constant.
        let pixels: Vec<u8> = (0..3)
            .flat_map(|plane| (0..32u8).flat_map(move |y| (0..32u8).map(move |x| [y, x, 99][plane])))
            .collect();
        let images = Tensor::from_slice(&pixels).view([1, 3, 32, 32]);
        let draw = Draw { crop_x: 4, crop_y: 6, flip: true, cut_x: 24, cut_y: 0 };
        let result = augment(&images, &Tensor::from_slice(&[0i64]), &Draws::new(&[draw], Device::Cpu));
        let back = |plane: usize, y: i64, x: i64| {
            let value = result.double_value(&[0, plane as i64, y, x]);
            (value * f64::from(STANDARD_DEVIATION[plane]) + f64::from(MEAN[plane])) * 255.0
        };
        assert!((back(0, 10, 0) - 12.0).abs() < 1e-3, "row 10 shows source row 12");
        assert!((back(1, 10, 0) - 31.0).abs() < 1e-3, "column 0 shows the last source column");
        assert!((back(2, 10, 5) - 99.0).abs() < 1e-3);
        assert_eq!(result.double_value(&[0, 1, 7, 24]), 0.0);
        assert_ne!(result.double_value(&[0, 1, 8, 24]), 0.0);
        assert_ne!(result.double_value(&[0, 1, 7, 23]), 0.0);
    }
}
