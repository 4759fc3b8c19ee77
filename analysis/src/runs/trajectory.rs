//! The low-rank convolutions of a run from epoch to epoch.

use artifacts::Configuration;
use artifacts::run::LayerRow;

/// A low-rank convolution of a run after an epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LayerPoint {
    /// The epoch after which it is described, counted from 1; 0 is before the first.
    pub epoch: u32,
    /// Index of its block in the network.
    pub block: u8,
    /// Frobenius norm of `expand . contract`.
    pub product_norm: f64,
    /// Stable rank of `expand . contract`.
    pub stable_rank: f64,
}

/// Returns the low-rank convolutions among a run's layers.
///
/// # Errors
/// A layer does not exist in the network.
pub fn trajectory(layers: &[LayerRow]) -> Result<Vec<LayerPoint>, String> {
    let names = names();
    let low_rank = layers.iter().filter_map(|row| Some((row, row.product_norm?, row.stable_rank?)));
    let point = |(row, product_norm, stable_rank): (&LayerRow, f64, f64)| {
        let block = names.iter().position(|name| *name == row.layer).ok_or_else(|| {
            format!("layers.parquet: layer `{}` must be one of {}", row.layer, names.join(", "))
        })?;
        Ok(LayerPoint { epoch: row.epoch, block: block as u8, product_norm, stable_rank })
    };
    low_rank.map(point).collect()
}

/// Returns the names of the blocks in order; every network has the same.
pub(crate) fn names() -> Vec<&'static str> {
    Configuration::default().architecture().blocks().into_iter().map(|block| block.name).collect()
}
