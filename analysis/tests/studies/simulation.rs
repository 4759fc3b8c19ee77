//! Simulated studies: whether intervals cover the truth as often as they say, and how often nothing is called something.
//!
//! Minutes, so it is left out unless asked for: `cargo test --release -p analysis simulation -- --ignored --nocapture`

use analysis::strata::Strata;
use analysis::{bootstrap, permutation, verdict};
use artifacts::study::Verdict;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Studies a setting.
const STUDIES: u64 = 2000;
/// Run-to-run sd of one accuracy; a difference of two has root two of it.
const NOISE: f64 = 0.002;

/// A draw with mean 0 and sd 1.
type Shape = fn(&mut ChaCha8Rng) -> f64;

/// The sum of twelve uniform draws: normal but for its far tails.
fn normal(random: &mut ChaCha8Rng) -> f64 {
    (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0
}

/// Heavy tails: one run in ten has three times the noise.
fn heavy(random: &mut ChaCha8Rng) -> f64 {
    let scale = if random.random_bool(0.1) { 3.0 } else { 1.0 };
    normal(random) * scale / 1.8f64.sqrt()
}

/// Skewed: an exponential draw.
fn skewed(random: &mut ChaCha8Rng) -> f64 {
    -(1.0 - random.random::<f64>()).ln() - 1.0
}

#[test]
#[ignore = "minutes"]
fn intervals_cover_and_nothing_is_seldom_called_something() {
    for (rankscales, seeds) in [(2, 5), (3, 3), (3, 5), (9, 5), (30, 3)] {
        for (name, shape) in [("normal", normal as Shape), ("heavy", heavy), ("skewed", skewed)] {
            let (covered, called) = simulate(rankscales, seeds, shape);
            println!(
                "{rankscales} rankscales, {seeds} seeds, {name}: coverage {covered:.3}, called {called:.3}"
            );
            // Three standard errors of a share of 2000 around 0.93 to 0.97, and above 0.05.
            assert!((0.92..=0.98).contains(&covered), "{covered}");
            assert!(called <= 0.06, "{called}");
        }
    }
}

/// The share of intervals that hold the truth, and of null studies called better or worse.
fn simulate(rankscales: usize, seeds: usize, shape: Shape) -> (f64, f64) {
    let mut random = ChaCha8Rng::seed_from_u64(20);
    let (mut covered, mut called) = (0, 0);
    for study in 0..STUDIES {
        // A difference of two runs with the same noise is symmetric, whatever the shape of the noise.
        let list = |random: &mut ChaCha8Rng| {
            (0..seeds).map(|_| NOISE * (shape(random) - shape(random))).collect::<Vec<f64>>()
        };
        let strata = Strata::new((0..rankscales).map(|_| list(&mut random)).collect::<Vec<_>>()).unwrap();
        let interval = bootstrap::interval(&strata, study).unwrap();
        covered += u32::from(interval.low <= 0.0 && 0.0 <= interval.high);
        let (verdict, _) = verdict::judge(Some(interval), Some(permutation::sign_flip(&strata, study)), &[]);
        called += u32::from(matches!(verdict, Verdict::Better | Verdict::Worse));
    }
    (f64::from(covered) / STUDIES as f64, f64::from(called) / STUDIES as f64)
}
