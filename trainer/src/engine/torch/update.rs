//! The Nesterov update with weight decay: `g = gradient + decay * p; v = 0.9 v + g; p -= rate * (g + 0.9 v)`.
//!
//! It follows Sutskever et al. (ICML 2013) in the form that `PyTorch` uses. It is implemented here because
//! libtorch's optimiser cannot be saved and resumed through its Rust binding; this also makes the meaning of
//! the decay exact.
//!
//! The `frobenius` arm adds the gradient of `lambda / 2 * |E C|^2` (Khodak et al., arXiv 2105.01029):
//! `lambda * E'E C` to `contract` (C) and `lambda * E CC'` to `expand` (E).

use super::flat::Flat;
use crate::data::state_dict::StateDict;
use network::schedule::MOMENTUM;
use network::{Architecture, Block, Entry, Filter, Role, WeightDecay};
use std::collections::BTreeMap;
use tch::{Device, Kind, Tensor};

/// Parameters that share a learning rate and a decay, and their momentum.
#[derive(Debug)]
pub struct Group {
    /// Whether the parameters are the factors `contract` and `expand`.
    factors: bool,
    /// The names of each pair of factors among the parameters.
    pairs: Vec<[String; 2]>,
    /// The parameters.
    pub parameters: Flat,
    /// The momentum of the parameters, in the same layout.
    pub velocity: Flat,
}

impl Group {
    /// Groups the parameters of a network; missing momentum starts at zero.
    #[must_use]
    pub fn all(
        architecture: &Architecture,
        parameters: &StateDict,
        velocity: &StateDict,
        device: Device,
        kind: Kind,
    ) -> Vec<Self> {
        let (factors, rest): (Vec<_>, Vec<_>) =
            architecture.parameters().into_iter().partition(|of| of.role.is_factor());
        let low_rank = architecture.blocks().into_iter().filter(|block| block.filter != Filter::Dense);
        let pair = |block: Block| [Role::Contract, Role::Expand].map(|role| block.name_of(role));
        let pairs: Vec<_> = low_rank.map(pair).collect();
        let group = |factors, pairs, entries: &[Entry]| {
            let parameters = Flat::new(entries, parameters, device, kind);
            let _ = parameters.values.set_requires_grad(true);
            Self { factors, pairs, parameters, velocity: Flat::new(entries, velocity, device, kind) }
        };
        let groups = [(true, pairs, factors), (false, Vec::new(), rest)];
        let groups = groups.into_iter().filter(|(_, _, entries)| !entries.is_empty());
        groups.map(|(factors, pairs, entries)| group(factors, pairs, &entries)).collect()
    }

    /// Updates the parameters by their gradient, which is consumed. Must be called without gradient tracking.
    /// `rates` are the learning rates of the factors and of the rest.
    pub fn update(&mut self, mut gradient: Tensor, rates: &Tensor, decay: WeightDecay) {
        let (rate, strength) =
            if self.factors { (rates.get(0), decay.factors) } else { (rates.get(1), decay.rest) };
        if strength != 0.0 {
            gradient += &self.parameters.values * strength;
        }
        if decay.product != 0.0 {
            self.add_product_penalty(&gradient, decay.product);
        }
        let (parameters, velocity) = (&mut self.parameters.values, &mut self.velocity.values);
        let _ = velocity.g_mul_scalar_(MOMENTUM);
        *velocity += &gradient;
        gradient += &*velocity * MOMENTUM;
        *parameters -= gradient * rate;
    }

    /// Adds the gradients of `strength / 2 * |expand . contract|^2`.
    fn add_product_penalty(&self, gradient: &Tensor, strength: f64) {
        let views: BTreeMap<&str, Tensor> = self.parameters.views(&self.parameters.values).collect();
        let mut gradients: BTreeMap<&str, Tensor> = self.parameters.views(gradient).collect();
        for pair in &self.pairs {
            let [c, e] = pair.each_ref().map(|name| views[name.as_str()].flatten(1, -1));
            let penalties = [e.tr().matmul(&e).matmul(&c), e.matmul(&c.matmul(&c.tr()))];
            for (name, penalty) in pair.iter().zip(penalties) {
                let gradient = gradients.get_mut(name.as_str()).expect("factors come in pairs");
                *gradient += penalty.view_as(gradient) * strength;
            }
        }
    }
}
