//! Parameters, multiply-accumulates and compression ratios.
//!
//! The same network is counted three ways: as it is, with depthwise-separable convolutions
//! (depthwise 3x3, then one 1x1), and with full 3x3 convolutions. The two ratios are the compression
//! factors of the two "appropriate" arms (Gray, Crowley and Storkey, arXiv 1906.00859, take the one
//! against full convolutions).

use crate::architecture::{Architecture, CLASSES, Filter};
use serde::{Deserialize, Serialize};

/// What a network costs. Ratios are below 1 where the network is smaller than its counterpart.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Trainable numbers, batch norm and classifier included.
    pub parameters: u64,
    /// The same for the depthwise-separable counterpart.
    pub separable_parameters: u64,
    /// The same for the counterpart with full 3x3 convolutions.
    pub full_parameters: u64,
    /// `parameters / separable_parameters`.
    pub ratio_separable: f64,
    /// `parameters / full_parameters`.
    pub ratio_full: f64,
    /// Multiply-accumulates of one forward pass of one 32x32 image: convolutions and classifier.
    pub macs: u64,
}

impl Counts {
    /// Counts a network.
    #[must_use]
    pub fn of(architecture: &Architecture) -> Self {
        let classifier = (CLASSES * architecture.channels[3]) as u64;
        let (mut low, mut separable, mut full, mut macs) = (classifier, classifier, classifier, classifier);
        for block in architecture.blocks() {
            let (i, o, pixels) = (block.c_in as u64, block.c_out as u64, (block.side * block.side) as u64);
            let dense = 9 * i * o;
            let low_rank = |rank: u64| 9 * i + i * rank + rank * o;
            let here = match block.filter {
                Filter::Dense => dense,
                Filter::LowRank { rank } => low_rank(rank as u64),
            };
            let sees_image = block.c_in == crate::architecture::IMAGE_CHANNELS;
            let batch_norm = 2 * o;
            low += here + batch_norm;
            separable += if sees_image { dense } else { 9 * i + i * o } + batch_norm;
            full += dense + batch_norm;
            macs += here * pixels;
        }
        Self {
            parameters: low,
            separable_parameters: separable,
            full_parameters: full,
            ratio_separable: low as f64 / separable as f64,
            ratio_full: low as f64 / full as f64,
            macs,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FULL_CHANNELS;

    #[test]
    fn rankscales_1_to_64_match_the_reference() {
        #[derive(Deserialize)]
        struct Row {
            rankscale: i64,
            #[serde(flatten)]
            counts: Counts,
        }
        let rows: Vec<serde_json::Value> =
            serde_json::from_str(include_str!("../tests/counts.json")).unwrap();
        assert_eq!(rows.len(), 64);
        for row in rows {
            let Row { rankscale, counts } = serde_json::from_value(row).unwrap();
            let ours = Counts::of(&Architecture::new(rankscale, FULL_CHANNELS).unwrap());
            assert_eq!(ours, counts, "rankscale {rankscale}");
        }
    }

    #[test]
    fn the_dense_network_is_its_own_full_counterpart() {
        let counts = Counts::of(&Architecture::new(0, FULL_CHANNELS).unwrap());
        assert_eq!((counts.parameters, counts.full_parameters), (6_573_120, 6_573_120));
    }
}
