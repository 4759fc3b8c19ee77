//! Turns the lines of `just bench` into the table and the figure that the README shows.
//!
//! *Invariant:* a ratio is the median, over rounds, of the ratio of two speeds of the same round.

mod figure;

use crate::splice::spliced;
use anyhow::{Context, Result, ensure};
use artifacts::atomic;
use artifacts::bench::{Line, Measured, median};
use artifacts::words;
use std::collections::BTreeMap;
use std::path::Path;

/// The marks in a page between which the table goes; whatever stands between them is replaced.
pub const MARKS: (&str, &str) = ("<!-- table of `report bench` -->", "<!-- end of the table -->");

/// The numbers of a line that are shown.
#[derive(Debug, Clone)]
struct Row {
    images_per_second: f64,
    epoch_images_per_second: Option<f64>,
    limit_images_per_second: Option<f64>,
    peak_memory_mib: Option<f64>,
}

impl From<&Measured> for Row {
    fn from(measured: &Measured) -> Self {
        match measured {
            Measured::Ours(ours) => Self {
                images_per_second: ours.images_per_second,
                epoch_images_per_second: Some(ours.epoch_images_per_second),
                limit_images_per_second: ours.limit_images_per_second,
                peak_memory_mib: ours.peak_memory_mib,
            },
            Measured::Peer(peer) => Self {
                images_per_second: peer.images_per_second,
                epoch_images_per_second: None,
                limit_images_per_second: None,
                peak_memory_mib: Some(peer.peak_memory_mib),
            },
        }
    }
}

/// A program that was measured.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Program {
    Ours(String),
    PyTorch { variant: String, pages_kept: bool },
}

impl Program {
    fn of(measured: &Measured) -> Self {
        match measured {
            Measured::Ours(ours) => Self::Ours(ours.engine.name().to_owned()),
            Measured::Peer(peer) => {
                Self::PyTorch { variant: peer.variant.clone(), pages_kept: peer.pages_kept }
            }
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Ours(engine) => engine.clone(),
            Self::PyTorch { pages_kept: true, .. } => "PyTorch, pages kept".to_owned(),
            Self::PyTorch { variant, .. } if variant.ends_with("+compile") => "PyTorch compiled".to_owned(),
            Self::PyTorch { variant, .. } => format!("PyTorch {}", variant.replace('_', " ")),
        }
    }
}

/// The rankscale of a network, and the number of threads it was trained with.
type Case = (usize, usize);

fn case(measured: &Measured) -> Case {
    match measured {
        Measured::Ours(ours) => (ours.rankscale, ours.threads),
        Measured::Peer(peer) => (peer.rankscale, peer.threads),
    }
}

/// All lines, by case, program and round.
#[derive(Debug)]
pub struct Benchmark {
    cases: BTreeMap<Case, BTreeMap<Program, BTreeMap<u32, Row>>>,
}

impl Benchmark {
    /// Reads a file of lines.
    ///
    /// # Errors
    /// The file cannot be read, has no line, or has a line that is not of `just bench`; the message names the
    /// line.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs_err::read_to_string(path)?;
        let mut cases: BTreeMap<Case, BTreeMap<Program, BTreeMap<u32, Row>>> = BTreeMap::new();
        for (number, text) in (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
            let Line { round, measured } = Line::parse(text)
                .with_context(|| format!("{}: line {number} is not of `just bench`", path.display()))?;
            let programs = cases.entry(case(&measured)).or_default();
            programs.entry(Program::of(&measured)).or_default().insert(round, Row::from(&measured));
        }
        ensure!(!cases.is_empty(), "{}: no line", path.display());
        Ok(Self { cases })
    }

    /// Formats a row for each network, number of threads and engine of ours, with `PyTorch` beside it.
    #[must_use]
    pub fn table(&self) -> String {
        let mut rows = vec![
            "| rankscale | threads | engine | images/s | whole epoch | of the limit | memory, MiB | PyTorch as published | its best | its best, pages kept |".to_owned(),
            "| ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |".to_owned(),
        ];
        for (&(rankscale, threads), programs) in &self.cases {
            for (program, rounds) in programs {
                let Program::Ours(engine) = program else { continue };
                let of = |value: &dyn Fn(&Row) -> Option<f64>| median(rounds.values().filter_map(value));
                let share = |line: &Row| Some(line.images_per_second / line.limit_images_per_second?);
                let cells = [
                    words::network(rankscale as u32),
                    threads.to_string(),
                    format!("`{engine}`"),
                    speed(of(&|line| Some(line.images_per_second))),
                    speed(of(&|line| line.epoch_images_per_second)),
                    of(&share).map_or_else(missing, |share| format!("{} %", words::fixed(100.0 * share, 0))),
                    speed(of(&|line| line.peak_memory_mib)),
                    beside(rounds, programs, |variant, kept| variant == "contiguous" && !kept),
                    beside(rounds, programs, |_, kept| !kept),
                    beside(rounds, programs, |_, kept| kept),
                ];
                rows.push(format!("| {} |", cells.join(" | ")));
            }
        }
        rows.join("\n")
    }
}

