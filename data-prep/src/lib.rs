//! CIFAR-10 or CIFAR-100 from any source, verified image by image, as two parquet files.
//!
//! The way of the data: [`find`] (which files were asked for) -> [`fetch`] (from servers, resumed) -> [`read`] (records) ->
//! [`artifacts::dataset`] (canonical order, fingerprint) -> [`mod@write`] (judged and written); [`prepare`] goes it, for one source after the
//! other. All of them speak of [`files`] and [`disk`].
//!
//! *Invariant:* nothing is written that is not the data set, unless it was asked for by name. Where no fingerprint of a data set is known, the
//! number of images of each class is what it is held to, and the report says so.

pub mod arguments;
pub mod disk;
pub mod fetch;
pub mod files;
pub mod find;
pub mod prepare;
pub mod read;
pub mod write;

pub use arguments::Arguments;

use anyhow::Result;
use arguments::{Command, Generate, Prepare};
use artifacts::Layout;
use disk::space;
use fetch::retry::RetryPolicy;
use files::halves::Halves;
use find::source::Origins;
use prepare::Options;
use std::io;
use std::path::Path;
use write::generate;
use write::prepared::{self, Outcome};

/// Does what the command line says, and tells what there is now.
///
/// # Errors
/// Whatever keeps the data from being prepared or verified, with what to do about it where that is known.
pub fn run(arguments: Arguments) -> Result<String> {
    let (layout, outcome) = match arguments.command {
        Some(Command::Completions { shell }) => return Ok(Arguments::completions(shell)),
        Some(Command::Generate(Generate { work, images, test_images, seed })) => {
            let layout = Layout::new(&work.work);
            let images = Halves { train: images as usize, test: test_images as usize };
            let outcome = generate::generate(&layout, work.dataset, images, seed, work.force, available);
            (layout, outcome)
        }
        None => {
            let layout = Layout::new(&arguments.prepare.work.work);
            if arguments.prepare.check {
                return check(&layout, &arguments.prepare);
            }
            let outcome = prepare(&layout, &arguments.prepare);
            (layout, outcome)
        }
    };
    Ok(match outcome.map_err(|error| space::advise(error, layout.root()))? {
        Outcome::Present(found) => {
            format!("{}\nalready there: nothing to do (--check verifies every byte)", found.report(&layout))
        }
        Outcome::Prepared(found) => found.report(&layout),
    })
}

fn check(layout: &Layout, arguments: &Prepare) -> Result<String> {
    let found = prepared::verify(layout, arguments.work.dataset)?;
    generate::belong_together(&found)?;
    if !arguments.accept_any_content {
        found.judge()?;
    }
    Ok(format!("{}\nevery byte is as it should be", found.report(layout)))
}

fn prepare(layout: &Layout, arguments: &Prepare) -> Result<Outcome> {
    let options = Options {
        task: arguments.work.dataset,
        force: arguments.work.force,
        accept_any_content: arguments.accept_any_content,
        keep_downloads: arguments.keep_downloads,
        retry: RetryPolicy::default(),
        available,
    };
    prepare::prepare(
        layout,
        &arguments.source.candidates(&Origins::published(options.task, &arguments.hf_endpoint)),
        &options,
    )
}

fn available(directory: &Path) -> io::Result<u64> {
    fs4::available_space(directory)
}
