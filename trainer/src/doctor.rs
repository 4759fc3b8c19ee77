//! `trainer doctor`: what this program, as it is built, finds on this machine.

use trainer::device::Device;
use trainer::provenance::device_name;

/// Prints one finding a line.
pub fn print() {
    println!("processor       {}", device_name(Device::Cpu));
    println!("threads         {}", std::thread::available_parallelism().map_or(1, usize::from));
    println!("fused engine    {} instructions", kernels::Instructions::best().name());
    libtorch();
}

#[cfg(feature = "tch")]
fn libtorch() {
    use tch::utils;
    use trainer::torch::{LIBTORCH, gpus};
    let yes = |found: bool| if found { "yes" } else { "no" };
    println!(
        "libtorch        {LIBTORCH} (MKL {}, oneDNN {}, OpenMP {}, CUDA {})",
        yes(utils::has_mkl()),
        yes(utils::has_mkldnn()),
        yes(utils::has_openmp()),
        yes(gpus().is_some())
    );
    let gpus = gpus().unwrap_or(0);
    println!("CUDA devices    {gpus}");
    for index in 0..gpus {
        println!("  cuda:{index}        {}", device_name(Device::Cuda(index)));
    }
    if gpus == 0 {
        println!(
            "no GPU is used: training runs on the CPU (DEVICE=auto and DEVICE=cpu), DEVICE=cuda is an error"
        );
    }
}

#[cfg(not(feature = "tch"))]
fn libtorch() {
    println!(
        "libtorch        not built in: no GPU, no dense network, no half precision; ENGINE=tch brings it"
    );
}
