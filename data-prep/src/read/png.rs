//! Decoding of a PNG file.
//!
//! PNG stores the three colours of a pixel side by side, but records store plane after plane; the conversion
//! is here.
//!
//! *Invariant:* an image that is not 32x32 with 8 bits for each of three colours is an error; it is never
//! resized or converted, because it would not be CIFAR-10's.

use anyhow::{Context, Result, ensure};
use artifacts::dataset::{IMAGE_BYTES, PLANE_BYTES};
use std::io::Cursor;

/// The largest size of a PNG file in bytes: far more than that of 3072 incompressible bytes.
const LARGEST_PNG: usize = 1 << 16;

/// Decodes a PNG into red, green and blue planes, each row by row from the top left.
pub(crate) fn decode(png: &[u8]) -> Result<[u8; IMAGE_BYTES]> {
    ensure!(png.len() <= LARGEST_PNG, "has {} bytes, expected at most {LARGEST_PNG}", png.len());
    let mut decoder = png::Decoder::new(Cursor::new(png));
    let header = decoder.read_header_info().context("is not a PNG")?;
    let (width, height, colour, depth) = (header.width, header.height, header.color_type, header.bit_depth);
    ensure!(
        (width, height, colour, depth) == (32, 32, png::ColorType::Rgb, png::BitDepth::Eight),
        "is {width}x{height} {colour:?} of {depth:?} bits, expected 32x32 RGB of eight"
    );
    let mut pixels = [0; IMAGE_BYTES];
    decoder.read_info().and_then(|mut reader| reader.next_frame(&mut pixels)).context("is a damaged PNG")?;
    Ok(std::array::from_fn(|i| pixels[i % PLANE_BYTES * 3 + i / PLANE_BYTES]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(width: u32, height: u32, colour: png::ColorType, pixels: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, width, height);
        encoder.set_color(colour);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.write_header().unwrap().write_image_data(pixels).unwrap();
        bytes
    }

    #[test]
    fn colours_become_planes_and_rows_stay_rows() {
        let mut pixels = vec![0; IMAGE_BYTES];
        // One green pixel at row 3, column 5; one blue pixel at row 5, column 3.
        pixels[(3 * 32 + 5) * 3 + 1] = 200;
        pixels[(5 * 32 + 3) * 3 + 2] = 100;
        let planes = decode(&encode(32, 32, png::ColorType::Rgb, &pixels)).unwrap();
        assert_eq!(planes[PLANE_BYTES + 3 * 32 + 5], 200);
        assert_eq!(planes[2 * PLANE_BYTES + 5 * 32 + 3], 100);
        assert_eq!(planes.iter().filter(|&&value| value != 0).count(), 2);
    }

    #[test]
    fn other_images_are_refused_by_what_they_are() {
        let message = |png: &[u8]| format!("{:#}", decode(png).unwrap_err());
        assert!(message(&encode(16, 64, png::ColorType::Rgb, &[0; IMAGE_BYTES])).contains("16x64"));
        assert!(message(&encode(32, 32, png::ColorType::Grayscale, &[0; 1024])).contains("Grayscale"));
        assert!(message(b"GIF89a").contains("not a PNG"));
        let whole = encode(32, 32, png::ColorType::Rgb, &[7; IMAGE_BYTES]);
        assert!(message(&whole[..whole.len() - 20]).contains("damaged PNG"));
    }
}
