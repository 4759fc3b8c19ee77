//! Augmentation of a whole batch on the device, as one gather.

use super::resnet::channels_last;
use crate::data::augment::{CUTOUT_SIDE, Draw, MEAN, STANDARD_DEVIATION};
use network::architecture::IMAGE_SIDE;
use tch::{Device, Kind, Tensor};

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

/// What makes batches on a device. Its constants go there once: copying one from the host would wait for the device.
#[derive(Debug)]
pub struct Augmentation {
    /// int64 `[1, 3, 1, 1]`.
    planes: Tensor,
    /// Of the three planes, float32 `[1, 3, 1, 1]`.
    scale: Tensor,
    shift: Tensor,
}

impl Augmentation {
    /// On this device.
    #[must_use]
    pub fn new(device: Device) -> Self {
        let planes = |values: [f32; 3]| Tensor::from_slice(&values).view([1, 3, 1, 1]).to_device(device);
        let plane = (IMAGE_SIDE * IMAGE_SIDE) as i64;
        Self {
            planes: Tensor::arange(3, (Kind::Int64, device)).view([1, 3, 1, 1]) * plane,
            scale: planes(STANDARD_DEVIATION.map(|deviation| 1.0 / (255.0 * deviation))),
            shift: planes(std::array::from_fn(|plane| -MEAN[plane] / STANDARD_DEVIATION[plane])),
        }
    }

    /// Augmented, normalised images `[n, 3, 32, 32]` (float32, channels last) of the rows `chosen` (int64 `[n]`) of
    /// `images` (uint8 `[all, 3, 32, 32]`).
    pub fn augment(&self, images: &Tensor, chosen: &Tensor, draws: &Draws) -> Tensor {
        let side = IMAGE_SIDE as i64;
        let source = chosen.view([-1, 1, 1, 1]) * (3 * side * side)
            + &self.planes
            + draws.rows.to_kind(Kind::Int64).view([-1, 1, side, 1]) * side
            + draws.columns.to_kind(Kind::Int64).view([-1, 1, 1, side]);
        let cut = draws.cut_rows.view([-1, 1, side, 1]) * draws.cut_columns.view([-1, 1, 1, side]);
        // A product keeps the order in memory; `masked_fill` would make every later operation work on planes.
        self.normalise(&images.take(&source)) * (1 - cut)
    }

    /// Normalised images (float32, channels last) of uint8 images `[n, 3, 32, 32]`.
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
