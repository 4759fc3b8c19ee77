//! The network once more, in float64, one plain loop after the other: what the engine is held to.
//!
//! *Invariant:* nothing is fused, folded or skipped here; every tensor of the textbook exists.

#![allow(dead_code, reason = "each test uses a part")]
#![allow(clippy::needless_range_loop, reason = "the indices of the textbook")]

use ndarray::ArrayD;
use network::architecture::{BATCH_NORM_EPSILON, BATCH_NORM_MOMENTUM, LOGIT_SCALE};
use network::decay::is_factor;
use network::schedule::{LearningRates, MOMENTUM};
use network::{Architecture, Block, Filter, Place, WeightDecay};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;

pub type State = BTreeMap<String, ArrayD<f32>>;
pub type Values = BTreeMap<String, Vec<f64>>;

/// Images, channels, height (and width), and the numbers in this order.
#[derive(Clone)]
pub struct Tensor {
    pub n: usize,
    pub c: usize,
    pub side: usize,
    pub data: Vec<f64>,
}

impl Tensor {
    fn zeros(n: usize, c: usize, side: usize) -> Self {
        Self { n, c, side, data: vec![0.0; n * c * side * side] }
    }

    /// From `[n, side, side, c]`.
    pub fn from_nhwc(images: &[f32], n: usize, c: usize, side: usize) -> Self {
        let mut out = Self::zeros(n, c, side);
        for (at, &value) in images.iter().enumerate() {
            let (pixel, channel) = (at / c, at % c);
            let (image, pixel) = (pixel / (side * side), pixel % (side * side));
            out.data[(image * c + channel) * side * side + pixel] = f64::from(value);
        }
        out
    }

    fn plane(&self, image: usize, channel: usize) -> &[f64] {
        let size = self.side * self.side;
        &self.data[(image * self.c + channel) * size..][..size]
    }

    fn plane_mut(&mut self, image: usize, channel: usize) -> &mut [f64] {
        let size = self.side * self.side;
        &mut self.data[(image * self.c + channel) * size..][..size]
    }
}

/// Calls `visit(output pixel, input pixel)` for each pixel that tap `(ky, kx)` reaches.
fn taps(side: usize, ky: usize, kx: usize, mut visit: impl FnMut(usize, usize)) {
    for y in 0..side {
        for x in 0..side {
            let (iy, ix) = (y + ky, x + kx);
            if (1..=side).contains(&iy) && (1..=side).contains(&ix) {
                visit(y * side + x, (iy - 1) * side + ix - 1);
            }
        }
    }
}

/// 3x3 (padding 1) or 1x1 convolution; `depthwise` pairs channels, else all inputs meet all outputs.
fn convolve(x: &Tensor, weight: &[f64], c_out: usize, kernel: usize, depthwise: bool) -> Tensor {
    let mut out = Tensor::zeros(x.n, c_out, x.side);
    each_tap(x, c_out, kernel, depthwise, |image, o, i, w, ky, kx| {
        let (source, target) = (x.plane(image, i), out.plane_mut(image, o));
        taps(x.side, ky, kx, |to, from| target[to] += weight[w] * source[from]);
    });
    out
}

/// Gradients of the input and the weight.
fn convolve_back(
    x: &Tensor,
    weight: &[f64],
    g: &Tensor,
    kernel: usize,
    depthwise: bool,
) -> (Tensor, Vec<f64>) {
    let mut dx = Tensor::zeros(x.n, x.c, x.side);
    let mut dw = vec![0.0; weight.len()];
    each_tap(x, g.c, kernel, depthwise, |image, o, i, w, ky, kx| {
        let (source, gradient, target) = (x.plane(image, i), g.plane(image, o), dx.plane_mut(image, i));
        taps(x.side, ky, kx, |to, from| {
            dw[w] += gradient[to] * source[from];
            target[from] += gradient[to] * weight[w];
        });
    });
    (dx, dw)
}

fn each_tap(
    x: &Tensor,
    c_out: usize,
    kernel: usize,
    depthwise: bool,
    mut visit: impl FnMut(usize, usize, usize, usize, usize, usize),
) {
    let inputs = if depthwise { 1 } else { x.c };
    for image in 0..x.n {
        for o in 0..c_out {
            for i in 0..inputs {
                for k in 0..kernel * kernel {
                    let w = (o * inputs + i) * kernel * kernel + k;
                    let (ky, kx) = if kernel == 1 { (1, 1) } else { (k / 3, k % 3) };
                    visit(image, o, if depthwise { o } else { i }, w, ky, kx);
                }
            }
        }
    }
}

