//! The roofline: the nominal limit that a processor sets, and the measured rate of a large matrix product of
//! a library.
//!
//! The library takes as long to compile as the trainer, and only benchmarks need it, so it needs the feature
//! `roofline`.

/// Returns the images per second that products at this rate would allow by the customary count: an update
/// takes six operations for each multiply-accumulate of an image, two of them forward and four backward.
#[must_use]
pub fn most_images_per_second(flops: f64, macs: u64) -> f64 {
    flops / (6.0 * macs as f64)
}

/// Returns `None`: this build lacks the feature `roofline`.
#[cfg(not(feature = "roofline"))]
#[must_use]
pub fn matmul_flops(_threads: usize, _times: usize) -> Option<f64> {
    None
}

/// Returns the floating-point operations per second of a float32 product of two 2048 x 2048 matrices on
/// `threads` threads: the best of `times` measurements. `None` without the feature `roofline`.
#[cfg(feature = "roofline")]
#[must_use]
pub fn matmul_flops(threads: usize, times: usize) -> Option<f64> {
    use gemm::{Parallelism, gemm};
    use std::time::Instant;

    /// Rows and columns of the timed matrices.
    const SIDE: usize = 2048;
    let (a, b) = (vec![1f32; SIDE * SIDE], vec![1f32; SIDE * SIDE]);
    let mut c = vec![0f32; SIDE * SIDE];
    let (n, row) = (SIDE, SIDE as isize);
    let parallelism = if threads == 1 { Parallelism::None } else { Parallelism::Rayon(threads) };
    let mut best = 0.0f64;
    for _ in 0..times {
        let start = Instant::now();
        // SAFETY: three square matrices of the lengths and strides given, of which only the result is
        // written.
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
    Some(best)
}
