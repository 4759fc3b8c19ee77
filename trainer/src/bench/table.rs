//! A measurement as a table for people.

use crate::bench::Measured;
use artifacts::bench::Ours;
use kernels::Phase;
use std::fmt;

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Phase { pass, block, seconds } in &self.phases {
            writeln!(f, "{pass:>8} {block:<12} {:7.2} ms", 1e3 * seconds)?;
        }
        let line = &self.line;
        let Ours { rankscale, engine, device, threads, batch, .. } = line;
        writeln!(
            f,
            "rankscale {rankscale}, {} on {device}, {threads} threads, batch {batch}",
            engine.name()
        )?;
        writeln!(
            f,
            "update          {:8.1} ms  {:8.0} images/s",
            1e3 * line.step_seconds,
            line.images_per_second
        )?;
        writeln!(
            f,
            "epoch           {:8.1} s   {:8.0} images/s, {:.3} of {} updates' time",
            line.epoch_seconds, line.epoch_images_per_second, line.epoch_over_steps, line.epoch_updates
        )?;
        writeln!(f, "evaluation                  {:8.0} images/s", line.evaluation_images_per_second)?;
        if let (Some(peak), Some(limit), Some(share)) =
            (line.multiply_add_gflops, line.limit_images_per_second, line.share_of_limit)
        {
            let product = line.product_gflops.map_or_else(
                || "a matrix product's is measured by `just bench` only".to_owned(),
                |product| format!("a matrix product's {product:.1}"),
            );
            writeln!(f, "limit                       {limit:8.0} images/s; reached {:.1} %", 100.0 * share)?;
            writeln!(f, "multiply-adds   {peak:8.1} GFLOP/s; {product}")?;
        }
        write!(f, "memory planned  {:8.0} MiB", line.planned_memory_mib)?;
        if let Some(taken) = line.device_memory_mib {
            write!(f, ", taken of {}'s {taken:.0} MiB", line.device)?;
        }
        line.peak_memory_mib.map_or(Ok(()), |peak| write!(f, ", the process's peak {peak:.0} MiB"))
    }
}
