//! The whole network, forward and backward.

use super::block::Tape;
use super::layers::{Tensor, pool, pool_back};
use super::{Reference, Values};
use network::Place;
use network::architecture::LOGIT_SCALE;

impl Reference {
    fn pass(&mut self, images: &Tensor, training: bool) -> (Vec<Vec<f64>>, Tensor, Vec<Tape>, Vec<usize>) {
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
            let rows = weight.chunks(f.len());
            rows.map(|row| LOGIT_SCALE * row.iter().zip(f).map(|(w, f)| w * f).sum::<f64>()).collect()
        });
        let logits = logits.collect();
        (logits, x, tapes, from)
    }

    pub fn logits(&mut self, images: &Tensor) -> Vec<Vec<f64>> {
        self.pass(images, false).0
    }

    /// Mean loss, images that are right, and the gradients of all parameters; moves the running statistics.
    pub fn gradients(&mut self, images: &Tensor, labels: &[u8]) -> (f64, usize, Values) {
        let (logits, last, tapes, from) = self.pass(images, true);
        let features: Vec<f64> = from.iter().map(|&at| last.data[at]).collect();
        let (c, n) = (last.c, labels.len() as f64);
        let mut gradients = Values::new();
        let (mut loss, mut correct) = (0.0, 0);
        let mut d_weight = vec![0.0; self.values["linear.weight"].len()];
        let mut d_features = vec![0.0; features.len()];
        for (image, (logits, &label)) in logits.iter().zip(labels).enumerate() {
            let sum: f64 = logits.iter().map(|l| l.exp()).sum();
            loss += (sum.ln() - logits[label as usize]) / n;
            correct += usize::from(logits.iter().all(|&l| l <= logits[label as usize]));
            for class in 0..logits.len() {
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
}