/// The first largest pixel of each window; the pooled tensor and where it came from.
fn pool(x: &Tensor, window: usize) -> (Tensor, Vec<usize>) {
    let side = x.side / window;
    let mut out = Tensor::zeros(x.n, x.c, side);
    let mut from = vec![0; out.data.len()];
    for at in 0..out.data.len() {
        let (plane, pixel) = (at / (side * side), at % (side * side));
        let mut best = None;
        for k in 0..window * window {
            let y = pixel / side * window + k / window;
            let source = plane * x.side * x.side + y * x.side + pixel % side * window + k % window;
            if best.is_none_or(|best: usize| x.data[source] > x.data[best]) {
                best = Some(source);
            }
        }
        from[at] = best.unwrap();
        out.data[at] = x.data[from[at]];
    }
    (out, from)
}

fn pool_back(shape: &Tensor, from: &[usize], g: &[f64]) -> Tensor {
    let mut dx = Tensor::zeros(shape.n, shape.c, shape.side);
    from.iter().zip(g).for_each(|(&from, g)| dx.data[from] += g);
    dx
}

/// What a block keeps for its way back.
struct Tape {
    inputs: Vec<Tensor>,
    normalised: Tensor,
    inverse_deviation: Vec<f64>,
    rectified: Tensor,
    from: Vec<usize>,
}

/// A network in float64.
#[derive(Clone)]
pub struct Reference {
    pub architecture: Architecture,
    pub values: Values,
    pub velocity: Values,
}

/// Shape of every tensor of a state without momentum.
pub fn shapes(architecture: &Architecture) -> Vec<(String, Vec<usize>)> {
    architecture.parameters().into_iter().chain(architecture.buffers()).collect()
}

/// Random parameters and statistics, batch norm's included.
pub fn random_state(architecture: &Architecture, seed: u64) -> State {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    let array = |(name, shape): (String, Vec<usize>)| {
        let fan_in: usize = shape[1..].iter().product();
        let bound = 1.0 / (fan_in as f32).sqrt();
        let values = (0..shape.iter().product()).map(|_| {
            let uniform: f32 = generator.random_range(-1.0..1.0);
            if name.ends_with("running_var") || name.ends_with("bn.weight") {
                1.0 + 0.4 * uniform
            } else if name.contains(".bn.") {
                0.3 * uniform
            } else {
                bound * uniform
            }
        });
        (name.clone(), ArrayD::from_shape_vec(shape, values.collect()).unwrap())
    };
    shapes(architecture).into_iter().map(array).collect()
}

/// Images `[n, 32, 32, 3]` and labels.
pub fn random_batch(n: usize, seed: u64) -> (Vec<f32>, Vec<u8>) {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    let images = (0..n * 32 * 32 * 3).map(|_| generator.random_range(-1.7..1.8)).collect();
    (images, (0..n).map(|_| generator.random_range(0..10)).collect())
}

impl Reference {
    pub fn new(architecture: Architecture, state: &State) -> Self {
        let list = |name: &str| state[name].iter().map(|&v| f64::from(v)).collect::<Vec<_>>();
        let values: Values =
            shapes(&architecture).into_iter().map(|(name, _)| (name.clone(), list(&name))).collect();
        let velocity = architecture.parameters().into_iter().map(|(name, shape)| {
            let zeros = vec![0.0; shape.iter().product()];
            let key = format!("velocity.{name}");
            (name, if state.contains_key(&key) { list(&key) } else { zeros })
        });
        let velocity = velocity.collect();
        Self { architecture, values, velocity }
    }

    pub fn state(&self) -> State {
        let single = |values: &[f64], shape: &[usize]| {
            ArrayD::from_shape_vec(shape.to_vec(), values.iter().map(|&v| v as f32).collect()).unwrap()
        };
        let mut state: State = shapes(&self.architecture)
            .into_iter()
            .map(|(name, shape)| (name.clone(), single(&self.values[&name], &shape)))
            .collect();
        for (name, shape) in self.architecture.parameters() {
            state.insert(format!("velocity.{name}"), single(&self.velocity[&name], &shape));
        }
        state
    }

    /// Parameters and running statistics.
    pub fn model(&self) -> BTreeMap<String, ArrayD<f64>> {
        let array = |(name, shape): (String, Vec<usize>)| {
            let array = ArrayD::from_shape_vec(shape, self.values[&name].clone()).unwrap();
            (name, array)
        };
        shapes(&self.architecture).into_iter().map(array).collect()
    }

    fn of(&self, block: &Block, part: &str) -> &[f64] {
        &self.values[&format!("{}.{part}", block.name)]
    }

