//! The network once more, in float64, one plain loop after the other: what the engine is held to.
//!
//! *Invariant:* nothing is fused, folded or skipped here; every tensor of the textbook exists.

#![allow(dead_code, reason = "each test uses a part")]
#![allow(clippy::needless_range_loop, reason = "the indices of the textbook")]

mod block;
pub mod layers;
mod passes;
pub mod random;
mod update;

use ndarray::ArrayD;
use network::{Architecture, Entry};
use std::collections::BTreeMap;

pub type State = BTreeMap<String, ArrayD<f32>>;
pub type Values = BTreeMap<String, Vec<f64>>;

/// A network in float64.
#[derive(Clone)]
pub struct Reference {
    pub architecture: Architecture,
    pub values: Values,
    pub velocity: Values,
}

/// Every tensor of a state without momentum.
pub fn entries(architecture: &Architecture) -> Vec<Entry> {
    architecture.parameters().into_iter().chain(architecture.buffers()).collect()
}

impl Reference {
    pub fn new(architecture: Architecture, state: &State) -> Self {
        let list = |name: &str| state[name].iter().map(|&v| f64::from(v)).collect::<Vec<_>>();
        let values: Values =
            entries(&architecture).into_iter().map(|of| (of.name.clone(), list(&of.name))).collect();
        let velocity = architecture.parameters().into_iter().map(|of| {
            let zeros = vec![0.0; of.len()];
            let key = format!("velocity.{}", of.name);
            (of.name, if state.contains_key(&key) { list(&key) } else { zeros })
        });
        let velocity = velocity.collect();
        Self { architecture, values, velocity }
    }

    pub fn state(&self) -> State {
        let single = |values: &[f64], shape: &[usize]| {
            ArrayD::from_shape_vec(shape.to_vec(), values.iter().map(|&v| v as f32).collect()).unwrap()
        };
        let mut state: State = entries(&self.architecture)
            .into_iter()
            .map(|of| (of.name.clone(), single(&self.values[&of.name], &of.shape)))
            .collect();
        for Entry { name, shape, .. } in self.architecture.parameters() {
            state.insert(format!("velocity.{name}"), single(&self.velocity[&name], &shape));
        }
        state
    }

    /// Parameters and running statistics.
    pub fn model(&self) -> BTreeMap<String, ArrayD<f64>> {
        entries(&self.architecture)
            .into_iter()
            .map(|Entry { name, shape, .. }| {
                (name.clone(), ArrayD::from_shape_vec(shape, self.values[&name].clone()).unwrap())
            })
            .collect()
    }
}
