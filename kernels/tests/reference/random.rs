//! Random starts and batches.

use super::{State, entries};
use ndarray::ArrayD;
use network::{Architecture, Entry, Role};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Random parameters and statistics, batch norm's included.
pub fn random_state(architecture: &Architecture, seed: u64) -> State {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    let array = |Entry { name, shape, role }| {
        let fan_in: usize = shape[1..].iter().product();
        let bound = 1.0 / (fan_in as f32).sqrt();
        let values = (0..shape.iter().product()).map(|_| {
            let uniform: f32 = generator.random_range(-1.0..1.0);
            match role {
                Role::Scale | Role::Variance => 1.0 + 0.4 * uniform,
                Role::Shift | Role::Mean => 0.3 * uniform,
                _ => bound * uniform,
            }
        });
        (name, ArrayD::from_shape_vec(shape, values.collect()).unwrap())
    };
    entries(architecture).into_iter().map(array).collect()
}

/// Images `[n, 32, 32, 3]` and labels, of ten classes.
pub fn random_batch(n: usize, seed: u64) -> (Vec<f32>, Vec<u8>) {
    random_batch_of(10, n, seed)
}

/// Images `[n, 32, 32, 3]` and labels, of so many classes.
pub fn random_batch_of(classes: usize, n: usize, seed: u64) -> (Vec<f32>, Vec<u8>) {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    let images = (0..n * 32 * 32 * 3).map(|_| generator.random_range(-1.7..1.8)).collect();
    (images, (0..n).map(|_| generator.random_range(0..=(classes - 1) as u8)).collect())
}
