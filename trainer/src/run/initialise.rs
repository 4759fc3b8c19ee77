//! The initial weights: `U(-1/sqrt(fan_in), 1/sqrt(fan_in))` for convolutions and the linear layer, one for
//! the scale of batch norm, zero for its shift; running mean zero, running variance one.
//!
//! The bound is `PyTorch`'s default (He et al., arXiv 1502.01852, with a = sqrt 5).
//!
//! *Invariant:* weights are drawn on the host in the order of [`Architecture::parameters`], so that a seed
//! gives the same initial weights on every device.

use crate::data::seeds::{Purpose, generator};
use crate::data::state_dict::StateDict;
use ndarray::{ArrayD, IxDyn};
use network::{Architecture, Entry, Role};
use rand::RngExt;

/// Returns parameters and running statistics before the first update.
#[must_use]
pub fn initialise(architecture: &Architecture, seed: u64) -> StateDict {
    let mut generator = generator(seed, Purpose::Initialise, 0);
    let mut arrays = StateDict::new();
    for Entry { name, shape, role } in architecture.parameters().into_iter().chain(architecture.buffers()) {
        let array = match role {
            Role::Scale | Role::Variance => ArrayD::ones(IxDyn(&shape)),
            Role::Shift | Role::Mean => ArrayD::zeros(IxDyn(&shape)),
            Role::Dense | Role::Depthwise | Role::Contract | Role::Expand | Role::Classifier => {
                let fan_in: usize = shape[1..].iter().product();
                let bound = 1.0 / (fan_in as f32).sqrt();
                ArrayD::from_shape_simple_fn(IxDyn(&shape), || generator.random_range(-bound..=bound))
            }
        };
        arrays.insert(name, array);
    }
    arrays
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tensor_has_its_bound_and_fills_it() {
        let architecture = Architecture::new(4, network::FULL_CHANNELS, 10).unwrap();
        let arrays = initialise(&architecture, 0);
        assert_eq!(arrays.len(), architecture.parameters().len() + architecture.buffers().len());
        for (name, bound) in [
            ("prep.conv.weight", 1.0 / 27f32.sqrt()),
            ("layer1.conv.depthwise.weight", 1.0 / 3.0),
            ("layer3.conv.contract.weight", 1.0 / 16.0),
            ("layer3.conv.expand.weight", 1.0 / 128f32.sqrt()),
            ("linear.weight", 1.0 / 512f32.sqrt()),
        ] {
            let largest = arrays[name].iter().fold(0f32, |largest, w| largest.max(w.abs()));
            assert!(largest <= bound && largest > 0.95 * bound, "{name}: {largest} against {bound}");
        }
        assert!(arrays["layer1.bn.weight"].iter().all(|&g| g == 1.0));
        assert!(arrays["layer1.bn.running_mean"].iter().all(|&m| m == 0.0));
    }

    #[test]
    fn seeds_differ() {
        let architecture = Architecture::new(4, [4, 4, 4, 4], 10).unwrap();
        assert_eq!(initialise(&architecture, 1), initialise(&architecture, 1));
        assert_ne!(initialise(&architecture, 1), initialise(&architecture, 2));
    }
}
