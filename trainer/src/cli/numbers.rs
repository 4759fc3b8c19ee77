//! Parsers for numbers on the command line, each with its bounds and one rule that an error can name.

use anyhow::ensure;
pub use artifacts::numbers::whole;
use clap::builder::TypedValueParser;
use std::num::NonZeroUsize;
use trainer::sweep::Jobs;

/// Returns the largest sensible number of threads on a machine with `cores` cores: with more threads than
/// cores they wait for each other; a few times as many still train, but thousands never finish an epoch. A
/// small machine accepts 16, so that the settings of a larger one work there.
pub const fn most_threads(cores: usize) -> usize {
    if cores > 4 { 4 * cores } else { 16 }
}

/// Parses the number of threads of a run.
pub fn threads() -> impl TypedValueParser<Value = usize> {
    whole(1..=most_threads(cores()) as u64)
}

/// Parses `auto`, or a number of jobs, at most as many as threads are allowed.
pub fn jobs(text: &str) -> Result<Jobs, String> {
    let most = most_threads(cores());
    match text.parse::<NonZeroUsize>() {
        _ if text == "auto" => Ok(Jobs::Auto),
        Ok(jobs) if jobs.get() <= most => Ok(Jobs::Exactly(jobs)),
        _ => Err(format!("must be auto or a whole number between 1 and {most}")),
    }
}

/// Checks the number of threads of all jobs together.
///
/// # Errors
/// All jobs together have more threads than one job may have.
pub fn together(jobs: Jobs, threads: Option<usize>) -> anyhow::Result<()> {
    let (Jobs::Exactly(jobs), Some(threads)) = (jobs, threads) else { return Ok(()) };
    let (all, most) = (jobs.get() * threads, most_threads(cores()));
    ensure!(
        all <= most,
        "--threads {threads} with --jobs {jobs}: {all} threads together, must be at most {most} on this machine"
    );
    Ok(())
}

/// Parses a rankscale, 0 or a divisor; the network checks its upper bound.
pub fn rankscale(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| {
        "must be 0 (dense) or a whole number, at most the channels of the widest layer".to_owned()
    })
}

/// Parses a finite number above zero.
pub fn positive(text: &str) -> Result<f64, String> {
    number(text, |value| value > 0.0).ok_or_else(|| "must be a positive number".to_owned())
}

/// Parses a finite number that is not negative.
pub fn zero_or_positive(text: &str) -> Result<f64, String> {
    number(text, |value| value >= 0.0).ok_or_else(|| "must be zero or a positive number".to_owned())
}

fn number(text: &str, holds: fn(f64) -> bool) -> Option<f64> {
    text.parse().ok().filter(|value: &f64| value.is_finite() && holds(*value))
}

/// Parses 0 or 1.
pub fn switch(text: &str) -> Result<bool, String> {
    match text {
        "0" => Ok(false),
        "1" => Ok(true),
        _ => Err("must be 0 or 1".to_owned()),
    }
}

