//! Simulated studies: whether intervals cover the truth as often as they say, and how often nothing is called something.
//!
//! Minutes, so they are left out unless asked for: `cargo test --release -p analysis simulation -- --ignored --nocapture`

use analysis::endpoint::images::image_by_image;
use analysis::endpoint::secondary::{Pair, secondary};
use analysis::endpoint::verdict;
use analysis::join::cells;
use analysis::stats::strata::Strata;
use analysis::stats::{bootstrap, permutation, student};
use artifacts::study::{CellRow, ClassRow, Interval, Verdict};
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

/// How often the intervals of one kind held the truth.
#[derive(Default)]
struct Coverage {
    held: u32,
    of: u32,
}

impl Coverage {
    fn add(&mut self, interval: Option<Interval>, truth: f64) {
        let interval = interval.expect("there is enough data for an interval");
        self.held += u32::from((interval.low..=interval.high).contains(&truth));
        self.of += 1;
    }

    fn share(&self) -> f64 {
        f64::from(self.held) / f64::from(self.of)
    }
}

#[test]
#[ignore = "minutes"]
fn intervals_beside_the_endpoint_cover_as_well() {
    for (rankscales, seeds) in [(3, 3), (9, 5), (30, 3)] {
        for (name, shape) in [("normal", normal as Shape), ("heavy", heavy), ("skewed", skewed)] {
            let coverages = simulate_secondary(rankscales, seeds, shape);
            println!("{rankscales} rankscales, {seeds} seeds, {name}:");
            for (interval, coverage) in &coverages {
                println!("  {interval}: {:.3}", coverage.share());
            }
            for (interval, coverage) in &coverages {
                let share = coverage.share();
                assert!((0.92..=0.98).contains(&share), "{interval}: {share}");
            }
        }
    }
}

/// Wins come in whole numbers, so that for one true share and few pairs the coverage swings around what it says; what holds is its mean
/// over shares.
#[test]
#[ignore = "minutes"]
fn the_share_of_wins_is_covered_on_average_over_true_shares() {
    let mut random = ChaCha8Rng::seed_from_u64(22);
    for pairs in [9, 15, 45] {
        let mut coverage = Coverage::default();
        for _ in 0..10 * STUDIES {
            let truth = random.random_range(0.3..0.95);
            let pair = |random: &mut ChaCha8Rng| Pair {
                rankscale: 2,
                accuracy: if random.random_bool(truth) { 0.91 } else { 0.89 },
                baseline: 0.9,
                compression: 1.0,
            };
            let study: Vec<Pair> = (0..pairs).map(|_| pair(&mut random)).collect();
            coverage.add(secondary(&study, 10_000).wins.map(|wins| wins.interval), truth);
        }
        println!("share of wins, {pairs} pairs: {:.3}", coverage.share());
        assert!((0.93..=0.97).contains(&coverage.share()), "{pairs} pairs: {}", coverage.share());
    }
}

/// Studies with a difference that grows with compression.
fn simulate_secondary(rankscales: u32, seeds: usize, shape: Shape) -> [(&'static str, Coverage); 4] {
    const EFFECT: f64 = 0.001;
    const SLOPE: f64 = 0.0005;
    let mut random = ChaCha8Rng::seed_from_u64(21);
    let compression = |rankscale: u32| f64::from(rankscale + 1).log2();
    let truth = |rankscale: u32| EFFECT + SLOPE * compression(rankscale);
    let draw = |random: &mut ChaCha8Rng, rankscale: u32| Pair {
        rankscale,
        accuracy: 0.9 + truth(rankscale) + NOISE * shape(random),
        baseline: 0.9 + NOISE * shape(random),
        compression: compression(rankscale),
    };
    let mut found = ["difference at a rankscale", "trend", "mean of a cell", "difference by class"]
        .map(|name| (name, Coverage::default()));
    for _ in 0..STUDIES {
        let pairs: Vec<Pair> =
            (0..rankscales).flat_map(|r| vec![r; seeds]).map(|r| draw(&mut random, r)).collect();
        let study = secondary(&pairs, 10_000);
        for row in &study.by_rankscale {
            found[0].1.add(row.interval, truth(row.rankscale));
        }
        found[1].1.add(study.trend.map(|trend| trend.interval), SLOPE);
        let mut rows: Vec<CellRow> = pairs.chunks(seeds).map(cell).collect();
        cells::add_intervals(&mut rows);
        for row in &rows {
            let interval = row.low.zip(row.high).map(|(low, high)| Interval { low, high, level: 0.95 });
            found[2].1.add(interval, 0.9 + truth(row.rankscale));
        }
        let classes = class_rows(&mut random, rankscales, seeds);
        let images = image_by_image(&classes.iter().collect::<Vec<_>>());
        for class in images.expect("there are images").classes {
            found[3].1.add(class.interval, 0.0);
        }
    }
    found
}

/// The arm's cell at the rankscale of some pairs.
fn cell(pairs: &[Pair]) -> CellRow {
    let values: Vec<f64> = pairs.iter().map(|pair| pair.accuracy).collect();
    CellRow {
        recipe: String::new(),
        lambda: 0.0,
        rankscale: pairs[0].rankscale,
        decay: String::new(),
        runs: values.len() as u32,
        mean: values.iter().sum::<f64>() / values.len() as f64,
        sd: student::pooled_sd([values.as_slice()]),
        low: None,
        high: None,
        min: 0.0,
        max: 1.0,
        parameters: 0,
        macs: 0,
    }
}

/// Pairs of which neither run is better at a class: each gets some of its thousand images right that the other does not.
fn class_rows(random: &mut ChaCha8Rng, rankscales: u32, seeds: usize) -> Vec<ClassRow> {
    let mut rows = Vec::new();
    for rankscale in 0..rankscales {
        for (seed, class) in (0..seeds as u64).flat_map(|seed| [3, 5].map(|class| (seed, class))) {
            let mut only = || (30.0 + 5.0 * normal(random)).max(0.0).round() as u32;
            rows.push(ClassRow {
                recipe: String::new(),
                lambda: 0.0,
                rankscale,
                seed,
                decay: String::new(),
                baseline: String::new(),
                class,
                images: 1000,
                only_arm: only(),
                only_baseline: only(),
            });
        }
    }
    rows
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
