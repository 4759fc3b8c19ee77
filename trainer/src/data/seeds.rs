//! Random number generators: one seed per run, and one stream per purpose and epoch.
//!
//! `ChaCha` with 8 rounds is keyed by the run's seed; purpose and epoch choose the stream. So an epoch's
//! draws do not depend on earlier draws, and a resumed run needs no generator state.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// The purpose of random numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Initial weights.
    Initialise = 1,
    /// Shuffling the images of an epoch.
    Shuffle = 2,
    /// Crops, flips and cutouts of an epoch.
    Augment = 3,
}

/// Returns the generator for a purpose in an epoch; epochs are counted from 1, and 0 is before the first.
#[must_use]
pub fn generator(seed: u64, purpose: Purpose, epoch: usize) -> ChaCha8Rng {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(((purpose as u64) << 32) | epoch as u64);
    generator
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn seeds_purposes_and_epochs_have_streams_of_their_own() {
        let first = |seed, purpose, epoch| generator(seed, purpose, epoch).next_u64();
        let all = [
            first(0, Purpose::Shuffle, 1),
            first(1, Purpose::Shuffle, 1),
            first(0, Purpose::Augment, 1),
            first(0, Purpose::Shuffle, 2),
        ];
        assert!((0..4).all(|i| (0..i).all(|j| all[i] != all[j])));
        assert_eq!(all[0], first(0, Purpose::Shuffle, 1));
    }
}
