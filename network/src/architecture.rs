//! The ResNet-9 as a list of blocks.
//!
//! Source: Page's ResNet-9 (`DAWNBench`), with every 3x3 convolution but the first replaced by
//! depthwise 3x3 -> 1x1 down to `rank` -> 1x1 up to `c_out`, as in the 2018 notebook.
//!
//! *Invariant:* a block's rank is `max(1, c_out / rankscale)`; rankscale 0 stands for dense 3x3
//! convolutions everywhere.

use crate::entry::{Entry, Role};
use serde::{Deserialize, Serialize};

/// Channels of the published network after `prep`, `layer1`, `layer2` and `layer3`.
pub const FULL_CHANNELS: [usize; 4] = [64, 128, 256, 512];
/// Height and width of an image, in pixels.
pub const IMAGE_SIDE: usize = 32;
/// Colour planes of an image.
pub const IMAGE_CHANNELS: usize = 3;
/// The factor that makes logits of the last layer's sums.
pub const LOGIT_SCALE: f64 = 0.125;
/// The number that every batch norm adds to a variance before it takes the root.
pub const BATCH_NORM_EPSILON: f64 = 1e-5;
/// The weight of the newest batch in the running statistics of every batch norm.
pub const BATCH_NORM_MOMENTUM: f64 = 0.1;

/// A network that cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidArchitecture {
    /// The rankscale is negative, or above the channels of the widest layer.
    #[error(
        "rankscale {rankscale}: must be 0 (dense) or between 1 and {widest}, the channels of the widest layer"
    )]
    Rankscale {
        /// The rankscale that was asked for.
        rankscale: i64,
        /// The largest allowed value.
        widest: usize,
    },
    /// A width is outside 1..=4096.
    #[error("channels {0:?}: each must be between 1 and 4096")]
    Channels([usize; 4]),
    /// The number of classes is outside 2..=256.
    #[error("classes {0}: must be between 2 and 256, for a label is a byte")]
    Classes(usize),
}

/// The filter of a convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// A full 3x3 convolution, `[c_out, c_in, 3, 3]`.
    Dense,
    /// `depthwise` `[c_in, 1, 3, 3]`, `contract` `[rank, c_in, 1, 1]`, `expand` `[c_out, rank, 1, 1]`.
    LowRank {
        /// Channels of the bottleneck.
        rank: usize,
    },
}

/// The surroundings of a convolution, batch norm and ReLU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Nothing precedes or follows.
    Plain,
    /// A 2x2 max pool follows.
    Pooled,
    /// It is the first of a residual pair: its input is kept.
    ResidualFirst,
    /// It is the second of a residual pair: the kept input is added to its output.
    ResidualSecond,
}

/// A convolution, then batch norm, then ReLU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The prefix of its parameters' names: `layer1.res1` owns `layer1.res1.conv.expand.weight`.
    pub name: &'static str,
    /// Input channels.
    pub c_in: usize,
    /// Output channels.
    pub c_out: usize,
    /// Height and width at which the convolution works, in pixels.
    pub side: usize,
    /// Its filter, dense or low-rank.
    pub filter: Filter,
    /// Its surroundings.
    pub place: Place,
}

impl Block {
    /// Returns the name of this block's tensor of a role, such as `layer1.res1.conv.expand.weight`.
    #[must_use]
    pub fn name_of(&self, role: Role) -> String {
        format!("{}.{}", self.name, role.suffix())
    }

    /// Returns the trainable tensors of this block, in the reference's order.
    #[must_use]
    pub fn parameters(&self) -> Vec<Entry> {
        let Self { c_in, c_out, .. } = *self;
        let mut list = match self.filter {
            Filter::Dense => vec![self.entry(Role::Dense, &[c_out, c_in, 3, 3])],
            Filter::LowRank { rank } => vec![
                self.entry(Role::Depthwise, &[c_in, 1, 3, 3]),
                self.entry(Role::Contract, &[rank, c_in, 1, 1]),
                self.entry(Role::Expand, &[c_out, rank, 1, 1]),
            ],
        };
        list.extend([Role::Scale, Role::Shift].map(|role| self.entry(role, &[c_out])));
        list
    }

    /// Returns the running statistics of this block.
    #[must_use]
    pub fn buffers(&self) -> Vec<Entry> {
        [Role::Mean, Role::Variance].map(|role| self.entry(role, &[self.c_out])).to_vec()
    }

    fn entry(&self, role: Role, shape: &[usize]) -> Entry {
        Entry { name: self.name_of(role), shape: shape.to_vec(), role }
    }
}

/// A ResNet-9: how wide, how much compressed, and how many classes it tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Architecture {
    /// The divisor that makes ranks out of channels; 0 keeps dense convolutions.
    pub rankscale: usize,
    /// Channels after `prep`, `layer1`, `layer2` and `layer3`.
    pub channels: [usize; 4],
    /// Classes of the images, and so the outputs of the last layer. A label is a byte below this number.
    pub classes: usize,
}

impl Architecture {
    /// Makes a network of the published width, or of any other, for images of so many classes.
    ///
    /// # Errors
    /// The rankscale is below 0 or above the widest layer's channels, a width is outside 1..=4096, or the
    /// number of classes outside 2..=256.
    pub fn new(rankscale: i64, channels: [usize; 4], classes: usize) -> Result<Self, InvalidArchitecture> {
        if channels.iter().any(|&c| !(1..=4096).contains(&c)) {
            return Err(InvalidArchitecture::Channels(channels));
        }
        if !(2..=256).contains(&classes) {
            return Err(InvalidArchitecture::Classes(classes));
        }
        let widest = channels.into_iter().max().expect("four widths");
        match usize::try_from(rankscale) {
            Ok(rankscale) if rankscale <= widest => Ok(Self { rankscale, channels, classes }),
            _ => Err(InvalidArchitecture::Rankscale { rankscale, widest }),
        }
    }

