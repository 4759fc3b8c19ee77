//! `trainer doctor`: what this program, as it is linked, finds on this machine.

use tch::{Cuda, Device, utils};
use trainer::provenance::{LIBTORCH, device_name};

/// Prints one finding a line.
pub fn print() {
    println!(
        "libtorch        {LIBTORCH} (MKL {}, oneDNN {}, OpenMP {})",
        yes(utils::has_mkl()),
        yes(utils::has_mkldnn()),
        yes(utils::has_openmp())
    );
    println!("processor       {}", device_name(Device::Cpu));
    println!("threads         {}", std::thread::available_parallelism().map_or(1, usize::from));
    println!("CUDA in libtorch {}", yes(utils::has_cuda()));
    let gpus = if Cuda::is_available() { Cuda::device_count() } else { 0 };
    println!("CUDA devices    {gpus}");
    for index in 0..gpus {
        println!("  cuda:{index}        {}", device_name(Device::Cuda(index as usize)));
    }
    if gpus == 0 {
        println!(
            "no GPU is used: training runs on the CPU (DEVICE=auto and DEVICE=cpu), DEVICE=cuda is an error"
        );
    }
}

fn yes(found: bool) -> &'static str {
    if found { "yes" } else { "no" }
}
