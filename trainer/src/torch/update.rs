//! Nesterov's update with decay: `g = gradient + decay * p; v = 0.9 v + g; p -= rate * (g + 0.9 v)`.
//!
//! As in Sutskever et al. (ICML 2013) in the form `PyTorch` uses. Owned here because libtorch's optimiser cannot
//! be saved and resumed through its Rust binding; it also keeps the decay's meaning exact.
//!
//! The `frobenius` arm adds the gradient of `lambda / 2 * |E C|^2` (Khodak et al., arXiv 2105.01029):
//! `lambda * E'E C` to `contract` (C) and `lambda * E CC'` to `expand` (E).

use super::resnet::{array, master_kind, tensor};
use crate::arrays::Arrays;
use ndarray::ArrayD;
use network::decay::is_factor;
use network::schedule::{LearningRates, MOMENTUM};
use network::{Architecture, WeightDecay};
use std::collections::BTreeMap;
use tch::{Device, Kind, Tensor};

/// The momentum of every parameter.
#[derive(Debug)]
pub struct Nesterov {
    velocity: BTreeMap<String, Tensor>,
}

impl Nesterov {
    /// Takes up the momentum in `velocity`, for a network that computes in `kind`; what is missing there starts at zero.
    #[must_use]
    pub fn new(architecture: &Architecture, velocity: &Arrays, device: Device, kind: Kind) -> Self {
        let velocity = architecture
            .parameters()
            .into_iter()
            .map(|(name, shape)| {
                let zeros = || ArrayD::zeros(shape.clone());
                let start = velocity.get(&name).cloned().unwrap_or_else(zeros);
                let start = tensor(&name, &start, &shape, device).to_kind(master_kind(kind));
                (name, start)
            })
            .collect();
        Self { velocity }
    }

    /// Updates the parameters by their gradients, which are in the same order. Call it without gradient tracking.
    pub fn update(
        &mut self,
        parameters: &mut [(String, Tensor)],
        gradients: &[Tensor],
        rates: LearningRates,
        decay: WeightDecay,
    ) {
        let penalties = product_penalties(parameters, decay.product);
        for ((name, parameter), gradient) in parameters.iter_mut().zip(gradients) {
            let (rate, strength) =
                if is_factor(name) { (rates.factors, decay.factors) } else { (rates.rest, decay.rest) };
            let mut g = gradient + &*parameter * strength;
            if let Some(penalty) = penalties.get(name) {
                g += penalty;
            }
            let velocity = self.velocity.get_mut(name).expect("every parameter has a velocity");
            let _ = velocity.g_mul_scalar_(MOMENTUM);
            *velocity += &g;
            *parameter -= (g + &*velocity * MOMENTUM) * rate;
        }
    }

    /// A copy of the momentum.
    #[must_use]
    pub fn arrays(&self) -> Arrays {
        self.velocity.iter().map(|(name, tensor)| (name.clone(), array(tensor))).collect()
    }
}

/// Gradients of `strength / 2 * |expand . contract|^2` by parameter; empty for strength zero.
fn product_penalties(parameters: &[(String, Tensor)], strength: f64) -> BTreeMap<String, Tensor> {
    let mut penalties = BTreeMap::new();
    if strength == 0.0 {
        return penalties;
    }
    for (name, contract) in parameters {
        let Some(prefix) = name.strip_suffix("contract.weight") else { continue };
        let partner = format!("{prefix}expand.weight");
        let (_, expand) =
            parameters.iter().find(|(name, _)| *name == partner).expect("factors come in pairs");
        let (c, e) = (contract.flatten(1, -1), expand.flatten(1, -1));
        let for_contract = e.tr().matmul(&e).matmul(&c).view_as(contract) * strength;
        let for_expand = e.matmul(&c.matmul(&c.tr())).view_as(expand) * strength;
        penalties.insert(name.clone(), for_contract);
        penalties.insert(partner, for_expand);
    }
    penalties
}
