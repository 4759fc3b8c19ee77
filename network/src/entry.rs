//! The tensors of a network: what each is called, how large it is and what it does.
//!
//! *Invariant:* whatever treats tensors differently asks for their [`Role`]; only this file knows how names are made.

/// What a tensor of the network does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A full 3x3 convolution.
    Dense,
    /// A 3x3 filter for each input channel.
    Depthwise,
    /// The first factor of a 1x1 convolution, down to the rank.
    Contract,
    /// The second factor, up to the output channels.
    Expand,
    /// What batch norm multiplies by.
    Scale,
    /// What batch norm adds.
    Shift,
    /// The running mean of batch norm, which no gradient moves.
    Mean,
    /// The running variance of batch norm, which no gradient moves.
    Variance,
    /// The last layer's weight.
    Classifier,
}

impl Role {
    /// Whether it is one of the two low-rank factors.
    #[must_use]
    pub const fn is_factor(self) -> bool {
        matches!(self, Self::Contract | Self::Expand)
    }

    /// Whether it is a convolution or a part of one.
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
    /// What it does.
    pub role: Role,
}

impl Entry {
    /// How many numbers it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether it holds no number, which no network's tensor does.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
