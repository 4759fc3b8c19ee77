//! Training on libtorch: any device, any precision, any network.
//!
//! Images stay on the device as bytes; a batch is gathered and augmented there ([`augment`]). Nothing within
//! an epoch synchronises with a GPU: its sums are read at the end.

mod alone;
pub mod augment;
#[cfg(libtorch_cuda)]
mod cuda;
mod feed;
pub mod flat;
pub mod resnet;
pub mod training;
pub mod update;
pub mod version;

use crate::data::images::Images;
use crate::data::state_dict::StateDict;
use crate::engine::epoch::{Epoch, OnBatch, OnUpdate, Predictions, Sums};
use crate::engine::memory::evaluated_at_once;
#[cfg(libtorch_cuda)]
use crate::engine::ways::UPDATES_BEFORE_RECORDING;
use crate::engine::ways::Ways;
use crate::machine::device::Device;
use alone::Alone;
use artifacts::Precision;
use augment::Augmentation;
use feed::{Feed, OnDevice};
use network::Architecture;
use std::mem;
use std::sync::MutexGuard;
use std::time::Instant;
use tch::{Cuda, Tensor};
use training::Training;

/// Returns the number of GPUs that CUDA sees; `None` if the linked libtorch has no CUDA. (libtorch itself
/// reports no CUDA on any machine without a GPU.)
#[must_use]
pub fn gpus() -> Option<usize> {
    cfg!(libtorch_cuda).then(|| if Cuda::is_available() { Cuda::device_count() as usize } else { 0 })
}

/// A network, its momentum and its images on a device.
#[derive(Debug)]
pub struct Torch {
    #[cfg(libtorch_cuda)]
    recording: Option<cuda::Recording>,
    training: Training,
    train: OnDevice,
    test: OnDevice,
    augmentation: Augmentation,
    feed: Option<Feed>,
    evaluated: bool,
    evaluated_at_once: usize,
    device: tch::Device,
    // The last field, so that it frees what all the others used.
    alone: Alone,
}

impl Torch {
    /// Takes up a state, as [`crate::engine::Engine::new`] does. The number of threads applies to the whole
    /// process.
    #[must_use]
    pub fn new(
        architecture: Architecture,
        state: &StateDict,
        (train, test): (&Images<'_>, &Images<'_>),
        device: Device,
        threads: usize,
        (precision, batch): (Precision, usize),
        ways: Ways,
    ) -> Self {
        tch::set_num_threads(threads as i32);
        Cuda::cudnn_set_benchmark(true);
        let device = match device {
            Device::Cpu => tch::Device::Cpu,
            Device::Cuda(index) => tch::Device::Cuda(index),
        };
        #[cfg(libtorch_cuda)]
        if let (true, tch::Device::Cuda(index)) = (ways.of_its_own, device) {
            cuda::of_its_own(index);
        }
        let alone = Alone::on(device, ways);
        let _held = alone.hold();
        Self {
            #[cfg(libtorch_cuda)]
            recording: None,
            training: Training::new(architecture, state, device, precision, ways),
            train: OnDevice::new(train, device),
            test: OnDevice::new(test, device),
            augmentation: Augmentation::new(device),
            feed: None,
            evaluated: false,
            evaluated_at_once: evaluated_at_once(batch),
            device,
            alone,
        }
    }

    /// Implements [`crate::engine::Engine::train`].
    pub fn train(&mut self, epoch: Epoch<'_>, on_update: &mut OnUpdate<'_>) -> Option<Sums> {
        self.take_up(epoch);
        for update in 0..epoch.rates.len() {
            self.update();
            // Reading a number synchronises with the GPU; there the numbers come at the end of the epoch.
            let so_far = (self.device == tch::Device::Cpu).then(|| self.sums());
            if on_update(update + 1, so_far).is_break() {
                return None;
            }
        }
        Some(self.sums())
    }

    /// Implements [`crate::engine::Engine::time_updates`].
    pub fn time_updates(&mut self, epoch: Epoch<'_>) -> Vec<f64> {
        self.take_up(epoch);
        let on_cpu = self.device == tch::Device::Cpu;
        let mut seconds = Vec::new();
        let mut start = Instant::now();
        for _ in epoch.rates {
            let _ = self.feed_mut().update.zero_();
            self.update();
            // Reading a number synchronises with the device: on a GPU this is done once, as in an epoch, so
            // that the host may run ahead of it.
            if on_cpu {
                self.sums();
                seconds.push(start.elapsed().as_secs_f64());
                start = Instant::now();
            }
        }
        if !on_cpu {
            self.sums();
            seconds = vec![start.elapsed().as_secs_f64() / epoch.rates.len() as f64; epoch.rates.len()];
        }
        seconds
    }

