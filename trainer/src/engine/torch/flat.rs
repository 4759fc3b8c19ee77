//! Many tensors in one: the network's parameters lie one behind the other, so that casting, updating and adding up their
//! gradients are a few operations and not a few for each of them.
//!
//! *Invariant:* a flat tensor is a leaf of the graph; its views are made anew for each forward pass, and their gradients come back as
//! one flat tensor.

use super::resnet::{array, tensor};
use crate::data::state_dict::StateDict;
use network::Entry;
use tch::{Device, Kind, Tensor};

/// The weights of a convolution as they lie in memory: channels last, as the images do.
fn innermost(weights: &Tensor) -> Tensor {
    if weights.dim() == 4 { weights.permute([0, 2, 3, 1]).contiguous() } else { weights.shallow_clone() }
}

/// A piece of memory as the tensor it holds.
fn outermost(piece: &Tensor, shape: &[i64]) -> Tensor {
    match *shape {
        [c_out, c_in, height, width] => piece.view([c_out, height, width, c_in]).permute([0, 3, 1, 2]),
        _ => piece.view(shape),
    }
}

/// Tensors that lie one behind the other.
#[derive(Debug)]
pub struct Flat {
    layout: Vec<(String, Vec<i64>)>,
    /// `[numbers of all of them]`.
    pub values: Tensor,
}

impl Flat {
    /// Puts arrays on a device; what is missing is zero.
    ///
    /// # Panics
    /// Where an array has another shape.
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

    /// Views of a tensor of this layout, by name.
    pub fn views<'a>(&'a self, flat: &Tensor) -> impl Iterator<Item = (&'a str, Tensor)> {
        let lengths: Vec<i64> = self.layout.iter().map(|(_, shape)| shape.iter().product()).collect();
        let pieces = flat.split_with_sizes(lengths, 0);
        self.layout.iter().zip(pieces).map(|((name, shape), piece)| (name.as_str(), outermost(&piece, shape)))
    }

    /// A copy of each tensor.
    #[must_use]
    pub fn arrays(&self) -> StateDict {
        self.views(&self.values).map(|(name, view)| (name.to_owned(), array(&view))).collect()
    }
}
