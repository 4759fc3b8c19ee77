//! The network in libtorch: forward passes over the list of blocks.
//!
//! After a narrow bottleneck, batch norm is computed on the codes (`Norm::through_bottleneck`); in evaluation
//! it is folded into the convolutions.
//!
//! Weights are float32. With a half-precision kind the convolutions and the linear layer use them cast, and
//! batch norm keeps its statistics and parameters in float32, as the 2018 reference did.

#[cfg(libtorch_cuda)]
use super::cuda;
use crate::data::state_dict::StateDict;
use crate::engine::ways::Ways;
use ndarray::ArrayD;
use network::architecture::{BATCH_NORM_EPSILON, BATCH_NORM_MOMENTUM, LOGIT_SCALE};
use network::{Architecture, Block, Entry, Filter, Place, Role};
use std::collections::BTreeMap;
use tch::{Device, Kind, Tensor};

/// A network's running statistics on a device, and the way its parameters are used.
#[derive(Debug)]
pub struct ResNet {
    blocks: Vec<Block>,
    /// The name of the last layer's weight.
    classifier: String,
    statistics: BTreeMap<String, Tensor>,
    /// The kind of number of the convolutions and the linear layer.
    kind: Kind,
    ways: Ways,
}

impl ResNet {
    /// Copies running statistics to a device.
    ///
    /// # Panics
    /// An array is missing or has another shape than [`Architecture::buffers`] says; whoever loads arrays
    /// from a file checks this before.
    #[must_use]
    pub fn new(
        architecture: &Architecture,
        arrays: &StateDict,
        device: Device,
        kind: Kind,
        ways: Ways,
    ) -> Self {
        let place = |Entry { name, shape, .. }| {
            let tensor = tensor(&name, &arrays[&name], &shape, device).to_kind(master_kind(kind));
            (name, tensor)
        };
        Self {
            blocks: architecture.blocks(),
            classifier: architecture.classifier().name,
            statistics: architecture.buffers().into_iter().map(place).collect(),
            kind,
            ways,
        }
    }

    /// Returns a copy of every running statistic.
    #[must_use]
    pub fn arrays(&self) -> StateDict {
        self.statistics.iter().map(|(name, tensor)| (name.clone(), array(tensor))).collect()
    }

    /// Computes logits `[n, classes]`, in the kind of the master copy, of normalised images `[n, 3, 32, 32]`
    /// with these parameters. Training mode normalises by the batch and updates the running statistics;
    /// evaluation uses them.
    pub fn logits(&self, parameters: &BTreeMap<&str, Tensor>, images: &Tensor, training: bool) -> Tensor {
        let mut x = images.to_kind(self.kind);
        let mut kept = Vec::new();
        for block in &self.blocks {
            if block.place == Place::ResidualFirst {
                kept.push(x.shallow_clone());
            }
            let residual =
                (block.place == Place::ResidualSecond).then(|| kept.pop().expect("a pair has a first"));
            x = self.block(block, parameters, &x, residual.as_ref(), training);
        }
        let features = x.max_pool2d(4, 4, 0, 1, false).flatten(1, -1);
        let linear = parameters[self.classifier.as_str()].to_kind(self.kind);
        features.linear(&linear, None::<&Tensor>).to_kind(master_kind(self.kind)) * LOGIT_SCALE
    }

