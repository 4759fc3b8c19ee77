//! The peak rate of fused multiply-adds: what a core's vector units do when no operand comes from memory.
//!
//! Twelve independent sums stay in registers, each the operand of its own next multiply-add; processors need
//! between eight and ten such chains (latency of four or five cycles, two units) to be busy in every cycle.
//! All threads start together, so that the clock is that of a processor whose cores all work.

use crate::simd::isa::{Isa, Processor};
use pulp::{Simd, WithSimd};
use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

/// Independent sums.
const CHAINS: usize = 12;
/// Rounds of all chains in a measurement: some ten milliseconds.
const ROUNDS: usize = 4_000_000;

struct Chains {
    factor: f32,
    term: f32,
}

impl WithSimd for Chains {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f32 {
        let (factor, term) = (simd.splat_f32s(self.factor), simd.splat_f32s(self.term));
        let mut sums = [term; CHAINS];
        for _ in 0..ROUNDS {
            for sum in &mut sums {
                *sum = simd.mul_add_e_f32s(*sum, factor, term);
            }
        }
        sums.into_iter().map(|sum| simd.reduce_sum_f32s(sum)).sum()
    }
}

/// Returns the operations per second, two for each multiply-add, of `threads` threads together with one set
/// of instructions: the best of `times` measurements. `None` if this processor lacks the set.
#[must_use]
pub fn multiply_add_flops(isa: Isa, threads: usize, times: usize) -> Option<f64> {
    let processor = Processor::new(isa)?;
    let operations = (2 * CHAINS * ROUNDS * processor.lanes() * threads) as f64;
    let rate = |_| operations / slowest_seconds(processor, threads);
    (0..times).map(rate).reduce(f64::max)
}

/// Returns the time of the slowest of threads that start together.
fn slowest_seconds(processor: Processor, threads: usize) -> f64 {
    let start = Barrier::new(threads);
    let timed = || {
        // The sums tend to 2: no overflow, and no subnormal numbers, which would be slow.
        let chains = Chains { factor: black_box(0.5), term: black_box(1.0) };
        start.wait();
        let began = Instant::now();
        black_box(processor.run(chains));
        began.elapsed().as_secs_f64()
    };
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(timed)).collect();
        running.into_iter().map(|one| one.join().expect("it only computes")).fold(0.0, f64::max)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_what_the_chains_say_and_only_sets_that_are_there_have_a_rate() {
        for isa in Isa::ALL {
            let found = multiply_add_flops(isa, 1, 1);
            assert_eq!(found.is_some(), isa.is_available(), "{}", isa.name());
            if let Some(processor) = Processor::new(isa) {
                let sum = processor.run(Chains { factor: 0.5, term: 1.0 });
                assert_eq!(sum, 2.0 * (CHAINS * processor.lanes()) as f32, "{}", isa.name());
            }
        }
    }
}
