//! What can be asked for on the command line.

use crate::files::address::Address;
use crate::find::source::{HUGGING_FACE, Source};
use artifacts::dataset::Task;
use artifacts::numbers::whole;
use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::{Shell, generate};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  data-prep                                           from the mirror, or from the authors if it does not answer
  data-prep --source authors
  data-prep --source ~/Downloads/cifar-10-binary.tar.gz
  data-prep --source ~/data/cifar-10-batches-bin      the same, unpacked
  data-prep --source https://example.org/cifar10/     holding plain_text/train-00000-of-00001.parquet and test-
  data-prep --dataset cifar100                        CIFAR-100, beside CIFAR-10
  data-prep --check                                   reads the data that is there and verifies every byte
  data-prep generate --images 200 --test-images 100   generated images to test the pipeline with

Partial downloads are resumed. Whatever the source, the content must be that of CIFAR-10, image by image; the
prepared files then have the same images in the same rows, byte for byte. For CIFAR-100 no content fingerprint is known
here, only the checksums of its published files; images from other files are reported as not verified. Proxies are taken
from HTTPS_PROXY, HTTP_PROXY and NO_PROXY; certificates to trust, if not the usual ones, from SSL_CERT_FILE.";

/// Prepare CIFAR-10 as WORK/data/cifar10/{train,test}.parquet, or CIFAR-100 as WORK/data/cifar100/..., from
/// any source.
#[derive(Debug, Parser)]
#[command(name = "data-prep", version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct Arguments {
    /// Something other than preparing photographs.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What to prepare it from, and how.
    #[command(flatten)]
    pub prepare: Prepare,
}

impl Arguments {
    /// What a shell offers when the tabulator is pressed.
    #[must_use]
    pub fn completions(shell: Shell) -> String {
        let mut script = Vec::new();
        generate(shell, &mut Self::command(), "data-prep", &mut script);
        // For a program name with a hyphen, clap_complete 4.6 writes the name in two forms for bash, and
        // misses the flags of subcommands.
        String::from_utf8_lossy(&script).replace("data__subcmd__prep", "data__prep")
    }
}

/// Something other than preparing photographs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a small generated data set instead, marked as such: for smoke tests, not for results.
    Generate(Generate),
    /// Print shell completions for this program: for bash, source them; README.md says more.
    Completions {
        /// Shell to complete for.
        #[arg(value_enum)]
        shell: Shell,
    },
}

/// Where the pipeline's files lie.
#[derive(Debug, Args)]
pub struct Work {
    /// Data set to prepare: `cifar10` or `cifar100`. Each has a directory of its own, so one WORK can hold
    /// both.
    #[arg(long, default_value = "cifar10", value_name = "NAME")]
    pub dataset: Task,
    /// Directory of all the pipeline's files.
    #[arg(long, env = "WORK", default_value = "work", value_name = "DIR")]
    pub work: PathBuf,
    /// Prepare the data again, even if it is already there.
    #[arg(long)]
    pub force: bool,
}

/// Options of preparing a data set.
#[derive(Debug, Args)]
pub struct Prepare {
    /// Where the files go.
    #[command(flatten)]
    pub work: Work,
    /// Source of the images: `auto` (huggingface, then authors), `huggingface`, `authors`, or a path or URL
    /// of the authors' archive, of one of the mirror's two parquet files, or of a directory with either; or
    /// the path of the archive's folder, `cifar-10-batches-bin` or `cifar-100-binary`, or of folders of PNG
    /// files, `train/airplane/*.png` and so on. Passwords and signed queries of a URL are neither shown nor
    /// stored.
    #[arg(long, default_value = "auto", value_name = "SOURCE")]
    pub source: Source,
    /// Verify every byte of the data that is there, and prepare nothing.
    #[arg(long, conflicts_with_all = ["force", "source"])]
    pub check: bool,
    /// Accept images that are not those of the data set, as long as they are in one of its formats. Results
    /// are then about another data set.
    #[arg(long)]
    pub accept_any_content: bool,
    /// Keep the downloaded files, in WORK/data/downloads.
    #[arg(long)]
    pub keep_downloads: bool,
    /// URL of Hugging Face, or of a mirror of it.
    #[arg(long, env = "HF_ENDPOINT", hide_env_values = true, default_value = HUGGING_FACE, value_name = "URL")]
    pub hf_endpoint: Address,
}

/// Options of `generate`.
#[derive(Debug, Args)]
pub struct Generate {
    /// Where the files go.
    #[command(flatten)]
    pub work: Work,
    /// Number of training images.
    #[arg(long, allow_negative_numbers = true, default_value_t = 200, value_name = "N", value_parser = whole::<u32>(1..=50_000))]
    pub images: u32,
    /// Number of test images.
    #[arg(long, allow_negative_numbers = true, default_value_t = 100, value_name = "N", value_parser = whole::<u32>(1..=10_000))]
    pub test_images: u32,
    /// Random seed of the images; the classes are the same for every seed.
    #[arg(long, allow_negative_numbers = true, default_value_t = 0, value_parser = whole::<u64>(0..=u64::MAX))]
    pub seed: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
        let generate = Arguments::parse_from(["data-prep", "generate", "--work", "w", "--images", "5"]);
        assert!(matches!(generate.command, Some(Command::Generate(Generate { images: 5, .. }))));
        assert!(Arguments::try_parse_from(["data-prep", "--check", "--source", "authors"]).is_err());
    }
    #[test]
    fn each_number_names_its_rule() {
        for (key, rule) in [
            ("images", "between 1 and 50000"),
            ("test-images", "between 1 and 10000"),
            ("seed", "between 0 and 18446744073709551615"),
        ] {
            for value in ["-1", "nan", "inf", "1e3", "1.5", "x", "", "99999999999999999999999"] {
                // Given in one argument and in two: a negative number is not taken for an option.
                for words in [vec![format!("--{key}={value}")], vec![format!("--{key}"), value.to_owned()]] {
                    let words = ["data-prep", "generate"].map(str::to_owned).into_iter().chain(words);
                    let message = Arguments::try_parse_from(words).unwrap_err().to_string();
                    let line = message.lines().next().unwrap();
                    assert!(line.contains(&format!("--{key}")) && line.contains(value), "{line}");
                    assert!(value.is_empty() || line.contains(rule), "{line}");
                }
            }
        }
    }
}
