//! `trainer doctor`: what this program, as built, finds on this machine.

use artifacts::output;
use trainer::machine::device::Device;
use trainer::run::provenance::device_name;

/// Prints one finding per line.
///
/// # Errors
/// Standard output cannot be written.
pub fn print() -> std::io::Result<()> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    output::print(format_args!(
        "processor       {}\nthreads         {threads}\nfused engine    {} instructions\n{}",
        device_name(Device::Cpu),
        kernels::Isa::best().name(),
        libtorch()
    ))
}

#[cfg(feature = "tch")]
fn libtorch() -> String {
    use tch::utils;
    use trainer::engine::torch::gpus;
    use trainer::engine::torch::version::{cuda, libtorch, tf32};
    let yes = |found: bool| if found { "yes" } else { "no" };
    let mut lines = vec![format!(
        "libtorch        {} (MKL {}, oneDNN {}, OpenMP {}, CUDA {})",
        libtorch(),
        yes(utils::has_mkl()),
        yes(utils::has_mkldnn()),
        yes(utils::has_openmp()),
        yes(gpus().is_some())
    )];
    let gpus = gpus().unwrap_or(0);
    lines.push(format!(
        "on a GPU        {}, float32: {}",
        cuda().as_deref().unwrap_or("no CUDA to ask"),
        tf32()
    ));
    lines.push(format!("CUDA devices    {gpus}"));
    lines
        .extend((0..gpus).map(|index| format!("  cuda:{index}        {}", device_name(Device::Cuda(index)))));
    if gpus == 0 {
        lines.push(
            "no GPU is used: training runs on the CPU (DEVICE=auto and DEVICE=cpu), DEVICE=cuda is an error"
                .to_owned(),
        );
    }
    lines.join("\n")
}

#[cfg(not(feature = "tch"))]
fn libtorch() -> &'static str {
    "libtorch        not built in: no GPU, no dense network, no half precision; ENGINE=tch brings it"
}
