//! Many tensors in one: the network's parameters are stored consecutively, so that casting, updating and
//! accumulating their gradients take a few operations in all, instead of a few for each.
//!
//! *Invariant:* a flat tensor is a leaf of the graph; its views are created anew for each forward pass, and
//! their gradients come back as one flat tensor.

use super::resnet::{array, tensor};
use crate::data::state_dict::StateDict;
use network::Entry;
use tch::{Device, Kind, Tensor};

/// Returns the weights of a convolution in channels-last order, as images are stored.
fn innermost(weights: &Tensor) -> Tensor {
    if weights.dim() == 4 { weights.permute([0, 2, 3, 1]).contiguous() } else { weights.shallow_clone() }
}

/// Returns a piece of memory as the tensor it stores.
fn outermost(piece: &Tensor, shape: &[i64]) -> Tensor {
    match *shape {
        [c_out, c_in, height, width] => piece.view([c_out, height, width, c_in]).permute([0, 3, 1, 2]),
        _ => piece.view(shape),
    }
}

/// Tensors that are stored consecutively.
#[derive(Debug)]
pub struct Flat {
    layout: Vec<(String, Vec<i64>)>,
    /// All their numbers, `[sum of their lengths]`.
    pub values: Tensor,
}

impl Flat {
    /// Copies arrays to a device; missing ones are zero.
    ///
    /// # Panics
    /// An array has another shape.
    #[must_use]
    pub fn new(entries: &[Entry], arrays: &StateDict, device: Device, kind: Kind) -> Self {
        let piece = |of: &Entry| match arrays.get(&of.name) {
            Some(array) => {
                innermost(&tensor(&of.name, array, &of.shape, device)).flatten(0, -1).to_kind(kind)
            }
            None => Tensor::zeros([of.len() as i64], (kind, device)),
        };
        let pieces: Vec<Tensor> = entries.iter().map(piece).collect();
        let sizes = |of: &Entry| of.shape.iter().map(|&n| n as i64).collect();
        Self {
            layout: entries.iter().map(|of| (of.name.clone(), sizes(of))).collect(),
            values: Tensor::cat(&pieces, 0),
        }
    }

    /// Returns views of a tensor of this layout, by name.
    pub fn views<'a>(&'a self, flat: &Tensor) -> impl Iterator<Item = (&'a str, Tensor)> {
        let lengths: Vec<i64> = self.layout.iter().map(|(_, shape)| shape.iter().product()).collect();
        let pieces = flat.split_with_sizes(lengths, 0);
        self.layout.iter().zip(pieces).map(|((name, shape), piece)| (name.as_str(), outermost(&piece, shape)))
    }

    /// Returns a copy of each tensor.
    #[must_use]
    pub fn arrays(&self) -> StateDict {
        self.views(&self.values).map(|(name, view)| (name.to_owned(), array(&view))).collect()
    }
}
