//! What to compute with, on the command line.

use crate::cli::numbers;
use anyhow::ensure;
use artifacts::Backend;
use clap::Args;
use trainer::machine::device::{BackendChoice, Device, DeviceChoice};

/// What to compute with.
#[derive(Debug, Args)]
pub struct Machine {
    /// Device: auto, cpu, cuda, cuda:N or cuda:all; auto is the first GPU if there is one, and for a sweep
    /// all of them
    #[arg(long, default_value = "auto")]
    pub device: DeviceChoice,
    /// Engine: auto, tch or fused; auto is libtorch on a GPU, and on a CPU our own kernels for the networks
    /// that they support
    #[arg(long, default_value = "auto")]
    pub engine: BackendChoice,
    /// Number of CPU threads for each run, at most four per core (16 on a small machine) [default: all cores,
    /// shared by concurrent runs]
    #[arg(long, allow_negative_numbers = true, value_parser = numbers::threads())]
    pub threads: Option<usize>,
}

impl Machine {
    /// Settles on the engine of a kept run, which is repeated with no other, and where the device is open on
    /// the CPU for a run that was begun there; returns the engine.
    ///
    /// # Errors
    /// Another engine was asked for.
    pub fn settle_on(&mut self, engine: Backend, begun_on: &str) -> anyhow::Result<BackendChoice> {
        let only = BackendChoice::Only(engine);
        ensure!(
            [BackendChoice::Auto, only].contains(&self.engine),
            "--engine: the run was trained with {engine}, and is trained again with that: leave it out"
        );
        if self.device == DeviceChoice::Auto && (engine == Backend::Fused || begun_on == "cpu") {
            self.device = DeviceChoice::Only(Device::Cpu);
        }
        Ok(only)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_run_is_repeated_with_its_engine_where_it_was_begun() {
        let (cpu, gpu) = (DeviceChoice::Only(Device::Cpu), DeviceChoice::Only(Device::Cuda(0)));
        let settled = |engine, begun_on, device, asked| {
            let mut machine = Machine { device, engine: asked, threads: None };
            machine.settle_on(engine, begun_on).map(|engine| (engine, machine.device))
        };
        let (auto, open) = (BackendChoice::Auto, DeviceChoice::Auto);
        let [fused, tch] = [Backend::Fused, Backend::Tch].map(BackendChoice::Only);
        assert_eq!(settled(Backend::Fused, "cpu", open, auto).unwrap(), (fused, cpu));
        assert_eq!(settled(Backend::Tch, "cpu", open, tch).unwrap(), (tch, cpu));
        assert_eq!(settled(Backend::Tch, "cuda:0", open, auto).unwrap(), (tch, open));
        assert_eq!(settled(Backend::Tch, "cpu", gpu, auto).unwrap(), (tch, gpu));
        let message = settled(Backend::Fused, "cpu", open, tch).unwrap_err().to_string();
        assert!(message.contains("trained with fused"), "{message}");
    }
}
