//! Parameters, multiply-accumulates and compression ratios.
//!
//! The same network is counted three ways: as it is, with depthwise-separable convolutions
//! (depthwise 3x3, then one 1x1), and with full 3x3 convolutions. The two ratios are the compression
//! factors of the two "appropriate" arms (Gray, Crowley and Storkey, arXiv 1906.00859, take the one
//! against full convolutions).

use crate::architecture::{Architecture, Block, Filter, IMAGE_CHANNELS};
use serde::{Deserialize, Serialize};

/// The costs of a network. Ratios are below 1 where the network is smaller than its counterpart.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// The number of trainable numbers, batch norm and classifier included.
    pub parameters: u64,
    /// The number of trainable numbers of the depthwise-separable counterpart.
    pub separable_parameters: u64,
    /// The number of trainable numbers of the counterpart with full 3x3 convolutions.
    pub full_parameters: u64,
    /// The ratio `parameters / separable_parameters`.
    pub ratio_separable: f64,
    /// The ratio `parameters / full_parameters`.
    pub ratio_full: f64,
    /// The multiply-accumulates of one forward pass of one 32x32 image: convolutions and classifier.
    pub macs: u64,
}

impl Counts {
    /// Counts a network.
    #[must_use]
    pub fn of(architecture: &Architecture) -> Self {
        let classifier = architecture.classifier().len() as u64;
        let (mut low, mut separable, mut full, mut macs) = (classifier, classifier, classifier, classifier);
        for block in architecture.blocks() {
            let (i, o, pixels) = (block.c_in as u64, block.c_out as u64, (block.side * block.side) as u64);
            let dense = 9 * i * o;
            let low_rank = |rank: u64| 9 * i + i * rank + rank * o;
            let here = match block.filter {
                Filter::Dense => dense,
                Filter::LowRank { rank } => low_rank(rank as u64),
            };
            let batch_norm = 2 * o;
            low += here + batch_norm;
            separable += separable_weights(&block) + batch_norm;
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

/// Counts the multiply-accumulates of the depthwise-separable counterpart as [`Counts::macs`] does.
#[must_use]
pub fn separable_macs(architecture: &Architecture) -> u64 {
    let convolution = |block: Block| separable_weights(&block) * (block.side * block.side) as u64;
    let convolutions: u64 = architecture.blocks().into_iter().map(convolution).sum();
    convolutions + architecture.classifier().len() as u64
}

/// Counts the weights of a block's depthwise-separable counterpart: the first convolution, which sees the
/// image, stays dense.
fn separable_weights(block: &Block) -> u64 {
    let (i, o) = (block.c_in as u64, block.c_out as u64);
    if block.c_in == IMAGE_CHANNELS { 9 * i * o } else { 9 * i + i * o }
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
            serde_json::from_str(include_str!("../../reference/counts.json")).unwrap();
        assert_eq!(rows.len(), 64);
        for row in rows {
            let Row { rankscale, counts } = serde_json::from_value(row).unwrap();
            let ours = Counts::of(&Architecture::new(rankscale, FULL_CHANNELS, 10).unwrap());
            assert_eq!(ours, counts, "rankscale {rankscale}");
        }
    }

    #[test]
    fn multiply_accumulates_of_the_separable_counterpart() {
        // prep and layer1 see 32x32 pixels, layer1's residual 16x16, and so on: weights times pixels, and the
        // classifier.
        let expected = (27 * 64 + (9 + 128) * 64) * 1024
            + (2 * (9 + 128) * 128 + (9 + 256) * 128) * 256
            + (9 + 512) * 256 * 64
            + 2 * (9 + 512) * 512 * 16
            + 5120;
        for rankscale in [0, 2, 31] {
            assert_eq!(separable_macs(&Architecture::new(rankscale, FULL_CHANNELS, 10).unwrap()), expected);
        }
    }

    #[test]
    fn more_classes_are_more_rows_of_the_classifier() {
        let architecture = |classes| Architecture::new(8, FULL_CHANNELS, classes).unwrap();
        let [ten, hundred] = [10, 100].map(|classes| Counts::of(&architecture(classes)));
        let rows = 90 * 512;
        assert_eq!(hundred.parameters, ten.parameters + rows);
        assert_eq!(hundred.separable_parameters, ten.separable_parameters + rows);
        assert_eq!(hundred.full_parameters, ten.full_parameters + rows);
        assert_eq!(hundred.macs, ten.macs + rows);
        assert_eq!(separable_macs(&architecture(100)), separable_macs(&architecture(10)) + rows);
    }

    #[test]
    fn the_dense_network_is_its_own_full_counterpart() {
        let counts = Counts::of(&Architecture::new(0, FULL_CHANNELS, 10).unwrap());
        assert_eq!((counts.parameters, counts.full_parameters), (6_573_120, 6_573_120));
    }
}
