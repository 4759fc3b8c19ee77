//! One block of the network: its shape and weights, batch norm through its bottleneck, and a group of images through it.

pub(crate) mod backward;
pub(crate) mod forward;
pub(crate) mod moments;
pub(crate) mod normalisation;
pub(crate) mod scratch;
pub(crate) mod shape;
pub(crate) mod state;
pub(crate) mod weights;