    /// Returns a lock that is held until a step is recorded; by then all kernels of an update have been
    /// chosen.
    fn alone_at_first(&self) -> Option<MutexGuard<'static, ()>> {
        #[cfg(libtorch_cuda)]
        if self.recording.is_some() {
            return None;
        }
        self.alone.hold()
    }

    /// Copies an epoch to the device.
    fn take_up(&mut self, epoch: Epoch<'_>) {
        let _held = self.alone_at_first();
        let new = Feed::new(epoch, self.device);
        match &mut self.feed {
            Some(feed) if feed.is_like(&new) => feed.replace(&new),
            feed => {
                #[cfg(libtorch_cuda)]
                {
                    self.recording = None;
                }
                *feed = Some(new);
            }
        }
    }

    fn feed_mut(&mut self) -> &mut Feed {
        self.feed.as_mut().expect("an epoch was taken up")
    }

    fn sums(&self) -> Sums {
        self.feed.as_ref().expect("an epoch was taken up").sums()
    }

    /// Computes the next update of the epoch.
    fn update(&mut self) {
        let _held = self.alone_at_first();
        #[cfg(libtorch_cuda)]
        if self.alone.records() && self.feed_mut().done >= UPDATES_BEFORE_RECORDING {
            if self.recording.is_none() {
                // A recording has memory of its own, so what the earlier updates and the choice of kernels
                // used is freed first.
                cuda::give_back();
                self.recording = Some(cuda::Recording::of(|| self.next_update()));
            }
            self.recording.as_ref().expect("it was just made").play();
            return;
        }
        self.next_update();
        self.feed_mut().done += 1;
    }

    /// Computes an update from data on the device alone, without synchronising.
    fn next_update(&mut self) {
        let feed = self.feed.as_mut().expect("an epoch was taken up");
        let places = &feed.within + &feed.update * feed.within.size()[0];
        let chosen = feed.order.index_select(0, &places);
        let images = self.augmentation.augment(&self.train.pixels, &chosen, &feed.draws.at(&places));
        let labels = self.train.labels.index_select(0, &chosen);
        let rates = feed.rates.index_select(0, &feed.update).get(0);
        let sums = self.training.step_at(&images, &labels, &rates, feed.decay);
        feed.loss += sums.loss;
        feed.correct += sums.correct;
        feed.update += 1;
    }

    /// Implements [`crate::engine::Engine::predict`].
    pub fn predict(&mut self, on_batch: &mut OnBatch<'_>) -> Option<Predictions> {
        let _held = if mem::replace(&mut self.evaluated, true) { None } else { self.alone.hold() };
        let images = self.test.labels.size()[0];
        let (mut classes, mut losses) = (Vec::new(), Vec::new());
        for start in (0..images).step_by(self.evaluated_at_once) {
            if on_batch().is_break() {
                return None;
            }
            let length = (self.evaluated_at_once as i64).min(images - start);
            let narrow = |tensor: &Tensor| tensor.narrow(0, start, length);
            let pixels = self.augmentation.normalise(&narrow(&self.test.pixels));
            let (class, loss) = self.training.predict(&pixels, &narrow(&self.test.labels));
            classes.push(class);
            losses.push(loss);
        }
        let mut all = Predictions { classes: vec![0; images as usize], losses: vec![0.0; images as usize] };
        if images > 0 {
            Tensor::cat(&classes, 0).to_device(tch::Device::Cpu).copy_data(&mut all.classes, images as usize);
            Tensor::cat(&losses, 0).to_device(tch::Device::Cpu).copy_data(&mut all.losses, images as usize);
        }
        Some(all)
    }

    /// Implements [`crate::engine::Engine::model`].
    #[must_use]
    pub fn model(&self) -> StateDict {
        self.training.model()
    }

    /// Implements [`crate::engine::Engine::state`].
    #[must_use]
    pub fn state(&self) -> StateDict {
        self.training.state()
    }
}

#[cfg(libtorch_cuda)]
impl Drop for Torch {
    /// Drops the recording while no other run is recorded: libtorch keeps a list of all recordings.
    fn drop(&mut self) {
        let _held = self.alone.hold();
        self.recording = None;
    }
}
