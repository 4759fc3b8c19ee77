//! Arguments of `top`.

use artifacts::output::{print, say};
use artifacts::{Layout, clock};
use clap::Parser;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, SystemTime};
use top::read::Reader;
use top::view::desk::Desk;
use top::view::ink::Ink;
use top::{live, snapshot, terminal};

/// Show the progress of the sweep in a work folder, from its files alone.
///
/// On a terminal this is a dashboard until you press `q`. Elsewhere (`| cat`, `> file`, TERM=dumb) it is a
/// listing, printed once.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES)]
struct Arguments {
    /// Experiment: the name of one that has a plan in the folder, or the path of its file [default: that of
    /// the newest sweep]
    #[arg(long)]
    experiment: Option<String>,
    /// Seconds between two reads of the files
    #[arg(long, default_value = "2", value_parser = seconds, allow_negative_numbers = true)]
    every: Duration,
    /// Directory of all the pipeline's files.
    #[arg(long, env = "WORK", default_value = "work", value_name = "DIR")]
    work: PathBuf,
}

const EXAMPLES: &str = "Examples:
  top                      the newest sweep in work/
  top --work results/gpu   a study that is kept with the source
  top | cat                a listing, once
  NO_COLOR=1 top           without colours";

/// A width at which nothing is left out of a listing.
const LISTING_WIDTH: usize = 100;

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(signal) => ExitCode::from(if signal == 0 { 0 } else { 128 + signal as u8 }),
        Err(error) => {
            say(format_args!("top: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> io::Result<usize> {
    let variable = |key: &str| std::env::var(key).ok();
    let now = SystemTime::now();
    let desk = Desk::new(Ink::of(variable), now, clock::offset_at(now), arguments.every);
    let mut reader = Reader::new(Layout::new(arguments.work), arguments.experiment);
    if !terminal::can_be_drawn_on(variable("TERM").as_deref()) {
        let width = variable("COLUMNS").and_then(|columns| columns.parse().ok()).unwrap_or(LISTING_WIDTH);
        return print(snapshot::text(&reader.read(), &desk, width.clamp(40, 1000))).map(|()| 0);
    }
    let signal = Arc::new(AtomicUsize::new(0));
    for heard in [SIGHUP, SIGINT, SIGTERM] {
        signal_hook::flag::register_usize(heard, Arc::clone(&signal), heard as usize)?;
    }
    terminal::end_with_it(Arc::clone(&signal))?;
    live::show(reader, desk, &signal)
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds| (0.1..=604_800.0).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| "must be a number between 0.1 and 604800".to_owned())
}
