//! Nesterov's update with decay: `g = gradient + decay * p; v = 0.9 v + g; p -= rate * (g + 0.9 v)`.
//!
//! As in Sutskever et al. (ICML 2013) in the form `PyTorch` uses. Owned here because libtorch's optimiser cannot
//! be saved and resumed through its Rust binding; it also keeps the decay's meaning exact.
//!
//! The `frobenius` arm adds the gradient of `lambda / 2 * |E C|^2` (Khodak et al., arXiv 2105.01029):
//! `lambda * E'E C` to `contract` (C) and `lambda * E CC'` to `expand` (E).

use super::flat::Flat;
use crate::data::state_dict::StateDict;
use network::WeightDecay;
use network::decay::is_factor;
use network::schedule::MOMENTUM;
use std::collections::BTreeMap;
use tch::{Device, Kind, Tensor};

/// Parameters that share a rate and a decay, and their momentum.
#[derive(Debug)]
pub struct Group {
    /// Whether they are the factors `contract` and `expand`.
    factors: bool,
    /// The parameters.
    pub parameters: Flat,
    /// Their momentum, in the same layout.
    pub velocity: Flat,
}

impl Group {
    /// The groups that these parameters make up; momentum that is missing starts at zero.
    #[must_use]
    pub fn all(
        shapes: Vec<(String, Vec<usize>)>,
        parameters: &StateDict,
        velocity: &StateDict,
        device: Device,
        kind: Kind,
    ) -> Vec<Self> {
        let (factors, rest): (Vec<_>, Vec<_>) = shapes.into_iter().partition(|(name, _)| is_factor(name));
        let group = |factors, shapes: Vec<_>| {
            let parameters = Flat::new(&shapes, parameters, device, kind);
            let _ = parameters.values.set_requires_grad(true);
            Self { factors, parameters, velocity: Flat::new(&shapes, velocity, device, kind) }
        };
        let groups = [(true, factors), (false, rest)].into_iter().filter(|(_, shapes)| !shapes.is_empty());
        groups.map(|(factors, shapes)| group(factors, shapes)).collect()
    }

    /// Updates the parameters by their gradient, which is used up. Call it without gradient tracking.
    /// `rates` are those of factors and of the rest.
    pub fn update(&mut self, mut gradient: Tensor, rates: &Tensor, decay: WeightDecay) {
        let (rate, strength) =
            if self.factors { (rates.get(0), decay.factors) } else { (rates.get(1), decay.rest) };
        if strength != 0.0 {
            gradient += &self.parameters.values * strength;
        }
        if self.factors && decay.product != 0.0 {
            add_product_penalty(&self.parameters, &gradient, decay.product);
        }
        let (parameters, velocity) = (&mut self.parameters.values, &mut self.velocity.values);
        let _ = velocity.g_mul_scalar_(MOMENTUM);
        *velocity += &gradient;
        gradient += &*velocity * MOMENTUM;
        *parameters -= gradient * rate;
    }
}

/// Adds the gradients of `strength / 2 * |expand . contract|^2`.
fn add_product_penalty(factors: &Flat, gradient: &Tensor, strength: f64) {
    let views: BTreeMap<&str, Tensor> = factors.views(&factors.values).collect();
    let mut gradients: BTreeMap<&str, Tensor> = factors.views(gradient).collect();
    for (name, contract) in &views {
        let Some(prefix) = name.strip_suffix("contract.weight") else { continue };
        let partner = format!("{prefix}expand.weight");
        let (c, e) = (contract.flatten(1, -1), views[partner.as_str()].flatten(1, -1));
        let mut add = |name: &str, penalty: Tensor| {
            let gradient = gradients.get_mut(name).expect("factors come in pairs");
            *gradient += penalty.view_as(gradient) * strength;
        };
        add(name, e.tr().matmul(&e).matmul(&c));
        add(&partner, e.matmul(&c.matmul(&c.tr())));
    }
}