    fn block(&mut self, block: &Block, x: &Tensor, training: bool) -> (Tensor, Tape) {
        let mut inputs = vec![x.clone()];
        let y = match block.filter {
            Filter::Dense => convolve(x, self.of(block, "conv.weight"), block.c_out, 3, false),
            Filter::LowRank { rank } => {
                let d = convolve(x, self.of(block, "conv.depthwise.weight"), block.c_in, 3, true);
                let z = convolve(&d, self.of(block, "conv.contract.weight"), rank, 1, false);
                let y = convolve(&z, self.of(block, "conv.expand.weight"), block.c_out, 1, false);
                inputs.extend([d, z]);
                y
            }
        };
        let count = (y.n * y.side * y.side) as f64;
        let mut normalised = y.clone();
        let mut rectified = y.clone();
        let mut inverse_deviation = Vec::new();
        for c in 0..y.c {
            let every = || (0..y.n).flat_map(|image| y.plane(image, c));
            let (mean, variance) = if training {
                let mean = every().sum::<f64>() / count;
                let variance = every().map(|v| (v - mean).powi(2)).sum::<f64>() / count;
                let mut mix = |part: &str, new: f64| {
                    let old = &mut self.values.get_mut(&format!("{}.bn.{part}", block.name)).unwrap()[c];
                    *old = (1.0 - BATCH_NORM_MOMENTUM) * *old + BATCH_NORM_MOMENTUM * new;
                };
                mix("running_mean", mean);
                mix("running_var", variance * count / (count - 1.0));
                (mean, variance)
            } else {
                (self.of(block, "bn.running_mean")[c], self.of(block, "bn.running_var")[c])
            };
            let inverse = 1.0 / (variance + BATCH_NORM_EPSILON).sqrt();
            let (gamma, beta) = (self.of(block, "bn.weight")[c], self.of(block, "bn.bias")[c]);
            for image in 0..y.n {
                for (at, &value) in y.plane(image, c).iter().enumerate() {
                    let value = (value - mean) * inverse;
                    normalised.plane_mut(image, c)[at] = value;
                    rectified.plane_mut(image, c)[at] = (gamma * value + beta).max(0.0);
                }
            }
            inverse_deviation.push(inverse);
        }
        let (out, from) = match block.place {
            Place::Pooled => pool(&rectified, 2),
            _ => (rectified.clone(), Vec::new()),
        };
        (out, Tape { inputs, normalised, inverse_deviation, rectified, from })
    }

    /// Gradient of the input; those of the parameters go to `gradients`.
    fn block_back(&self, block: &Block, tape: &Tape, g: &Tensor, gradients: &mut Values) -> Tensor {
        let mut g = match block.place {
            Place::Pooled => pool_back(&tape.rectified, &tape.from, &g.data),
            _ => g.clone(),
        };
        g.data.iter_mut().zip(&tape.rectified.data).for_each(|(g, &out)| {
            if out <= 0.0 {
                *g = 0.0;
            }
        });
        let count = (g.n * g.side * g.side) as f64;
        let (mut d_gamma, mut d_beta) = (Vec::new(), Vec::new());
        for c in 0..g.c {
            let pairs = || (0..g.n).flat_map(|i| g.plane(i, c).iter().zip(tape.normalised.plane(i, c)));
            let sum: f64 = pairs().map(|(g, _)| g).sum();
            let product: f64 = pairs().map(|(g, y)| g * y).sum();
            let scale = self.of(block, "bn.weight")[c] * tape.inverse_deviation[c];
            for image in 0..g.n {
                for (g, y) in g.plane_mut(image, c).iter_mut().zip(tape.normalised.plane(image, c)) {
                    *g = scale * (*g - sum / count - y * product / count);
                }
            }
            d_gamma.push(product);
            d_beta.push(sum);
        }
        let mut put = |part: &str, values| gradients.insert(format!("{}.{part}", block.name), values);
        put("bn.weight", d_gamma);
        put("bn.bias", d_beta);
        let steps: &[(&str, usize, bool)] = match block.filter {
            Filter::Dense => &[("conv.weight", 3, false)],
            Filter::LowRank { .. } => &[
                ("conv.depthwise.weight", 3, true),
                ("conv.contract.weight", 1, false),
                ("conv.expand.weight", 1, false),
            ],
        };
        for (&(part, kernel, depthwise), input) in steps.iter().zip(&tape.inputs).rev() {
            let (dx, dw) = convolve_back(input, self.of(block, part), &g, kernel, depthwise);
            put(part, dw);
            g = dx;
        }
        g
    }

