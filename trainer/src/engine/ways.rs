//! The ways in which a step can be computed, most of them libtorch's. All compute the same function; their
//! time and memory depend on device and precision.
//!
//! *Invariant:* everything that depends on the way takes it from here; the memory formula takes that of CPUs,
//! and what was measured on GPUs is a factor of it.

use crate::machine::device::Device;
use kernels::Isa;
use network::{Block, Filter};
use std::str::FromStr;

/// The number of updates that a GPU computes kernel by kernel before an update is recorded: its libraries
/// choose their kernels in the first ones.
pub const UPDATES_BEFORE_RECORDING: usize = 3;

/// How a step is computed: by libtorch, if nothing else is said.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ways {
    /// Batch norm is computed through a block's bottleneck if its rank is below this fraction of its output
    /// channels.
    pub bottleneck_below: f64,
    /// If set, the depthwise and the contracting filter are multiplied into one dense 3x3 filter with as many
    /// outputs as the rank, padded with zeros to a multiple of this number.
    pub one_filter: Option<usize>,
    /// Whether batch norm, ReLU and what follows them in a block are one pass of our own kernels.
    pub norm_in_one: bool,
    /// Whether a step is recorded and replayed.
    pub recorded: bool,
    /// Whether each training thread has its own stream and runs its own backward passes.
    pub of_its_own: bool,
    /// The instructions of the fused engine, if not the processor's best.
    pub instructions: Option<Isa>,
}

impl Ways {
    /// The ways on a CPU. At full width, batch norm through the bottleneck is up to a quarter faster at
    /// rankscales 8 to 31, equally fast at 4, and a quarter slower at 3 and 2. It always saves memory.
    pub const CPU: Self = Self {
        bottleneck_below: 0.2,
        one_filter: None,
        norm_in_one: false,
        recorded: false,
        of_its_own: false,
        instructions: None,
    };

    /// Returns the fastest ways as measured in bf16, see `docs/gpu.md`; no other precision was found to need
    /// different ones.
    #[must_use]
    pub fn of(device: Device) -> Self {
        match device {
            Device::Cpu => Self::CPU,
            Device::Cuda(_) => Self {
                bottleneck_below: 0.0,
                one_filter: Some(8),
                norm_in_one: true,
                recorded: true,
                of_its_own: true,
                instructions: None,
            },
        }
    }

    /// Returns whether a block's batch norm is computed through its bottleneck; a dense block has none.
    #[must_use]
    pub fn through_bottleneck(&self, block: &Block) -> bool {
        matches!(block.filter, Filter::LowRank { rank } if (rank as f64) < self.bottleneck_below * block.c_out as f64)
    }
}

/// Changes to the ways, as in `recorded=0,bottleneck=0.2`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes(Vec<Change>);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Change {
    BottleneckBelow(f64),
    OneFilter(Option<usize>),
    NormInOne(bool),
    Recorded(bool),
    OfItsOwn(bool),
}

/// A text that is not a change to the ways.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0}: not a way of computing a step; there are bottleneck=SHARE, filter=0|MULTIPLE, norm=0|1, recorded=0|1 and own=0|1"
)]
pub struct NoWay(String);

impl FromStr for Changes {
    type Err = NoWay;

    fn from_str(text: &str) -> Result<Self, NoWay> {
        let change = |part: &str| {
            let none = || NoWay(part.to_owned());
            let (name, value) = part.split_once('=').ok_or_else(none)?;
            let value: f64 = value.parse().map_err(|_| none())?;
            let on = value != 0.0;
            let known = match name {
                "bottleneck" => (0.0..=2.0).contains(&value),
                "filter" => [0.0, 1.0, 2.0, 4.0, 8.0, 16.0].contains(&value),
                _ => [0.0, 1.0].contains(&value),
            };
            match name {
                _ if !known => Err(none()),
                "bottleneck" => Ok(Change::BottleneckBelow(value)),
                "filter" => Ok(Change::OneFilter(on.then_some(value as usize))),
                "norm" => Ok(Change::NormInOne(on)),
                "recorded" => Ok(Change::Recorded(on)),
                "own" => Ok(Change::OfItsOwn(on)),
                _ => Err(none()),
            }
        };
        text.split(',').filter(|part| !part.is_empty()).map(change).collect::<Result<_, _>>().map(Self)
    }
}

impl Changes {
    /// Applies these changes.
    #[must_use]
    pub fn of(&self, mut ways: Ways) -> Ways {
        for change in &self.0 {
            match *change {
                Change::BottleneckBelow(share) => ways.bottleneck_below = share,
                Change::OneFilter(multiple) => ways.one_filter = multiple,
                Change::NormInOne(on) => ways.norm_in_one = on,
                Change::Recorded(on) => ways.recorded = on,
                Change::OfItsOwn(on) => ways.of_its_own = on,
            }
        }
        ways
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_change_as_they_are_told() {
        let changes: Changes = "bottleneck=0.5,filter=8,recorded=1".parse().unwrap();
        let changed = changes.of(Ways::CPU);
        assert_eq!(changed, Ways { bottleneck_below: 0.5, one_filter: Some(8), recorded: true, ..Ways::CPU });
        assert_eq!("".parse::<Changes>().unwrap().of(Ways::CPU), Ways::CPU);
        for wrong in ["filter", "filter=3", "norm=2", "graph=1", "bottleneck=x"] {
            assert_eq!(wrong.parse::<Changes>(), Err(NoWay(wrong.to_owned())));
        }
    }
}
