//! The chunks of a batch, and where their images lie.
//!
//! *Invariant:* chunks depend on the number of images only. Each has sums of its own, which are added in the
//! order of the chunks, so the numbers are the same for any number of threads.

use crate::block::shape::GROUP;
use crate::simd::pool::unpack;
use crate::simd::rows::Rows;
use std::ops::Range;

/// The number of parts that a batch is cut into, if it is large enough.
const CHUNKS: usize = 32;

/// Returns the images of a part: whole groups.
pub(crate) fn chunk_images(images: usize) -> usize {
    images.div_ceil(CHUNKS).next_multiple_of(GROUP).max(GROUP)
}

/// Returns the largest number of chunks of a batch of at most so many images: a smaller one may have more.
pub(crate) fn most_chunks(images: usize) -> usize {
    images.div_ceil(GROUP).min(CHUNKS)
}

/// Returns the chunks of a batch.
pub(crate) fn chunks(images: usize) -> Vec<Range<usize>> {
    let size = chunk_images(images);
    (0..images).step_by(size).map(|start| start..(start + size).min(images)).collect()
}

/// Cuts an array of `size` numbers per image into chunks; one without numbers into empty ones.
pub(crate) fn split<'a, T>(
    mut values: &'a mut [T],
    size: usize,
    chunks: &[Range<usize>],
) -> impl Iterator<Item = &'a mut [T]> + use<'a, T> {
    let lengths: Vec<_> = chunks.iter().map(|chunk| chunk.len() * size).collect();
    lengths.into_iter().map(move |length| {
        let length = length.min(values.len());
        let (part, rest) = std::mem::take(&mut values).split_at_mut(length);
        values = rest;
        part
    })
}

/// Returns the groups of images of a chunk.
pub(crate) fn groups(chunk: &Range<usize>, size: usize) -> impl Iterator<Item = Range<usize>> + use<> {
    let end = chunk.end;
    chunk.clone().step_by(size).map(move |start| start..(start + size).min(end))
}

/// Returns the place of some images within a chunk, in an array of `size` per image.
pub(crate) fn within(chunk: &Range<usize>, images: &Range<usize>, size: usize) -> Range<usize> {
    (images.start - chunk.start) * size..(images.end - chunk.start) * size
}

/// Returns the place of some images in an array of `size` per image.
pub(crate) fn numbers(images: &Range<usize>, size: usize) -> Range<usize> {
    images.start * size..images.end * size
}

/// Adds each feature's gradient, a row for each image, to the pixel of the group that won it.
pub(crate) fn scatter(out: &mut [f32], gradients: Rows<'_>, argmax: &[u32]) {
    for (image, gradients) in gradients.iter().enumerate() {
        for (c, (gradient, &word)) in gradients.iter().zip(argmax).enumerate() {
            out[unpack(word, image) * gradients.len() + c] += gradient;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_cover_a_batch_in_whole_groups() {
        for images in [1, 3, 16, 127, 128, 129, 500, 512] {
            let chunks = chunks(images);
            assert!(chunks.len() <= CHUNKS);
            assert_eq!(chunks.iter().map(Range::len).sum::<usize>(), images);
            assert!(chunks.iter().all(|chunk| chunk.start.is_multiple_of(GROUP)));
            let mut values: Vec<usize> = (0..3 * images).collect();
            let parts: Vec<_> = split(&mut values, 3, &chunks).collect();
            assert!(parts.iter().zip(&chunks).all(|(part, chunk)| part[0] == 3 * chunk.start));
        }
    }
}
