//! Augmentation of a whole batch on the device, as one gather.

use super::resnet::channels_last;
use crate::data::augment::{CROP_OFFSETS, CUTOUT_OFFSETS, CUTOUT_SIDE, Draw, MEAN, STANDARD_DEVIATION};
use network::architecture::IMAGE_SIDE;
use tch::{Device, Kind, Tensor};

/// The draws of many images, on the device: for each image its rows in the tables of [`Augmentation`], uint8
/// `[n, 4]`.
#[derive(Debug)]
pub struct Draws(Tensor);

impl Draws {
    /// Copies draws to a device.
    #[must_use]
    pub fn new(draws: &[Draw], device: Device) -> Self {
        let rows = |draw: &Draw| {
            [draw.crop_y, 2 * draw.crop_x + usize::from(draw.flip), draw.cut_y, draw.cut_x]
                .map(|row| row as u8)
        };
        let flat: Vec<u8> = draws.iter().flat_map(rows).collect();
        Self(Tensor::from_slice(&flat).view([-1, 4]).to_device(device))
    }

    /// Returns the draws at these indices, int64 `[n]`.
    #[must_use]
    pub fn at(&self, places: &Tensor) -> Self {
        Self(self.0.index_select(0, places))
    }

    /// Overwrites the draws by others, in place.
    pub fn replace(&mut self, others: &Self) {
        self.0.copy_(&others.0);
    }
}

/// Builds batches on a device. Its constants are copied there once, because a copy from the host would
/// synchronise with the device.
#[derive(Debug)]
pub struct Augmentation {
    /// Offset of each colour plane, int64 `[1, 3, 1, 1]`.
    planes: Tensor,
    /// Scale and shift of the normalisation, by plane, float32 `[1, 3, 1, 1]`.
    scale: Tensor,
    shift: Tensor,
    /// The source rows for each crop, and the source columns for each crop and flip, int64 `[draws, 32]`.
    rows: Tensor,
    columns: Tensor,
    /// For each draw of a cutout, one in the rows or columns that it covers, uint8 `[draws, 32]`.
    cut: Tensor,
}

impl Augmentation {
    /// Creates the constants on a device.
    #[must_use]
    pub fn new(device: Device) -> Self {
        let planes = |values: [f32; 3]| Tensor::from_slice(&values).view([1, 3, 1, 1]).to_device(device);
        let plane = (IMAGE_SIDE * IMAGE_SIDE) as i64;
        let table = |flat: Vec<u8>| Tensor::from_slice(&flat).view([-1, IMAGE_SIDE as i64]).to_device(device);
        let crop = |at: usize| Draw { crop_x: at / 2, crop_y: at, flip: at % 2 == 1, ..Draw::CENTRE };
        let cut = |start: usize| {
            (0..IMAGE_SIDE).map(move |at| u8::from((start..start + CUTOUT_SIDE).contains(&at)))
        };
        Self {
            planes: Tensor::arange(3, (Kind::Int64, device)).view([1, 3, 1, 1]) * plane,
            scale: planes(STANDARD_DEVIATION.map(|deviation| 1.0 / (255.0 * deviation))),
            shift: planes(std::array::from_fn(|plane| -MEAN[plane] / STANDARD_DEVIATION[plane])),
            rows: table((0..CROP_OFFSETS).flat_map(|at| crop(at).rows()).collect()).to_kind(Kind::Int64),
            columns: table((0..2 * CROP_OFFSETS).flat_map(|at| crop(at).columns()).collect())
                .to_kind(Kind::Int64),
            cut: table((0..CUTOUT_OFFSETS).flat_map(cut).collect()),
        }
    }

    /// Returns augmented, normalised images `[n, 3, 32, 32]` (float32, channels last) of the rows `chosen`
    /// (int64 `[n]`) of `images` (uint8 `[all, 3, 32, 32]`).
    pub fn augment(&self, images: &Tensor, chosen: &Tensor, draws: &Draws) -> Tensor {
        let side = IMAGE_SIDE as i64;
        let of =
            |table: &Tensor, draw: i64| table.index_select(0, &draws.0.select(1, draw).to_kind(Kind::Int64));
        let source = chosen.view([-1, 1, 1, 1]) * (3 * side * side)
            + &self.planes
            + of(&self.rows, 0).view([-1, 1, side, 1]) * side
            + of(&self.columns, 1).view([-1, 1, 1, side]);
        let cut = of(&self.cut, 2).view([-1, 1, side, 1]) * of(&self.cut, 3).view([-1, 1, 1, side]);
        // A product keeps the channels-last layout; `masked_fill` would make every later operation work
        // channels first.
        self.normalise(&images.take(&source)) * (1 - cut)
    }

    /// Returns normalised images (float32, channels last) of uint8 images `[n, 3, 32, 32]`.
    pub fn normalise(&self, images: &Tensor) -> Tensor {
        channels_last(&(images.to_kind(Kind::Float) * &self.scale + &self.shift))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::augment::{IMAGE, Normal};
    use crate::data::seeds::{Purpose, generator};

    #[test]
    fn a_batch_on_the_device_is_what_the_host_makes_image_by_image() {
        let mut generator = generator(0, Purpose::Augment, 1);
        let pixels: Vec<u8> = (0..8 * IMAGE).map(|at| (at * 7919 % 251) as u8).collect();
        let draws: Vec<Draw> = (0..8).map(|_| Draw::random(&mut generator)).collect();
        let images = Tensor::from_data_size(&pixels, &[8, 3, 32, 32], Kind::Uint8);
        let chosen = Tensor::arange(8, (Kind::Int64, Device::Cpu));
        let draws_there = Draws::new(&draws, Device::Cpu);
        let batch =
            Augmentation::new(Device::Cpu).augment(&images, &chosen, &draws_there).permute([0, 2, 3, 1]);
        assert!(batch.is_contiguous(), "channels are innermost in memory");
        let mut expected = vec![0f32; 8 * IMAGE];
        for (at, (out, &draw)) in expected.chunks_exact_mut(IMAGE).zip(&draws).enumerate() {
            Normal::default().augment(&pixels[at * IMAGE..(at + 1) * IMAGE], draw, out);
        }
        let expected = Tensor::from_slice(&expected).view_as(&batch);
        assert!((batch - expected).abs().max().double_value(&[]) < 1e-5);
    }
}
