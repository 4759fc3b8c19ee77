//! Threads, each with working memory of its own.
//!
//! *Invariant:* sums of parts are added in the order of the parts, so they are the same for any number of
//! threads.

use crate::error::EngineError;
use rayon::prelude::*;
use std::sync::{Mutex, PoisonError};

/// A pool of threads, each with its own working memory.
#[derive(Debug)]
pub(crate) struct Workers<Memory> {
    pool: rayon::ThreadPool,
    memory: Vec<Mutex<Memory>>,
}

impl<Memory: Send> Workers<Memory> {
    /// Starts threads; `memory` makes the working memory of one of them.
    pub(crate) fn new(threads: usize, memory: impl Fn() -> Memory) -> Result<Self, EngineError> {
        let threads = threads.max(1);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
        let memory = (0..threads).map(|_| Mutex::new(memory())).collect();
        Ok(Self { pool, memory })
    }

    /// Does every task, on any thread.
    pub(crate) fn each<Task: Send>(&self, tasks: Vec<Task>, work: impl Fn(Task, &mut Memory) + Sync) {
        self.pool.install(|| {
            tasks.into_par_iter().with_max_len(1).for_each(|task| {
                let thread = rayon::current_thread_index().expect("tasks run in the pool");
                let mut memory = self.memory[thread].lock().unwrap_or_else(PoisonError::into_inner);
                work(task, &mut memory);
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