/// Returns the number of processors that this process may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::arguments::{Arguments, Command};
    use artifacts::{Configuration, Precision, Recipe};
    use clap::{CommandFactory, Parser};
    use kernels::Isa;

    #[test]
    fn each_key_names_its_rule() {
        Arguments::command().debug_assert();
        let wrong = [
            ("seed", "-1 x 1.5 9223372036854775808 99999999999999999999999"),
            ("epochs", "-1 0 100001 1e3"),
            ("batch", "-1 0 1 65537"),
            ("peak-learning-rate", "-1 0 nan inf x 1e999"),
            ("lambda", "-1 -1e-9 nan -inf x"),
            ("train-images", "-1 0 x 18446744073709551616"),
            ("test-images", "-1 0 x"),
            ("channels", "-1,2,3,4 0,2,3,4 1,2,3,4097 x"),
            ("threads", "-1 0 x 100000 18446744073709551615"),
        ];
        for (key, value) in
            wrong.iter().flat_map(|(key, values)| values.split(' ').map(move |value| (key, value)))
        {
            let word = format!("--{key}={value}");
            let error = Arguments::try_parse_from(["trainer", "train", "--rankscale=8", &word]).unwrap_err();
            let message = error.to_string();
            let line = message.lines().next().unwrap();
            assert!(line.contains(&format!("--{key}")) && line.contains("must be"), "{word}: {line}");
        }
        for (key, values) in [("jobs", "-1 0 x 100000"), ("jobs-per-device", "-1 0 x 100000")] {
            for value in values.split(' ') {
                // The value may also be a separate argument: a negative number is not taken for an option.
                let error =
                    Arguments::try_parse_from(["trainer", "sweep", &format!("--{key}"), value]).unwrap_err();
                assert!(error.to_string().contains("must be"), "{error}");
            }
        }
    }

    #[test]
    fn a_sweep_waits_where_it_is_asked_to() {
        let parsed = |words: &[&str]| {
            let words = ["trainer", "sweep"].iter().chain(words);
            Arguments::try_parse_from(words).map_err(|error| error.to_string()).map(|arguments| {
                let Command::Sweep(sweep) = arguments.command else { panic!("a sweep") };
                sweep.wait
            })
        };
        assert_eq!(parsed(&[]), Ok(false));
        assert_eq!(
            (parsed(&["--wait"]), parsed(&["--wait=1"]), parsed(&["--wait=0"])),
            (Ok(true), Ok(true), Ok(false))
        );
        let message = parsed(&["--wait=yes"]).unwrap_err();
        assert!(message.contains("'--wait[=<0|1>]': must be 0 or 1"), "{message}");
    }

    #[test]
    fn the_bounds_themselves_are_allowed() {
        for word in
            ["--seed=0", "--seed=9223372036854775807", "--epochs=100000", "--threads=16", "--lambda=0"]
        {
            assert!(Arguments::try_parse_from(["trainer", "train", "--rankscale=8", word]).is_ok(), "{word}");
        }
    }

    #[test]
    fn a_few_threads_a_core_are_allowed_and_jobs_share_them() {
        assert_eq!([1, 4, 5, 64].map(most_threads), [16, 16, 20, 256]);
        let (most, exactly) = (most_threads(cores()), |jobs| Jobs::Exactly(NonZeroUsize::new(jobs).unwrap()));
        assert!(together(exactly(1), Some(most)).is_ok() && together(exactly(most), Some(1)).is_ok());
        assert!(together(exactly(most), None).is_ok() && together(Jobs::Auto, Some(most)).is_ok());
        let message = together(exactly(most / 2), Some(3)).unwrap_err().to_string();
        assert!(
            message.contains(&format!("{} threads together, must be at most {most}", most / 2 * 3)),
            "{message}"
        );
    }

    #[test]
    fn a_repair_sets_runs_aside_only_where_it_is_asked_to() {
        let sets_aside = |words: &[&str]| {
            let words = ["trainer", "repair"].iter().chain(words);
            let Command::Repair(repair) = Arguments::try_parse_from(words).unwrap().command else {
                panic!("a repair")
            };
            repair.retrain
        };
        assert!(["--retrain", "--retrain=1", "--retrain=true"].iter().all(|word| sets_aside(&[word])));
        assert!(
            !sets_aside(&[]) && ["--retrain=0", "--retrain=false"].iter().all(|word| !sets_aside(&[word]))
        );
    }

    #[test]
    fn a_benchmark_is_of_the_network_that_is_named() {
        let words = "trainer bench --rankscale 4 --batch 64 --precision fp16 --isa avx2";
        let Command::Bench(bench) = Arguments::try_parse_from(words.split(' ')).unwrap().command else {
            panic!("a benchmark")
        };
        let recipe = Recipe { batch: 64, precision: Precision::Fp16, ..Recipe::default() };
        let named = Configuration { recipe, rankscale: 4, ..Configuration::default() };
        assert_eq!((bench.configuration().unwrap(), bench.isa), (named, Some(Isa::Avx2)));
    }
}