    fn pass(&mut self, images: &Tensor, training: bool) -> (Vec<[f64; 10]>, Tensor, Vec<Tape>, Vec<usize>) {
        let (mut x, mut kept, mut tapes) = (images.clone(), Vec::new(), Vec::new());
        for block in self.architecture.blocks() {
            if block.place == Place::ResidualFirst {
                kept.push(x.clone());
            }
            let (mut out, tape) = self.block(&block, &x, training);
            if block.place == Place::ResidualSecond {
                out.data.iter_mut().zip(&kept.pop().unwrap().data).for_each(|(out, kept)| *out += kept);
            }
            tapes.push(tape);
            x = out;
        }
        let (features, from) = pool(&x, 4);
        let weight = &self.values["linear.weight"];
        let logits = features.data.chunks(features.c).map(|f| {
            std::array::from_fn(|class| {
                let row = &weight[class * f.len()..(class + 1) * f.len()];
                LOGIT_SCALE * row.iter().zip(f).map(|(w, f)| w * f).sum::<f64>()
            })
        });
        let logits = logits.collect();
        (logits, x, tapes, from)
    }

    pub fn logits(&mut self, images: &Tensor) -> Vec<[f64; 10]> {
        self.pass(images, false).0
    }

    /// Mean loss, images that are right, and the gradients of all parameters; moves the running statistics.
    pub fn gradients(&mut self, images: &Tensor, labels: &[u8]) -> (f64, usize, Values) {
        let (logits, last, tapes, from) = self.pass(images, true);
        let features: Vec<f64> = from.iter().map(|&at| last.data[at]).collect();
        let (c, n) = (last.c, labels.len() as f64);
        let mut gradients = Values::new();
        let (mut loss, mut correct) = (0.0, 0);
        let mut d_weight = vec![0.0; 10 * c];
        let mut d_features = vec![0.0; features.len()];
        for (image, (logits, &label)) in logits.iter().zip(labels).enumerate() {
            let sum: f64 = logits.iter().map(|l| l.exp()).sum();
            loss += (sum.ln() - logits[label as usize]) / n;
            correct += usize::from(logits.iter().all(|&l| l <= logits[label as usize]));
            for class in 0..10 {
                let hit = f64::from(u8::from(class == label as usize));
                let g = (logits[class].exp() / sum - hit) / n * LOGIT_SCALE;
                for at in 0..c {
                    d_weight[class * c + at] += g * features[image * c + at];
                    d_features[image * c + at] += g * self.values["linear.weight"][class * c + at];
                }
            }
        }
        gradients.insert("linear.weight".to_owned(), d_weight);
        let mut g = pool_back(&last, &from, &d_features);
        let mut kept = Vec::new();
        for (block, tape) in self.architecture.blocks().iter().zip(&tapes).rev() {
            if block.place == Place::ResidualSecond {
                kept.push(g.clone());
            }
            g = self.block_back(block, tape, &g, &mut gradients);
            if block.place == Place::ResidualFirst {
                g.data.iter_mut().zip(&kept.pop().unwrap().data).for_each(|(g, kept)| *g += kept);
            }
        }
        (loss, correct, gradients)
    }

    /// One update; mean loss and images that are right.
    pub fn step(
        &mut self,
        images: &Tensor,
        labels: &[u8],
        rates: LearningRates,
        decay: WeightDecay,
    ) -> (f64, usize) {
        let (loss, correct, mut gradients) = self.gradients(images, labels);
        for block in self.architecture.blocks() {
            let Filter::LowRank { rank } = block.filter else { continue };
            let name = |part: &str| format!("{}.conv.{part}.weight", block.name);
            let (c, e) = (&self.values[&name("contract")], &self.values[&name("expand")]);
            // Of strength / 2 |P|^2, P = E C: strength E'P and strength P C'.
            for o in 0..block.c_out {
                for i in 0..block.c_in {
                    let p: f64 = (0..rank).map(|r| e[o * rank + r] * c[r * block.c_in + i]).sum();
                    for r in 0..rank {
                        gradients.get_mut(&name("contract")).unwrap()[r * block.c_in + i] +=
                            decay.product * e[o * rank + r] * p;
                        gradients.get_mut(&name("expand")).unwrap()[o * rank + r] +=
                            decay.product * c[r * block.c_in + i] * p;
                    }
                }
            }
        }
        for (name, gradient) in gradients {
            let (rate, strength) =
                if is_factor(&name) { (rates.factors, decay.factors) } else { (rates.rest, decay.rest) };
            let value = self.values.get_mut(&name).unwrap();
            let velocity = self.velocity.get_mut(&name).unwrap();
            for ((value, velocity), gradient) in value.iter_mut().zip(velocity).zip(gradient) {
                let g = gradient + strength * *value;
                *velocity = MOMENTUM * *velocity + g;
                *value -= rate * (g + MOMENTUM * *velocity);
            }
        }
        (loss, correct)
    }
}
