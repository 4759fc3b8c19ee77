//! Images per second of a training step, phase by phase, with the machine's limit beside it.
//!
//! ```text
//! cargo run --release -p kernels --example step -- [rankscale 8] [threads 2] [batch 512] [steps 7] [instructions best]
//! ```
//!
//! The limit is a measured matrix-product rate over six times the network's multiply-accumulates: forward and backward at
//! the speed of one large product.

use gemm::{Parallelism, gemm};
use kernels::{Engine, Instructions, memory_bytes};
use ndarray::ArrayD;
use network::schedule::LearningRates;
use network::{Architecture, Counts, FULL_CHANNELS, WeightDecay};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::time::Instant;

/// Rows and columns of the product that is timed.
const PRODUCT: usize = 2048;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default: usize| arguments.get(at).map_or(Ok(default), |text| text.parse());
    let (rankscale, threads) = (number(0, 8)?, number(1, 2)?);
    let (batch, steps) = (number(2, 512)?, number(3, 7)?);
    let wanted = arguments.get(4).map_or(Instructions::best().name(), String::as_str);
    let instructions = Instructions::ALL.into_iter().find(|set| set.name() == wanted);
    let instructions = instructions.ok_or("instructions: avx512, avx2, neon or scalar")?;

    let architecture = Architecture::new(rankscale.try_into()?, FULL_CHANNELS)?;
    let mut generator = ChaCha8Rng::seed_from_u64(0);
    let state = state(&architecture, &mut generator);
    let mut engine = Engine::with_instructions(architecture, &state, threads, instructions)?;
    let images: Vec<f32> = (0..batch * 3072).map(|_| generator.random_range(-1.7..1.7)).collect();
    let labels: Vec<u8> = (0..batch).map(|_| generator.random_range(0..10)).collect();
    let rates = LearningRates { factors: 1e-3, rest: 1e-3 };
    let decay = WeightDecay { factors: 5e-4, rest: 5e-4, product: 0.0 };

    let mut rate = product_rate(threads);
    let (mut seconds, mut phases) = (Vec::new(), BTreeMap::<usize, Vec<f64>>::new());
    for step in 0..steps + 2 {
        let start = Instant::now();
        engine.step(&images, &labels, rates, decay);
        if step >= 2 {
            seconds.push(start.elapsed().as_secs_f64());
            for (at, phase) in engine.phases().iter().enumerate() {
                phases.entry(at).or_default().push(phase.seconds);
            }
        }
    }
    rate = rate.max(product_rate(threads));
    let fastest = seconds.iter().copied().fold(f64::INFINITY, f64::min);
    let typical = median(&mut seconds);
    for (phase, seconds) in engine.phases().iter().zip(phases.values_mut()) {
        println!("{:>8} {:<12} {:7.2} ms", phase.pass, phase.block, 1e3 * median(seconds));
    }
    let start = Instant::now();
    engine.predict(&images, &labels);
    let predict = batch as f64 / start.elapsed().as_secs_f64();
    let limit = rate / (6.0 * Counts::of(&architecture).macs as f64);
    let speed = batch as f64 / typical;
    println!("rankscale {rankscale}, {threads} threads, batch {batch}, {}", instructions.name());
    println!("step {:.1} ms (fastest {:.1}), {speed:.0} images/s", 1e3 * typical, 1e3 * fastest);
    println!(
        "products {:.1} GFLOP/s, limit {limit:.0} images/s, reached {:.1} %",
        rate / 1e9,
        100.0 * speed / limit
    );
    println!("prediction {predict:.0} images/s");
    println!("buffers {:.0} MiB{}", memory_bytes(architecture, batch) as f64 / 1_048_576.0, peak());
    Ok(())
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Operations per second of a large float32 product on so many threads: the best of eight.
fn product_rate(threads: usize) -> f64 {
    let (a, b) = (vec![1f32; PRODUCT * PRODUCT], vec![1f32; PRODUCT * PRODUCT]);
    let mut c = vec![0f32; PRODUCT * PRODUCT];
    let (n, row) = (PRODUCT, PRODUCT as isize);
    let parallelism = if threads == 1 { Parallelism::None } else { Parallelism::Rayon(threads) };
    let mut best = 0.0f64;
    for _ in 0..8 {
        let start = Instant::now();
        // SAFETY: three square matrices of the lengths and strides given, of which only the result is written.
        unsafe {
            gemm(
                n,
                n,
                n,
                c.as_mut_ptr(),
                1,
                row,
                false,
                a.as_ptr(),
                1,
                row,
                b.as_ptr(),
                1,
                row,
                0.0,
                1.0,
                false,
                false,
                false,
                parallelism,
            );
        }
        best = best.max(2.0 * (n * n * n) as f64 / start.elapsed().as_secs_f64());
    }
    best
}

/// Weights as the recipe starts them, and untouched statistics.
fn state(architecture: &Architecture, generator: &mut ChaCha8Rng) -> BTreeMap<String, ArrayD<f32>> {
    let tensors = architecture.parameters().into_iter().chain(architecture.buffers());
    let array = |(name, shape): (String, Vec<usize>)| {
        let fan_in: usize = shape[1..].iter().product();
        let bound = 1.0 / (fan_in as f32).sqrt();
        let array = match name.rsplit('.').next() {
            Some("running_mean" | "bias") => ArrayD::zeros(shape),
            Some("running_var") => ArrayD::ones(shape),
            _ if name.contains(".bn.") => ArrayD::ones(shape),
            _ => ArrayD::from_shape_simple_fn(shape, || generator.random_range(-bound..bound)),
        };
        (name, array)
    };
    tensors.map(array).collect()
}

/// The process's largest memory so far, where the system tells.
fn peak() -> String {
    let status = fs_err::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok())
        .map_or(String::new(), |kilobytes| format!(", process {:.0} MiB at its peak", kilobytes / 1024.0))
}
