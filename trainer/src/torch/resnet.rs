//! The network in libtorch: forward passes over the list of blocks.
//!
//! Weights are float32; with a half-precision kind the convolutions and the linear layer see them cast, and batch norm
//! keeps its statistics and parameters in float32, as the 2018 reference did.

use crate::arrays::Arrays;
use ndarray::ArrayD;
use network::architecture::{BATCH_NORM_EPSILON, BATCH_NORM_MOMENTUM, LOGIT_SCALE};
use network::{Architecture, Block, Filter, Place};
use std::collections::BTreeMap;
use tch::{Device, Kind, Tensor};

/// A network on a device.
#[derive(Debug)]
pub struct ResNet {
    architecture: Architecture,
    blocks: Vec<Block>,
    tensors: BTreeMap<String, Tensor>,
    /// Of the convolutions and the linear layer.
    kind: Kind,
}

impl ResNet {
    /// Puts parameters and running statistics on a device.
    ///
    /// # Panics
    /// Where an array is missing or has another shape than [`Architecture::parameters`] says; who loads arrays from
    /// a file checks before.
    #[must_use]
    pub fn new(architecture: Architecture, arrays: &Arrays, device: Device, kind: Kind) -> Self {
        let place = |name: &str, shape: &[usize]| {
            tensor(name, &arrays[name], shape, device).to_kind(master_kind(kind))
        };
        let mut tensors = BTreeMap::new();
        for (name, shape) in architecture.parameters() {
            let tensor = place(&name, &shape).set_requires_grad(true);
            tensors.insert(name, tensor);
        }
        for (name, shape) in architecture.buffers() {
            let tensor = place(&name, &shape);
            tensors.insert(name, tensor);
        }
        Self { architecture, blocks: architecture.blocks(), tensors, kind }
    }

    /// The network on paper.
    #[must_use]
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// The trainable tensors by name, in the reference's order.
    #[must_use]
    pub fn parameters(&self) -> Vec<(String, Tensor)> {
        self.architecture
            .parameters()
            .into_iter()
            .map(|(name, _)| {
                let tensor = self.tensors[&name].shallow_clone();
                (name, tensor)
            })
            .collect()
    }

    /// A copy of every parameter and running statistic.
    #[must_use]
    pub fn arrays(&self) -> Arrays {
        self.tensors.iter().map(|(name, tensor)| (name.clone(), array(tensor))).collect()
    }

    /// Logits `[n, 10]` in the master copy's kind of normalised images `[n, 3, 32, 32]`. Training mode normalises by the batch and
    /// updates the running statistics; evaluation uses them.
    pub fn logits(&self, images: &Tensor, training: bool) -> Tensor {
        let mut x = images.to_kind(self.kind);
        let mut kept = Vec::new();
        for block in &self.blocks {
            if block.place == Place::ResidualFirst {
                kept.push(x.shallow_clone());
            }
            x = self.batch_norm(block, &self.convolution(block, &x), training).relu();
            x = match block.place {
                Place::Pooled => x.max_pool2d(2, 2, 0, 1, false),
                Place::ResidualSecond => kept.pop().expect("a pair has a first") + x,
                Place::Plain | Place::ResidualFirst => x,
            };
        }
        let features = x.max_pool2d(4, 4, 0, 1, false).flatten(1, -1);
        features.linear(&self.weight("linear.weight"), None::<&Tensor>).to_kind(master_kind(self.kind))
            * LOGIT_SCALE
    }

    fn convolution(&self, block: &Block, x: &Tensor) -> Tensor {
        let name = block.name;
        let conv = |x: &Tensor, part: &str, padding, groups: usize| {
            let weight = self.weight(&format!("{name}.conv.{part}weight"));
            x.conv2d(&weight, None::<&Tensor>, 1, padding, 1, groups as i64)
        };
        match block.filter {
            Filter::Dense => conv(x, "", 1, 1),
            Filter::LowRank { .. } => {
                let code = conv(&conv(x, "depthwise.", 1, block.c_in), "contract.", 0, 1);
                conv(&code, "expand.", 0, 1)
            }
        }
    }

    fn batch_norm(&self, block: &Block, x: &Tensor, training: bool) -> Tensor {
        let tensor = |part: &str| Some(&self.tensors[&format!("{}.bn.{part}", block.name)]);
        x.batch_norm(
            tensor("weight"),
            tensor("bias"),
            tensor("running_mean"),
            tensor("running_var"),
            training,
            BATCH_NORM_MOMENTUM,
            BATCH_NORM_EPSILON,
            true,
        )
    }

    fn weight(&self, name: &str) -> Tensor {
        self.tensors[name].to_kind(self.kind)
    }
}

/// Kind of the weights' master copy, of batch norm and of the loss: float32, or float64 where all is float64.
pub(crate) fn master_kind(kind: Kind) -> Kind {
    if kind == Kind::Double { Kind::Double } else { Kind::Float }
}

/// The same numbers with channels innermost in memory; what follows keeps that order.
pub fn channels_last(images: &Tensor) -> Tensor {
    images.permute([0, 2, 3, 1]).contiguous().permute([0, 3, 1, 2])
}

/// An array on a device.
///
/// # Panics
/// Where the shapes differ.
pub(crate) fn tensor(name: &str, array: &ArrayD<f32>, shape: &[usize], device: Device) -> Tensor {
    assert_eq!(array.shape(), shape, "{name}");
    let shape: Vec<i64> = shape.iter().map(|&n| n as i64).collect();
    let values: Vec<f32> = array.iter().copied().collect();
    Tensor::from_slice(&values).reshape(shape).to_device(device)
}

/// A tensor on the host.
pub(crate) fn array(tensor: &Tensor) -> ArrayD<f32> {
    let shape: Vec<usize> = tensor.size().iter().map(|&n| n as usize).collect();
    let flat = tensor.detach().to_device(Device::Cpu).to_kind(Kind::Float).contiguous().view(-1);
    let mut values = vec![0f32; flat.numel()];
    flat.copy_data(&mut values, flat.numel());
    ArrayD::from_shape_vec(shape, values).expect("as many values as the shape says")
}
