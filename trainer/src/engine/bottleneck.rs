//! Where libtorch computes batch norm through a block's bottleneck, which changes its time and its memory.

use network::{Block, Filter};

/// Share of a block's output channels that its rank must stay below for batch norm through the bottleneck to pay in libtorch. Measured
/// on a CPU at full width: at rankscales 8 to 31 it is up to a quarter faster, at 4 the same, at 3 and 2 a quarter slower. It always
/// saves memory.
pub(crate) const BOTTLENECK_PAYS_BELOW: f64 = 0.2;

/// Whether libtorch computes a block's batch norm through its bottleneck: if its rank is below this share of its output
/// channels. A dense block has no bottleneck.
pub(crate) fn has_bottleneck_below(block: &Block, share: f64) -> bool {
    matches!(block.filter, Filter::LowRank { rank } if (rank as f64) < share * block.c_out as f64)
}
