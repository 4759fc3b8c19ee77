//! Threads and the chunks of a batch they work on.
//!
//! *Invariant:* chunks depend on the number of images only. Each has sums of its own, which are added in the order of the
//! chunks, so the numbers are the same for any number of threads.

use crate::EngineError;
use crate::block::scratch::Scratch;
use crate::block::shape::{GROUP, Layer};
use crate::simd::isa::Processor;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// Into how many parts a batch is cut, if it is large enough.
const CHUNKS: usize = 32;

/// Images per part: whole groups.
pub(crate) fn chunk_images(images: usize) -> usize {
    images.div_ceil(CHUNKS).next_multiple_of(GROUP)
}

/// The chunks of a batch.
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

/// The groups of images of a chunk.
pub(crate) fn groups(chunk: &Range<usize>, size: usize) -> impl Iterator<Item = Range<usize>> + use<> {
    let end = chunk.end;
    chunk.clone().step_by(size).map(move |start| start..(start + size).min(end))
}

/// A pool of threads, each with its own working memory.
#[derive(Debug)]
pub(crate) struct Crew {
    pool: rayon::ThreadPool,
    scratch: Vec<Mutex<Scratch>>,
}

impl Crew {
    pub(crate) fn new(threads: usize, processor: Processor, layers: &[Layer]) -> Result<Self, EngineError> {
        let threads = threads.max(1);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
        let scratch = (0..threads).map(|_| Mutex::new(Scratch::new(processor, layers))).collect();
        Ok(Self { pool, scratch })
    }

    /// Does every task, on any thread.
    pub(crate) fn each<Task: Send>(&self, tasks: Vec<Task>, work: impl Fn(Task, &mut Scratch) + Sync) {
        self.pool.install(|| {
            tasks.into_par_iter().with_max_len(1).for_each(|task| {
                let thread = rayon::current_thread_index().expect("tasks run in the pool");
                let mut scratch = self.scratch[thread].lock().unwrap_or_else(PoisonError::into_inner);
                work(task, &mut scratch);
            });
        });
    }

    /// `out[i] = sum over parts of part[i]`, in the order of the parts.
    pub(crate) fn add_up<'a>(&self, parts: impl Iterator<Item = &'a [f32]>, out: &mut [f64]) {
        const PIECE: usize = 8192;
        let parts: Vec<_> = parts.collect();
        self.pool.install(|| {
            out.par_chunks_mut(PIECE).enumerate().for_each(|(piece, out)| {
                out.fill(0.0);
                for part in &parts {
                    let part = &part[piece * PIECE..][..out.len()];
                    out.iter_mut().zip(part).for_each(|(out, &value)| *out += f64::from(value));
                }
            });
        });
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
