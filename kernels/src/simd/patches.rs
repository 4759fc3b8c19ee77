//! The first convolution's windows: 27 numbers for each pixel of an image.
//!
//! A dense 3x3 convolution of an image is a product of its patches, `[pixels, 27]`, with the weights. So the
//! patches are to the first block what the codes are to the others, except that they are cheaper to make
//! again than to keep.
//!
//! *Invariant:* within a patch, numbers lie in the order `[ky][kx][colour]`; what is outside the image is
//! zero.

use crate::simd::rows::RowsMut;
use network::architecture::{IMAGE_CHANNELS, IMAGE_SIDE};

/// Numbers in a patch.
pub(crate) const PATCH: usize = 9 * IMAGE_CHANNELS;
/// Numbers in an image.
pub(crate) const IMAGE: usize = IMAGE_SIDE * IMAGE_SIDE * IMAGE_CHANNELS;
const ROW: usize = IMAGE_SIDE * IMAGE_CHANNELS;
const WINDOW_ROW: usize = 3 * IMAGE_CHANNELS;

/// Returns the place in a patch of the number that meets `weight[c_out][colour][ky][kx]`.
pub(crate) fn patch_index(colour: usize, ky: usize, kx: usize) -> usize {
    (ky * 3 + kx) * IMAGE_CHANNELS + colour
}

/// Writes the patches, less their mean, of whole image rows from row `first` on.
pub(crate) fn write(image: &[f32], first: usize, mean: &[f32], out: RowsMut<'_>) {
    let mut padded = [0f32; ROW + 2 * IMAGE_CHANNELS];
    for (row, mut out) in (first..).zip(out.chunks(IMAGE_SIDE)) {
        for ky in 0..3 {
            let source = (row + ky).checked_sub(1).filter(|&y| y < IMAGE_SIDE);
            let middle = &mut padded[IMAGE_CHANNELS..IMAGE_CHANNELS + ROW];
            match source {
                Some(y) => middle.copy_from_slice(&image[y * ROW..(y + 1) * ROW]),
                None => middle.fill(0.0),
            }
            let mean: &[f32; WINDOW_ROW] =
                mean[ky * WINDOW_ROW..][..WINDOW_ROW].try_into().expect("a patch is three rows");
            for (patch, window) in
                out.iter_mut().zip(padded.array_windows::<WINDOW_ROW>().step_by(IMAGE_CHANNELS))
            {
                let patch = &mut patch[ky * WINDOW_ROW..][..WINDOW_ROW];
                let patch: &mut [f32; WINDOW_ROW] = patch.try_into().expect("it is a third of a patch");
                *patch = std::array::from_fn(|at| window[at] - mean[at]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::guarded::Draw;
    use proptest::prelude::*;

    #[test]
    fn a_patch_is_the_window_around_its_pixel() {
        let image: Vec<f32> = (0..IMAGE).map(|i| i as f32 + 1.0).collect();
        let mut out = vec![0.0; 2 * IMAGE_SIDE * 48];
        write(&image, 0, &[0.0; PATCH], RowsMut::new(&mut out, 2 * IMAGE_SIDE, PATCH, 48));
        let at = |y: usize, x: usize, c: usize| image[(y * IMAGE_SIDE + x) * IMAGE_CHANNELS + c];
        let patch = |y: usize, x: usize| &out[(y * IMAGE_SIDE + x) * 48..][..PATCH];
        assert_eq!(patch(0, 0)[patch_index(2, 0, 1)], 0.0);
        assert_eq!(patch(0, 0)[patch_index(2, 1, 0)], 0.0);
        assert_eq!(patch(0, 0)[patch_index(2, 1, 1)], at(0, 0, 2));
        assert_eq!(patch(1, 31)[patch_index(0, 0, 0)], at(0, 30, 0));
        assert_eq!(patch(1, 31)[patch_index(1, 2, 2)], 0.0);
        assert_eq!(patch(1, 7)[patch_index(1, 2, 2)], at(2, 8, 1));
    }

    proptest! {
        #[test]
        fn patches_less_their_mean_are_those_of_a_padded_image(
            (first, rows) in (0usize..IMAGE_SIDE).prop_flat_map(|first| (Just(first), 0..=IMAGE_SIDE - first)),
            gap in 0usize..20,
            seed in any::<u64>(),
        ) {
            let mut draw = Draw::new(seed);
            let (image, mean) = (draw.numbers(IMAGE), draw.numbers(PATCH));
            let mut out = draw.output(rows * IMAGE_SIDE, PATCH, gap);
            write(&image, first, &mean, out.rows_mut());
            let inside = |at: usize| at.checked_sub(1).filter(|&at| at < IMAGE_SIDE);
            let expected = |pixel: usize, at: usize| {
                let (ky, kx, colour) = (at / 9, at / 3 % 3, at % 3);
                let (y, x) = (first + pixel / IMAGE_SIDE + ky, pixel % IMAGE_SIDE + kx);
                let source = inside(y).zip(inside(x)).map(|(y, x)| image[(y * IMAGE_SIDE + x) * 3 + colour]);
                f64::from(source.unwrap_or(0.0)) - f64::from(mean[patch_index(colour, ky, kx)])
            };
            prop_assert!(out.is(expected));
        }
    }
}
