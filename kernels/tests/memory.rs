//! What an engine allocates against what it says it will, and what a run at full width may take.

#![allow(clippy::unwrap_used, reason = "a test stops where it stands")]

mod reference;

use kernels::{Engine, memory_bytes, thread_bytes};
use network::schedule::LearningRates;
use network::{Architecture, FULL_CHANNELS, WeightDecay};
use reference::random::{random_batch, random_state};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, counted.
struct Counted;

// SAFETY: every call is the system allocator's own; counting touches no memory of it.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW.fetch_add(layout.size(), Relaxed) + layout.size();
        PEAK.fetch_max(now, Relaxed);
        // SAFETY: the caller's promises are the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, address: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's promises are the system allocator's.
        unsafe { System.dealloc(address, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counted = Counted;

#[test]
fn an_engine_allocates_what_it_says() {
    for (rankscale, threads) in [(2, 1), (8, 1), (8, 4)] {
        let architecture = Architecture::new(rankscale, [32, 64, 64, 128], 10).unwrap();
        let state = random_state(&architecture, 1);
        let (images, labels) = random_batch(40, 2);
        let rates = LearningRates { factors: 0.1, rest: 0.1 };
        let decay = WeightDecay { factors: 0.1, rest: 0.1, product: 0.0 };
        let before = NOW.load(Relaxed);
        PEAK.store(before, Relaxed);
        Engine::new(architecture, &state, threads).unwrap().step(&images, &labels, rates, decay);
        let said = memory_bytes(architecture, 40) + (threads - 1) * thread_bytes(architecture);
        let found = PEAK.load(Relaxed) - before;
        let ratio = found as f64 / said as f64;
        assert!(
            (0.9..1.02).contains(&ratio),
            "rankscale {rankscale}, {threads} threads: {found} bytes, {said} said"
        );
    }
}

#[test]
fn a_batch_of_512_at_full_width_stays_below_11_tenths_of_a_gibibyte() {
    for rankscale in 2..=31 {
        let architecture = Architecture::new(rankscale, FULL_CHANNELS, 10).unwrap();
        let bytes = memory_bytes(architecture, 512);
        assert!(bytes as f64 <= 1.1 * 1024f64.powi(3), "rankscale {rankscale}: {bytes} bytes");
    }
}