/// Formats the fastest of the selected `PyTorch` variants, and how many times faster ours is.
fn beside(
    ours: &BTreeMap<u32, Row>,
    programs: &BTreeMap<Program, BTreeMap<u32, Row>>,
    meant: impl Fn(&str, bool) -> bool,
) -> String {
    let speeds = programs.iter().filter_map(|(program, rounds)| match program {
        Program::PyTorch { variant, pages_kept } if meant(variant, *pages_kept) => {
            Some((median(rounds.values().map(|line| line.images_per_second))?, rounds))
        }
        _ => None,
    });
    let Some((theirs, rounds)) = speeds.max_by(|a, b| a.0.total_cmp(&b.0)) else { return missing() };
    let ratios = ours
        .iter()
        .filter_map(|(round, line)| Some(line.images_per_second / rounds.get(round)?.images_per_second));
    match median(ratios) {
        Some(ratio) => format!("{} ({}x)", speed(Some(theirs)), words::fixed(ratio, 1)),
        None => missing(),
    }
}

fn speed(value: Option<f64>) -> String {
    value.map_or_else(missing, |value| words::count(value.round() as u64))
}

fn missing() -> String {
    "–".to_owned()
}

/// Reads the lines, writes the figure, and puts the table into the page.
///
/// # Errors
/// Those of [`Benchmark::read`] and [`spliced`], or a file cannot be written.
pub fn run(lines: &Path, figure: &Path, page: &Path) -> Result<()> {
    let benchmark = Benchmark::read(lines)?;
    let text = fs_err::read_to_string(page)?;
    let text = spliced(&text, MARKS, &benchmark.table()).with_context(|| page.display().to_string())?;
    atomic::write(figure, benchmark.figure())?;
    Ok(atomic::write(page, text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Benchmark> {
        let directory = tempfile::tempdir().expect("there is room for a file");
        let path = directory.path().join("bench.jsonl");
        atomic::write(&path, text).expect("there is room for a file");
        Benchmark::read(&path)
    }

    fn ours(round: u32, speed: f64) -> String {
        format!(
            r#"{{"round":{round},"engine":"fused","rankscale":8,"threads":2,"images_per_second":{speed},"epoch_images_per_second":900,"limit_images_per_second":2000,"peak_memory_mib":700.4,"device":"cpu","precision":"float32","device_memory_mib":null,"batch":512,"parameters":1,"steps":3,"step_seconds":1,"epoch_updates":3,"epoch_seconds":1,"epoch_over_steps":1,"evaluation_images_per_second":1,"product_gflops":null,"multiply_add_gflops":null,"share_of_limit":0.5,"planned_memory_mib":1}}"#
        )
    }

    fn theirs(round: u32, variant: &str, kept: bool, speed: f64) -> String {
        format!(
            r#"{{"round":{round},"engine":"pytorch","variant":"{variant}","pages_kept":{kept},"rankscale":8,"threads":2,"images_per_second":{speed},"peak_memory_mib":3000,"version":"2","device":"cpu","precision":"float32","device_memory_mib":null,"batch":512,"steps":3,"step_seconds":1,"parameters":1}}"#
        )
    }

    #[test]
    fn ratios_are_of_one_round() {
        // A slow second round slows both programs: no ratio of medians would be ten.
        let lines = [
            ours(1, 1000.0),
            ours(2, 100.0),
            ours(3, 1000.0),
            theirs(1, "contiguous", false, 50.0),
            theirs(1, "channels_last", false, 100.0),
            theirs(2, "channels_last", false, 10.0),
            theirs(3, "channels_last", false, 100.0),
            theirs(1, "channels_last", true, 400.0),
        ];
        let table = read(&lines.join("\n")).unwrap().table();
        let row = table.lines().last().unwrap();
        assert_eq!(
            row,
            "| 8 | 2 | `fused` | 1,000 | 900 | 50 % | 700 | 50 (20.0x) | 100 (10.0x) | 400 (2.5x) |"
        );
        let alone = read(&ours(1, 1234.0)).unwrap().table();
        assert!(alone.ends_with("| 700 | – | – | – |"), "{alone}");
    }

    #[test]
    fn what_is_not_a_line_is_named() {
        let error = format!("{:#}", read(&format!("{}\n{{}}", ours(1, 1.0))).unwrap_err());
        assert!(error.contains("line 2") && error.contains("missing field"), "{error}");
        assert!(read("").is_err());
    }
}