    /// Computes convolution, batch norm and ReLU, and the pool or the residual sum after them.
    fn block(
        &self,
        block: &Block,
        parameters: &BTreeMap<&str, Tensor>,
        x: &Tensor,
        residual: Option<&Tensor>,
        training: bool,
    ) -> Tensor {
        let parameter = |role| &parameters[block.name_of(role).as_str()];
        let statistic = |role| self.statistics[&block.name_of(role)].shallow_clone();
        let norm = Norm {
            weight: parameter(Role::Scale),
            bias: parameter(Role::Shift),
            running_mean: statistic(Role::Mean),
            running_variance: statistic(Role::Variance),
        };
        // The last convolution before batch norm, its input, and its padding.
        let (code, last, padding) = match block.filter {
            Filter::Dense => (x.shallow_clone(), parameter(Role::Dense).shallow_clone(), 1),
            Filter::LowRank { .. } => {
                let (depthwise, contract) = (parameter(Role::Depthwise), parameter(Role::Contract));
                let expand = parameter(Role::Expand);
                if let Some(multiple) = self.ways.one_filter {
                    let missing = (-contract.size()[0]).rem_euclid(multiple as i64);
                    let filter = filled(&(contract * depthwise.permute([1, 0, 2, 3])), 0, missing);
                    let filter = channels_last(&filter.to_kind(self.kind));
                    (x.conv2d(&filter, None::<&Tensor>, 1, 1, 1, 1), filled(expand, 1, missing), 0)
                } else {
                    let groups = block.c_in as i64;
                    let code = x.conv2d(&depthwise.to_kind(self.kind), None::<&Tensor>, 1, 1, 1, groups);
                    let code = code.conv2d(&contract.to_kind(self.kind), None::<&Tensor>, 1, 0, 1, 1);
                    (code, expand.shallow_clone(), 0)
                }
            }
        };
        let pooled = block.place == Place::Pooled;
        let normal = match (training, self.ways.through_bottleneck(block)) {
            (false, _) => norm.folded(&code, &last, padding, &norm.running_mean, &norm.running_variance),
            (true, true) => norm.through_bottleneck(&code, &last),
            (true, false) => {
                let y = code.conv2d(&last.to_kind(code.kind()), None::<&Tensor>, 1, padding, 1, 1);
                #[cfg(libtorch_cuda)]
                if self.ways.norm_in_one && cuda::has_norm_for(&y) {
                    return norm.in_one(&y, residual, pooled);
                }
                norm.plain(&y)
            }
        };
        // Pooling before ReLU gives the same result and the same gradients, and ReLU then sees only a quarter
        // of the numbers.
        let out = if pooled { normal.max_pool2d(2, 2, 0, 1, false).relu() } else { normal.relu() };
        residual.map_or_else(|| out.shallow_clone(), |residual| residual + &out)
    }
}

/// Pads a filter with zeros to so many more outputs (dimension 0) or inputs (dimension 1): the function and
/// the gradients of the original part are unchanged. Tensor cores process channels in groups of eight.
fn filled(filter: &Tensor, dimension: usize, missing: i64) -> Tensor {
    if missing == 0 {
        return filter.shallow_clone();
    }
    let mut padding = [0; 8];
    // `constant_pad_nd` counts dimensions from the last one.
    padding[2 * (3 - dimension) + 1] = missing;
    filter.constant_pad_nd(padding)
}

/// A block's batch norm: its parameters, and running statistics that share memory with the network's.
struct Norm<'a> {
    weight: &'a Tensor,
    bias: &'a Tensor,
    running_mean: Tensor,
    running_variance: Tensor,
}

impl Norm<'_> {
    /// Computes batch norm of y in training mode.
    fn plain(&self, y: &Tensor) -> Tensor {
        y.batch_norm(
            Some(self.weight),
            Some(self.bias),
            Some(&self.running_mean),
            Some(&self.running_variance),
            true,
            BATCH_NORM_MOMENTUM,
            BATCH_NORM_EPSILON,
            true,
        )
    }

    /// Computes batch norm and everything after it in a block, by kernels of our own.
    #[cfg(libtorch_cuda)]
    fn in_one(&self, y: &Tensor, residual: Option<&Tensor>, pooled: bool) -> Tensor {
        let statistics = cuda::Statistics {
            weight: self.weight,
            bias: self.bias,
            running_mean: &self.running_mean,
            running_variance: &self.running_variance,
        };
        cuda::norm(y, &statistics, residual, pooled, (BATCH_NORM_MOMENTUM, BATCH_NORM_EPSILON))
    }

    /// Computes batch norm of a 1x1 convolution E of codes z without forming `y = E z` before normalisation:
    /// its mean is `E mean(z)` and its variance `diag(E cov(z) E')`, so batch norm is a scale of E's rows and
    /// a shift. This is exact up to rounding, also in backward, where sums over the batch run over the codes.
    fn through_bottleneck(&self, codes: &Tensor, expand: &Tensor) -> Tensor {
        let rows = codes.permute([0, 2, 3, 1]).flatten(0, 2).to_kind(expand.kind());
        let count = rows.size()[0] as f64;
        let code_mean = rows.mean_dim([0i64].as_slice(), false, None::<Kind>);
        // The codes are centred first, because E[zz'] - mean mean' would suffer from cancellation.
        let centred = rows - &code_mean;
        let covariance = centred.tr().matmul(&centred) / count;
        let matrix = expand.flatten(1, -1);
        let mean = matrix.mv(&code_mean);
        let variance =
            (matrix.matmul(&covariance) * &matrix).sum_dim_intlist([1i64].as_slice(), false, None::<Kind>);
        // Rounding may leave the variance slightly below zero.
        let variance = variance.clamp_min(0.0);
        {
            let _without_gradients = tch::no_grad_guard();
            let _ = self.running_mean.shallow_clone().lerp_(&mean, BATCH_NORM_MOMENTUM);
            let unbiased = &variance * (count / (count - 1.0));
            let _ = self.running_variance.shallow_clone().lerp_(&unbiased, BATCH_NORM_MOMENTUM);
        }
        self.folded(codes, expand, 0, &mean, &variance)
    }

    /// Computes a convolution with batch norm, by these statistics, folded into weights and bias.
    fn folded(&self, x: &Tensor, weight: &Tensor, padding: i64, mean: &Tensor, variance: &Tensor) -> Tensor {
        let scale = self.weight * (variance + BATCH_NORM_EPSILON).rsqrt();
        let bias = (self.bias - mean * &scale).to_kind(x.kind());
        let weight = (weight * scale.view([-1, 1, 1, 1])).to_kind(x.kind());
        x.conv2d(&weight, Some(&bias), 1, padding, 1, 1)
    }
}