    /// Returns the network from the image to the last residual pair. A 4x4 max pool and a linear layer
    /// without bias follow, then [`LOGIT_SCALE`].
    #[must_use]
    pub fn blocks(&self) -> Vec<Block> {
        use Place::{Plain, Pooled, ResidualFirst, ResidualSecond};
        let [c0, c1, c2, c3] = self.channels;
        [
            ("prep", IMAGE_CHANNELS, c0, 32, Plain),
            ("layer1", c0, c1, 32, Pooled),
            ("layer1.res1", c1, c1, 16, ResidualFirst),
            ("layer1.res2", c1, c1, 16, ResidualSecond),
            ("layer2", c1, c2, 16, Pooled),
            ("layer3", c2, c3, 8, Pooled),
            ("layer3.res1", c3, c3, 4, ResidualFirst),
            ("layer3.res2", c3, c3, 4, ResidualSecond),
        ]
        .map(|(name, c_in, c_out, side, place)| Block {
            name,
            c_in,
            c_out,
            side,
            filter: self.filter(c_in, c_out),
            place,
        })
        .to_vec()
    }

    /// Returns the last layer's weight, `[classes, channels]`.
    #[must_use]
    pub fn classifier(&self) -> Entry {
        let role = Role::Classifier;
        Entry { name: role.suffix().to_owned(), shape: vec![self.classes, self.channels[3]], role }
    }

    /// Returns every trainable tensor, in the reference's order.
    #[must_use]
    pub fn parameters(&self) -> Vec<Entry> {
        let blocks = self.blocks();
        blocks.iter().flat_map(Block::parameters).chain([self.classifier()]).collect()
    }

    /// Returns every running statistic.
    #[must_use]
    pub fn buffers(&self) -> Vec<Entry> {
        self.blocks().iter().flat_map(Block::buffers).collect()
    }

    /// Returns the filter; a convolution that sees the image stays dense, as in the reference.
    fn filter(&self, c_in: usize, c_out: usize) -> Filter {
        if self.rankscale == 0 || c_in == IMAGE_CHANNELS {
            Filter::Dense
        } else {
            Filter::LowRank { rank: (c_out / self.rankscale).max(1) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rank_is_the_integer_quotient_and_at_least_one() {
        let rank =
            |rankscale| match Architecture::new(rankscale, FULL_CHANNELS, 10).unwrap().blocks()[1].filter {
                Filter::LowRank { rank } => rank,
                Filter::Dense => panic!("layer1 is low-rank"),
            };
        assert_eq!([1, 3, 31, 512].map(rank), [128, 42, 4, 1]);
    }

    #[test]
    fn every_tensor_says_what_it_does() {
        let network = Architecture::new(8, FULL_CHANNELS, 10).unwrap();
        let roles = |block: usize| {
            let block = &network.blocks()[block];
            block.parameters().into_iter().chain(block.buffers()).map(|entry| entry.role).collect::<Vec<_>>()
        };
        let norm = [Role::Scale, Role::Shift, Role::Mean, Role::Variance];
        assert_eq!(roles(0), [&[Role::Dense][..], &norm].concat());
        assert_eq!(roles(1), [&[Role::Depthwise, Role::Contract, Role::Expand][..], &norm].concat());
        let expand = network.blocks()[2].parameters().into_iter().find(|entry| entry.role == Role::Expand);
        let expected = Entry {
            name: "layer1.res1.conv.expand.weight".into(),
            shape: vec![128, 16, 1, 1],
            role: Role::Expand,
        };
        assert_eq!(expand, Some(expected));
        assert_eq!(network.parameters().last(), Some(&network.classifier()));
    }

    #[test]
    fn rankscales_27_and_28_build_one_network_as_do_29_and_30() {
        let blocks = |rankscale| Architecture::new(rankscale, FULL_CHANNELS, 10).unwrap().blocks();
        assert_eq!(blocks(27), blocks(28));
        assert_eq!(blocks(29), blocks(30));
        assert_ne!(blocks(28), blocks(29));
    }

    #[test]
    fn classes_are_the_outputs_of_the_last_layer_and_of_no_other() {
        let tensors = |classes| Architecture::new(8, FULL_CHANNELS, classes).unwrap().parameters();
        let (ten, hundred) = (tensors(10), tensors(100));
        let (last, rest) = hundred.split_last().unwrap();
        assert_eq!((last.role, &*last.shape), (Role::Classifier, &[100, 512][..]));
        assert_eq!(rest, &ten[..ten.len() - 1]);
    }

    #[test]
    fn impossible_networks_are_refused_by_name_and_rule() {
        for rankscale in [-1, 1000] {
            let message = Architecture::new(rankscale, FULL_CHANNELS, 10).unwrap_err().to_string();
            assert!(message.contains(&rankscale.to_string()) && message.contains("512"), "{message}");
        }
        assert!(Architecture::new(2, [64, 0, 256, 512], 10).is_err());
        for classes in [0, 1, 257] {
            let message = Architecture::new(2, FULL_CHANNELS, classes).unwrap_err().to_string();
            assert!(message.contains(&format!("classes {classes}")) && message.contains("256"), "{message}");
        }
    }
}
