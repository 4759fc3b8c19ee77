//! Mean and standard deviation of each colour plane, by which a data set can be told from another.
//!
//! *Invariant:* they are computed from exact integer sums, so the order of images cannot change the last bit.

use super::PLANE_BYTES;
use network::architecture::IMAGE_CHANNELS;
use serde::{Deserialize, Serialize};

/// Moments of red, green and blue over all pixels of all images, with pixels from 0 (black) to 1 (full
/// intensity).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moments {
    /// The means.
    pub mean: [f64; IMAGE_CHANNELS],
    /// The population standard deviations (divided by the count).
    pub std: [f64; IMAGE_CHANNELS],
}

impl Moments {
    /// Computes the moments of images `[N, 3, 32, 32]`.
    pub(super) fn of(images: &[u8]) -> Self {
        let (mut sums, mut squares) = ([0_u64; IMAGE_CHANNELS], [0_u64; IMAGE_CHANNELS]);
        for (i, plane) in images.chunks_exact(PLANE_BYTES).enumerate() {
            // The sums of a plane fit into 32 bits, which the compiler vectorises well.
            sums[i % IMAGE_CHANNELS] += u64::from(plane.iter().map(|&v| u32::from(v)).sum::<u32>());
            squares[i % IMAGE_CHANNELS] +=
                u64::from(plane.iter().map(|&v| u32::from(v) * u32::from(v)).sum::<u32>());
        }
        let count = (images.len() / IMAGE_CHANNELS) as f64;
        let mean = sums.map(|sum| sum as f64 / count / 255.0);
        let std = std::array::from_fn(|c| {
            let mean_square = squares[c] as f64 / count / (255.0 * 255.0);
            (mean_square - mean[c] * mean[c]).max(0.0).sqrt()
        });
        Self { mean, std }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_plane_has_its_own_moments() {
        let halves = [vec![0; PLANE_BYTES / 2], vec![255; PLANE_BYTES / 2]].concat();
        let image = [vec![255; PLANE_BYTES], halves, vec![51; PLANE_BYTES]].concat();
        let moments = Moments::of(&image.repeat(3));
        assert!((moments.mean[0] - 1.0).abs() < 1e-12 && moments.std[0] < 1e-7);
        assert!((moments.mean[1] - 0.5).abs() < 1e-12 && (moments.std[1] - 0.5).abs() < 1e-12);
        assert!((moments.mean[2] - 0.2).abs() < 1e-12 && moments.std[2] < 1e-7);
    }
}
