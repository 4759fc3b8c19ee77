//! Named parameters, momentum and running statistics, and Nesterov's update.
//!
//! `g = gradient + decay * p; v = 0.9 v + g; p -= rate * (g + 0.9 v)`, after Sutskever et al. (ICML 2013) in
//! the form `PyTorch` uses. A penalty on the product of two factors adds `lambda E'E C` to `contract` (C) and
//! `lambda E CC'` to `expand` (E), the gradient of `lambda / 2 |E C|^2` (Khodak et al., arXiv 2105.01029).
//!
//! *Invariant:* names, order and shapes are those of [`Architecture::parameters`] and
//! [`Architecture::buffers`].

use crate::error::EngineError;
use ndarray::{Array2, ArrayD, ArrayView2};
use network::schedule::{LearningRates, MOMENTUM};
use network::{Architecture, Block, Entry, Role, WeightDecay};
use std::collections::BTreeMap;

/// A trainable tensor.
#[derive(Debug)]
pub(crate) struct Parameter {
    of: Entry,
    pub(crate) value: Vec<f32>,
    velocity: Vec<f32>,
    /// The gradient of the mean loss.
    pub(crate) gradient: Vec<f64>,
}

/// A running statistic.
#[derive(Debug)]
pub(crate) struct Statistic {
    name: String,
    pub(crate) value: Vec<f32>,
}

/// All that training changes.
#[derive(Debug)]
pub(crate) struct Parameters {
    pub(crate) trainable: Vec<Parameter>,
    pub(crate) statistics: Vec<Statistic>,
    /// The places of `contract` and `expand`, for each block that has them.
    factors: Vec<[usize; 2]>,
    /// The place of the last layer's weight.
    pub(crate) classifier: usize,
}

impl Parameters {
    pub(crate) fn new(
        architecture: &Architecture,
        state: &BTreeMap<String, ArrayD<f32>>,
    ) -> Result<Self, EngineError> {
        let take = |name: &str, shape: &[usize]| -> Result<Option<Vec<f32>>, EngineError> {
            let Some(array) = state.get(name) else { return Ok(None) };
            if array.shape() != shape {
                return Err(EngineError::Shape {
                    name: name.to_owned(),
                    expected: shape.to_vec(),
                    found: array.shape().to_vec(),
                });
            }
            Ok(Some(array.iter().copied().collect()))
        };
        let need =
            |of: &Entry| take(&of.name, &of.shape)?.ok_or_else(|| EngineError::Missing(of.name.clone()));
        let mut trainable = Vec::new();
        for of in architecture.parameters() {
            let value = need(&of)?;
            let velocity = take(&of.velocity_name(), &of.shape)?;
            let velocity = velocity.unwrap_or_else(|| vec![0.0; value.len()]);
            let gradient = vec![0.0; value.len()];
            trainable.push(Parameter { of, value, velocity, gradient });
        }
        let mut statistics = Vec::new();
        for of in architecture.buffers() {
            let value = need(&of)?;
            statistics.push(Statistic { name: of.name, value });
        }
        let classifier = trainable.iter().position(|parameter| parameter.of.role == Role::Classifier);
        let classifier = classifier.expect("a network has one");
        let parameters = Self { trainable, statistics, factors: Vec::new(), classifier };
        let pair = |block: &Block| {
            Some([parameters.at(block, Role::Contract)?, parameters.at(block, Role::Expand)?])
        };
        let factors = architecture.blocks().iter().filter_map(pair).collect();
        Ok(Self { factors, ..parameters })
    }

    /// Returns the place of a block's parameter of a role; none where it has none.
    pub(crate) fn at(&self, block: &Block, role: Role) -> Option<usize> {
        let name = block.name_of(role);
        self.trainable.iter().position(|parameter| parameter.of.name == name)
    }

    /// Returns the place of a block's running mean or variance.
    pub(crate) fn statistic_at(&self, block: &Block, role: Role) -> Option<usize> {
        let name = block.name_of(role);
        self.statistics.iter().position(|statistic| statistic.name == name)
    }

    pub(crate) fn model(&self) -> BTreeMap<String, ArrayD<f32>> {
        let parameters = self.trainable.iter().map(|p| (p.of.name.clone(), array(&p.of.shape, &p.value)));
        let statistics = self.statistics.iter().map(|s| (s.name.clone(), array(&[s.value.len()], &s.value)));
        parameters.chain(statistics).collect()
    }

    pub(crate) fn velocity(&self) -> BTreeMap<String, ArrayD<f32>> {
        let velocity = |p: &Parameter| (p.of.velocity_name(), array(&p.of.shape, &p.velocity));
        self.trainable.iter().map(velocity).collect()
    }

    /// Makes one update by the gradients that the parameters hold.
    pub(crate) fn update(&mut self, rates: LearningRates, decay: WeightDecay) {
        if decay.product != 0.0 {
            self.penalise_products(decay.product);
        }
        for parameter in &mut self.trainable {
            let (rate, strength) = if parameter.of.role.is_factor() {
                (rates.factors, decay.factors)
            } else {
                (rates.rest, decay.rest)
            };
            let velocities = parameter.velocity.iter_mut().zip(&parameter.gradient);
            for (value, (velocity, gradient)) in parameter.value.iter_mut().zip(velocities) {
                let p = f64::from(*value);
                let g = gradient + strength * p;
                let v = MOMENTUM * f64::from(*velocity) + g;
                *velocity = v as f32;
                *value = (p - rate * (g + MOMENTUM * v)) as f32;
            }
        }
    }

    /// Adds the gradient of `strength / 2 |expand . contract|^2`.
    fn penalise_products(&mut self, strength: f64) {
        for &factors in &self.factors {
            let [contract, expand] =
                self.trainable.get_disjoint_mut(factors).expect("they are two of the parameters");
            let (c, e) = (contract.matrix(), expand.matrix());
            add(&mut contract.gradient, &(e.t().dot(&e).dot(&c) * strength));
            add(&mut expand.gradient, &(e.dot(&c.dot(&c.t())) * strength));
        }
    }
}

impl Parameter {
    /// Returns the value as a float64 matrix with a row for each output.
    fn matrix(&self) -> Array2<f64> {
        let rows = self.of.shape[0];
        let columns = self.value.len() / rows;
        let view = ArrayView2::from_shape((rows, columns), &self.value).expect("the shape was checked");
        view.mapv(f64::from)
    }
}

fn add(gradient: &mut [f64], penalty: &Array2<f64>) {
    gradient.iter_mut().zip(penalty).for_each(|(gradient, penalty)| *gradient += penalty);
}

fn array(shape: &[usize], values: &[f32]) -> ArrayD<f32> {
    ArrayD::from_shape_vec(shape.to_vec(), values.to_vec()).expect("as many values as the shape says")
}