/// Returns the kind of the weights' master copy, of batch norm and of the loss: float32, or float64 if
/// everything is float64.
pub(crate) fn master_kind(kind: Kind) -> Kind {
    if kind == Kind::Double { Kind::Double } else { Kind::Float }
}

/// Returns the same numbers in channels-last layout, which later operations keep.
pub fn channels_last(images: &Tensor) -> Tensor {
    images.permute([0, 2, 3, 1]).contiguous().permute([0, 3, 1, 2])
}

/// Copies an array to a device.
///
/// # Panics
/// The shapes differ.
pub(crate) fn tensor(name: &str, array: &ArrayD<f32>, shape: &[usize], device: Device) -> Tensor {
    assert_eq!(array.shape(), shape, "{name}");
    let shape: Vec<i64> = shape.iter().map(|&n| n as i64).collect();
    let values: Vec<f32> = array.iter().copied().collect();
    Tensor::from_slice(&values).reshape(shape).to_device(device)
}

/// Copies a tensor to the host.
pub(crate) fn array(tensor: &Tensor) -> ArrayD<f32> {
    let shape: Vec<usize> = tensor.size().iter().map(|&n| n as usize).collect();
    let flat = tensor.detach().to_device(Device::Cpu).to_kind(Kind::Float).contiguous().view(-1);
    let mut values = vec![0f32; flat.numel()];
    flat.copy_data(&mut values, flat.numel());
    ArrayD::from_shape_vec(shape, values).expect("as many values as the shape says")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares both ways of computing a block in float64: outputs, running statistics, and the gradients of
    /// a random function of the outputs with respect to codes, weights, scale and shift.
    #[test]
    fn batch_norm_through_the_bottleneck_is_batch_norm() {
        tch::manual_seed(1);
        for (rank, c_out) in [(1, 4), (3, 16), (7, 5)] {
            let random = |shape: &[i64]| Tensor::randn(shape, (Kind::Double, Device::Cpu));
            // The codes have a mean far from zero, with which an uncentred covariance would be inaccurate in
            // float32.
            let codes = random(&[6, rank, 5, 3]) * 2.0 + 3.0;
            let leaves = [codes, random(&[c_out, rank, 1, 1]), random(&[c_out]), random(&[c_out])]
                .map(|leaf| leaf.set_requires_grad(true));
            let probe = random(&[6, c_out, 5, 3]);
            let ends = [false, true].map(|through| {
                let [codes, expand, weight, bias] = &leaves;
                let zeros = Tensor::zeros([c_out], (Kind::Double, Device::Cpu));
                let norm =
                    Norm { weight, bias, running_mean: zeros.copy(), running_variance: zeros.ones_like() };
                let out = if through {
                    norm.through_bottleneck(codes, expand)
                } else {
                    norm.plain(&codes.conv2d(expand, None::<&Tensor>, 1, 0, 1, 1))
                };
                let gradients = Tensor::run_backward(
                    &[(out.relu() * &probe).sum(Kind::Double)],
                    &leaves.iter().collect::<Vec<_>>(),
                    false,
                    false,
                );
                let seen = [out.detach(), norm.running_mean, norm.running_variance];
                seen.into_iter().chain(gradients).collect::<Vec<_>>()
            });
            let [plain, through] = ends;
            assert_eq!(plain.len(), 7);
            for (at, (plain, through)) in plain.iter().zip(&through).enumerate() {
                let off = (plain - through).norm().double_value(&[]) / plain.norm().double_value(&[]);
                assert!(off < 1e-9, "rank {rank}, {at}: off by {off:.1e}");
            }
        }
    }
}
