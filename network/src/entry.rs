//! The tensors of a network: their names, their sizes and their roles.
//!
//! *Invariant:* whatever treats tensors differently asks for their [`Role`]; only this file knows how names
//! are made.

/// Prefix of the names that momentum has in a checkpoint.
pub const VELOCITY: &str = "velocity.";

/// The part that a tensor plays in the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The weight of a full 3x3 convolution.
    Dense,
    /// The weight of a 3x3 filter for each input channel.
    Depthwise,
    /// The first factor of a 1x1 convolution, down to the rank.
    Contract,
    /// The second factor of a 1x1 convolution, up to the output channels.
    Expand,
    /// The scale of batch norm, by which it multiplies.
    Scale,
    /// The shift of batch norm, which it adds.
    Shift,
    /// The running mean of batch norm, which no gradient moves.
    Mean,
    /// The running variance of batch norm, which no gradient moves.
    Variance,
    /// The last layer's weight.
    Classifier,
}

impl Role {
    /// Returns whether it is one of the two low-rank factors.
    #[must_use]
    pub const fn is_factor(self) -> bool {
        matches!(self, Self::Contract | Self::Expand)
    }

    /// Returns whether it is a convolution or a part of one.
    #[must_use]
    pub const fn is_convolution(self) -> bool {
        matches!(self, Self::Dense | Self::Depthwise) || self.is_factor()
    }

    /// The end of its name in the reference.
    pub(crate) const fn suffix(self) -> &'static str {
        match self {
            Self::Dense => "conv.weight",
            Self::Depthwise => "conv.depthwise.weight",
            Self::Contract => "conv.contract.weight",
            Self::Expand => "conv.expand.weight",
            Self::Scale => "bn.weight",
            Self::Shift => "bn.bias",
            Self::Mean => "bn.running_mean",
            Self::Variance => "bn.running_var",
            Self::Classifier => "linear.weight",
        }
    }
}

/// A tensor of the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name in the reference, in checkpoints and in models.
    pub name: String,
    /// Its sizes.
    pub shape: Vec<usize>,
    /// Its part in the network.
    pub role: Role,
}

impl Entry {
    /// Returns the name of its momentum in a checkpoint, which has its shape.
    #[must_use]
    pub fn velocity_name(&self) -> String {
        format!("{VELOCITY}{}", self.name)
    }

    /// Returns how many numbers it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Returns whether it holds no number, which is true of no network's tensor.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
