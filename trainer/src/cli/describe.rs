//! `trainer describe`.

use artifacts::{Configuration, output};
use network::{Counts, Filter};
use serde::Serialize;
use std::fmt::Write;

#[derive(Serialize)]
struct Description {
    rankscale: usize,
    channels: [usize; 4],
    #[serde(flatten)]
    counts: Counts,
}

/// Prints a network's counts, as a table or as one JSON object.
///
/// # Errors
/// Standard output cannot be written.
pub fn print(configuration: &Configuration, json: bool) -> anyhow::Result<()> {
    let counts = configuration.counts();
    if json {
        let description = Description {
            rankscale: configuration.rankscale,
            channels: configuration.recipe.channels,
            counts,
        };
        return Ok(output::print(serde_json::to_string(&description)?)?);
    }
    let mut out = String::new();
    writeln!(out, "{:<12} {:>5} {:>6} {:>5} {:>5}", "block", "in", "out", "rank", "side")?;
    for block in configuration.architecture().blocks() {
        let rank = match block.filter {
            Filter::Dense => "-".to_owned(),
            Filter::LowRank { rank } => rank.to_string(),
        };
        writeln!(out, "{:<12} {:>5} {:>6} {rank:>5} {:>5}", block.name, block.c_in, block.c_out, block.side)?;
    }
    writeln!(out)?;
    writeln!(out, "parameters                      {:>12}", counts.parameters)?;
    writeln!(
        out,
        "  depthwise-separable           {:>12}   ratio {:.4}",
        counts.separable_parameters, counts.ratio_separable
    )?;
    writeln!(
        out,
        "  full 3x3 convolutions         {:>12}   ratio {:.4}",
        counts.full_parameters, counts.ratio_full
    )?;
    write!(out, "multiply-accumulates per image  {:>12}", counts.macs)?;
    Ok(output::print(out)?)
}
