//! The inputs of an epoch's updates, on a device.

use super::augment::Draws;
use super::training::rates_table;
use crate::data::images::Images;
use crate::engine::epoch::{Epoch, Sums};
use network::WeightDecay;
use network::schedule::LearningRates;
use tch::{Kind, Tensor};

/// Images on a device.
#[derive(Debug)]
pub(super) struct OnDevice {
    /// The pixels, uint8 `[n, 3, 32, 32]`.
    pub(super) pixels: Tensor,
    /// The labels, int64 `[n]`.
    pub(super) labels: Tensor,
}

impl OnDevice {
    pub(super) fn new(images: &Images<'_>, device: tch::Device) -> Self {
        let labels: Vec<i64> = images.labels.iter().map(|&label| i64::from(label)).collect();
        let pixels: Vec<u8> = (0..images.len()).flat_map(|at| images.image(at)).copied().collect();
        Self {
            pixels: Tensor::from_data_size(&pixels, &[images.len() as i64, 3, 32, 32], Kind::Uint8)
                .to_device(device),
            labels: Tensor::from_slice(&labels).to_device(device),
        }
    }
}

/// The inputs of an epoch's updates, and the sums that they add to. Its addresses stay the same from one
/// epoch to the next.
#[derive(Debug)]
pub(super) struct Feed {
    /// Training images in the order of the epoch, int64 `[updates * batch]`.
    pub(super) order: Tensor,
    pub(super) draws: Draws,
    /// The learning rates, see [`rates_table`].
    pub(super) rates: Tensor,
    pub(super) decay: WeightDecay,
    /// The indices 0, 1, ... within a batch, int64 `[batch]`.
    pub(super) within: Tensor,
    /// The index of the next update, int64 `[1]`.
    pub(super) update: Tensor,
    /// The running sums, float64 and int64 scalars.
    pub(super) loss: Tensor,
    pub(super) correct: Tensor,
    /// The number of updates since this was created.
    pub(super) done: usize,
}

impl Feed {
    pub(super) fn new(epoch: Epoch<'_>, device: tch::Device) -> Self {
        let order: Vec<i64> = epoch.order.iter().map(|&at| i64::from(at)).collect();
        let none = LearningRates { factors: 0.0, rest: 0.0 };
        let updates = order.len() / epoch.batch;
        let rates = epoch.rates.iter().chain(std::iter::repeat(&none)).take(updates);
        Self {
            order: Tensor::from_slice(&order).to_device(device),
            draws: Draws::new(epoch.draws, device),
            rates: rates_table(rates).to_device(device),
            decay: epoch.decay,
            within: Tensor::arange(epoch.batch as i64, (Kind::Int64, device)),
            update: Tensor::zeros([1], (Kind::Int64, device)),
            loss: Tensor::zeros([], (Kind::Double, device)),
            correct: Tensor::zeros([], (Kind::Int64, device)),
            done: 0,
        }
    }

    /// Returns whether another feed has the same shapes and decay.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.order.size() == other.order.size()
            && self.within.size() == other.within.size()
            && self.decay == other.decay
    }

    /// Overwrites it by another epoch, in place.
    pub(super) fn replace(&mut self, other: &Self) {
        self.order.copy_(&other.order);
        self.draws.replace(&other.draws);
        self.rates.copy_(&other.rates);
        self.update.copy_(&other.update);
        self.loss.copy_(&other.loss);
        self.correct.copy_(&other.correct);
    }

    pub(super) fn sums(&self) -> Sums {
        Sums { loss: self.loss.double_value(&[]), correct: self.correct.int64_value(&[]) as u64 }
    }
}
