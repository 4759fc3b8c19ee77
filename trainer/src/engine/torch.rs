//! Runs on libtorch: any device, any precision, any network.
//!
//! Images stay on the device as bytes; a batch is gathered and augmented there ([`augment`]), and nothing within an epoch
//! waits for a GPU: its sums are read at the end.

pub mod augment;
pub mod flat;
pub mod resnet;
pub mod training;
pub mod update;
pub mod version;

use crate::data::images::Images;
use crate::data::state_dict::StateDict;
use crate::engine::epoch::{EVALUATION_BATCH, Epoch, OnBatch, OnUpdate, Predictions, Sums};
use crate::machine::device::Device;
use artifacts::Precision;
use augment::{Augmentation, Draws};
use network::Architecture;
use std::time::Instant;
use tch::{Cuda, Kind, Tensor};
use training::Training;

/// GPUs that CUDA sees; none where the linked libtorch has no CUDA. (libtorch itself says that it has none wherever there
/// is no GPU.)
#[must_use]
pub fn gpus() -> Option<usize> {
    cfg!(libtorch_cuda).then(|| if Cuda::is_available() { Cuda::device_count() as usize } else { 0 })
}

/// A network, its momentum and its images on a device.
#[derive(Debug)]
pub struct Torch {
    training: Training,
    train: OnDevice,
    test: OnDevice,
    augmentation: Augmentation,
    device: tch::Device,
}

/// Images on a device.
#[derive(Debug)]
struct OnDevice {
    /// uint8 `[n, 3, 32, 32]`.
    pixels: Tensor,
    /// int64 `[n]`.
    labels: Tensor,
}

impl OnDevice {
    fn new(images: &Images<'_>, device: tch::Device) -> Self {
        let labels: Vec<i64> = images.labels.iter().map(|&label| i64::from(label)).collect();
        let pixels: Vec<u8> = (0..images.len()).flat_map(|at| images.image(at)).copied().collect();
        Self {
            pixels: Tensor::from_data_size(&pixels, &[images.len() as i64, 3, 32, 32], Kind::Uint8)
                .to_device(device),
            labels: Tensor::from_slice(&labels).to_device(device),
        }
    }
}

/// What an epoch's batches are made of, on a device.
struct Batches {
    /// int64 `[n]`.
    order: Tensor,
    draws: Draws,
    length: i64,
}

impl Batches {
    fn new(epoch: Epoch<'_>, device: tch::Device) -> Self {
        let order: Vec<i64> = epoch.order.iter().map(|&at| i64::from(at)).collect();
        Self {
            order: Tensor::from_slice(&order).to_device(device),
            draws: Draws::new(epoch.draws, device),
            length: epoch.batch as i64,
        }
    }

    /// Augmented images and labels of an update.
    fn get(&self, update: usize, train: &OnDevice, augmentation: &Augmentation) -> (Tensor, Tensor) {
        let at = update as i64 * self.length;
        let chosen = self.order.narrow(0, at, self.length);
        let images = augmentation.augment(&train.pixels, &chosen, &self.draws.narrow(at, self.length));
        (images, train.labels.index_select(0, &chosen))
    }
}

impl Torch {
    /// Takes up a state, as [`crate::engine::Engine::new`]. The number of threads is the whole process's.
    #[must_use]
    pub fn new(
        architecture: Architecture,
        state: &StateDict,
        (train, test): (&Images<'_>, &Images<'_>),
        device: Device,
        threads: usize,
        precision: Precision,
    ) -> Self {
        tch::set_num_threads(threads as i32);
        Cuda::cudnn_set_benchmark(true);
        let device = match device {
            Device::Cpu => tch::Device::Cpu,
            Device::Cuda(index) => tch::Device::Cuda(index),
        };
        Self {
            training: Training::new(architecture, state, device, precision),
            train: OnDevice::new(train, device),
            test: OnDevice::new(test, device),
            augmentation: Augmentation::new(device),
            device,
        }
    }

    /// As [`crate::engine::Engine::train`].
    pub fn train(&mut self, epoch: Epoch<'_>, on_update: &mut OnUpdate<'_>) -> Option<Sums> {
        let device = self.device;
        let batches = Batches::new(epoch, device);
        let mut loss = Tensor::zeros([], (Kind::Double, device));
        let mut correct = Tensor::zeros([], (Kind::Int64, device));
        let read = |loss: &Tensor, correct: &Tensor| Sums {
            loss: loss.double_value(&[]),
            correct: correct.int64_value(&[]) as u64,
        };
        for (update, &rates) in (0..).zip(epoch.rates) {
            let (images, labels) = batches.get(update, &self.train, &self.augmentation);
            let sums = self.training.step(&images, &labels, rates, epoch.decay);
            loss += sums.loss;
            correct += sums.correct;
            // Reading a number makes a GPU wait; there the numbers come at the end of the epoch.
            let so_far = (device == tch::Device::Cpu).then(|| read(&loss, &correct));
            if on_update(update + 1, so_far).is_break() {
                return None;
            }
        }
        Some(read(&loss, &correct))
    }

    /// As [`crate::engine::Engine::time_updates`].
    pub fn time_updates(&mut self, epoch: Epoch<'_>) -> Vec<f64> {
        let (images, labels) = Batches::new(epoch, self.device).get(0, &self.train, &self.augmentation);
        let mut update = |rates| self.training.step(&images, &labels, rates, epoch.decay).loss;
        // Reading a number waits for the device: on a GPU once, as in an epoch, so that the host may run ahead of it.
        if self.device != tch::Device::Cpu {
            let start = Instant::now();
            let losses: Vec<Tensor> = epoch.rates.iter().map(|&rates| update(rates)).collect();
            let _ = losses.last().map(|loss| loss.double_value(&[]));
            return vec![start.elapsed().as_secs_f64() / losses.len() as f64; losses.len()];
        }
        let timed = |&rates| {
            let start = Instant::now();
            let _ = update(rates).double_value(&[]);
            start.elapsed().as_secs_f64()
        };
        epoch.rates.iter().map(timed).collect()
    }

    /// As [`crate::engine::Engine::predict`].
    pub fn predict(&self, on_batch: &mut OnBatch<'_>) -> Option<Predictions> {
        let mut all = Predictions::default();
        let images = self.test.labels.size()[0];
        for start in (0..images).step_by(EVALUATION_BATCH) {
            if on_batch().is_break() {
                return None;
            }
            let length = (EVALUATION_BATCH as i64).min(images - start);
            let narrow = |tensor: &Tensor| tensor.narrow(0, start, length);
            let pixels = self.augmentation.normalise(&narrow(&self.test.pixels));
            let mut batch = self.training.predict(&pixels, &narrow(&self.test.labels));
            all.classes.append(&mut batch.classes);
            all.losses.append(&mut batch.losses);
        }
        Some(all)
    }

    /// As [`crate::engine::Engine::model`].
    #[must_use]
    pub fn model(&self) -> StateDict {
        self.training.model()
    }

    /// As [`crate::engine::Engine::state`].
    #[must_use]
    pub fn state(&self) -> StateDict {
        self.training.state()
    }
}
