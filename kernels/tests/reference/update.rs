//! The optimiser: Nesterov's momentum, and weight decay of factors, products and the rest.

use super::Reference;
use super::layers::Tensor;
use network::schedule::{LearningRates, MOMENTUM};
use network::{Entry, Filter, Role, WeightDecay};

impl Reference {
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
            let [contract, expand] = [Role::Contract, Role::Expand].map(|role| block.name_of(role));
            let (c, e) = (&self.values[&contract], &self.values[&expand]);
            // Of strength / 2 |P|^2, P = E C: strength E'P and strength P C'.
            for o in 0..block.c_out {
                for i in 0..block.c_in {
                    let p: f64 = (0..rank).map(|r| e[o * rank + r] * c[r * block.c_in + i]).sum();
                    for r in 0..rank {
                        gradients.get_mut(&contract).unwrap()[r * block.c_in + i] +=
                            decay.product * e[o * rank + r] * p;
                        gradients.get_mut(&expand).unwrap()[o * rank + r] +=
                            decay.product * c[r * block.c_in + i] * p;
                    }
                }
            }
        }
        for Entry { name, role, .. } in self.architecture.parameters() {
            let gradient = &gradients[&name];
            let (rate, strength) =
                if role.is_factor() { (rates.factors, decay.factors) } else { (rates.rest, decay.rest) };
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
