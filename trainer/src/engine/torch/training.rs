//! One training step and one evaluation.

use super::resnet::{ResNet, master_kind};
use super::update::Group;
use crate::data::state_dict::StateDict;
use crate::engine::ways::Ways;
use artifacts::Precision;
use network::schedule::LearningRates;
use network::{Architecture, VELOCITY, WeightDecay};
use std::collections::BTreeMap;
use tch::{Device, Kind, Reduction, Tensor};

/// A network and its momentum.
#[derive(Debug)]
pub struct Training {
    network: ResNet,
    groups: Vec<Group>,
    /// The loss scale: the loss is multiplied by it before, and the gradients are divided by it after, the
    /// backward pass.
    loss_scale: fn(batch: i64) -> f64,
}

/// Sums over a batch, left on the device so that nothing synchronises with it.
#[derive(Debug)]
pub struct BatchSums {
    /// The sum of cross-entropies, float32 scalar.
    pub loss: Tensor,
    /// Images whose largest logit is that of their label, int64 scalar.
    pub correct: Tensor,
}

impl Training {
    /// Takes up parameters, running statistics, and momentum (`velocity.*`) if there is any.
    #[must_use]
    pub fn new(
        architecture: Architecture,
        state: &StateDict,
        device: Device,
        precision: Precision,
        ways: Ways,
    ) -> Self {
        Self::with_kind(architecture, state, device, kind(precision), ways)
    }

    /// Does the same in float64 throughout, for checks against exact arithmetic; images must be float64 too.
    #[must_use]
    pub fn in_float64(architecture: Architecture, state: &StateDict, device: Device, ways: Ways) -> Self {
        Self::with_kind(architecture, state, device, Kind::Double, ways)
    }

    fn with_kind(
        architecture: Architecture,
        state: &StateDict,
        device: Device,
        kind: Kind,
        ways: Ways,
    ) -> Self {
        let velocity: StateDict = state
            .iter()
            .filter_map(|(name, array)| Some((name.strip_prefix(VELOCITY)?.to_owned(), array.clone())))
            .collect();
        // Gradients of a mean over 512 images underflow in fp16; those of a sum do not, and the reference
        // used the sum.
        let loss_scale: fn(i64) -> f64 = if kind == Kind::Half { |batch| batch as f64 } else { |_| 1.0 };
        Self {
            network: ResNet::new(&architecture, state, device, kind, ways),
            groups: Group::all(&architecture, state, &velocity, device, master_kind(kind)),
            loss_scale,
        }
    }

    /// Computes forward, backward and update on normalised images `[n, 3, 32, 32]` with labels `[n]` (int64).
    pub fn step(
        &mut self,
        images: &Tensor,
        labels: &Tensor,
        rates: LearningRates,
        decay: WeightDecay,
    ) -> BatchSums {
        let rates = rates_table([rates].iter()).to_device(images.device()).get(0);
        self.step_at(images, labels, &rates, decay)
    }

    /// Does the same as [`Training::step`], with learning rates that are on the device: one row of a
    /// [`rates_table`].
    pub fn step_at(
        &mut self,
        images: &Tensor,
        labels: &Tensor,
        rates: &Tensor,
        decay: WeightDecay,
    ) -> BatchSums {
        let batch = labels.size()[0];
        let logits = self.network.logits(&self.parameters(), images, true);
        let loss = logits.cross_entropy_loss(labels, None::<&Tensor>, Reduction::Mean, -100, 0.0);
        let scale = (self.loss_scale)(batch);
        let inputs: Vec<&Tensor> = self.groups.iter().map(|group| &group.parameters.values).collect();
        let gradients = Tensor::run_backward(&[&loss * scale], &inputs, false, false);
        let _without_gradients = tch::no_grad_guard();
        for (group, gradient) in self.groups.iter_mut().zip(gradients) {
            let gradient = if scale == 1.0 { gradient } else { gradient / scale };
            group.update(gradient, rates, decay);
        }
        BatchSums {
            loss: loss.detach() * batch as f64,
            correct: logits.argmax(-1, false).eq_tensor(labels).sum(Kind::Int64),
        }
    }

    /// Returns classes (uint8) and cross-entropies (float32), both `[n]`, for normalised images
    /// `[n, 3, 32, 32]` with labels `[n]` (int64), by the running statistics; they stay on the device.
    pub fn predict(&self, images: &Tensor, labels: &Tensor) -> (Tensor, Tensor) {
        let _without_gradients = tch::no_grad_guard();
        let logits = self.logits(images);
        let losses = logits.cross_entropy_loss(labels, None::<&Tensor>, Reduction::None, -100, 0.0);
        (logits.argmax(-1, false).to_kind(Kind::Uint8), losses.to_kind(Kind::Float))
    }

    /// Returns logits `[n, classes]` by the running statistics.
    pub fn logits(&self, images: &Tensor) -> Tensor {
        let _without_gradients = tch::no_grad_guard();
        self.network.logits(&self.parameters(), images, false)
    }

    /// Returns views of the parameters, by name.
    fn parameters(&self) -> BTreeMap<&str, Tensor> {
        self.groups.iter().flat_map(|group| group.parameters.views(&group.parameters.values)).collect()
    }

    /// Returns parameters and running statistics under the reference's names.
    #[must_use]
    pub fn model(&self) -> StateDict {
        self.groups.iter().map(|group| group.parameters.arrays()).fold(self.network.arrays(), joined)
    }

    /// Returns everything that [`Training::new`] needs to continue with the same numbers.
    #[must_use]
    pub fn state(&self) -> StateDict {
        let velocity = self.groups.iter().flat_map(|group| group.velocity.arrays());
        joined(self.model(), velocity.map(|(name, array)| (format!("{VELOCITY}{name}"), array)).collect())
    }
}

/// Returns the learning rates of the factors and of the rest, one row per update, float64 `[updates, 2]`.
pub fn rates_table<'a>(rates: impl Iterator<Item = &'a LearningRates>) -> Tensor {
    let flat: Vec<f64> = rates.flat_map(|rates| [rates.factors, rates.rest]).collect();
    Tensor::from_slice(&flat).view([-1, 2])
}

fn joined(mut all: StateDict, more: StateDict) -> StateDict {
    all.extend(more);
    all
}

fn kind(precision: Precision) -> Kind {
    match precision {
        Precision::Float32 => Kind::Float,
        Precision::Bf16 => Kind::BFloat16,
        Precision::Fp16 => Kind::Half,
    }
}
