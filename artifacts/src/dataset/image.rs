//! The bytes of an image.

use network::architecture::{IMAGE_CHANNELS, IMAGE_SIDE};

/// Pixels of one colour plane of an image.
pub const PLANE_BYTES: usize = IMAGE_SIDE * IMAGE_SIDE;
/// Bytes of an image: the red, green and blue planes, each row by row from the top left.
pub const IMAGE_BYTES: usize = IMAGE_CHANNELS * PLANE_BYTES;
