//! Prepares CIFAR-10 or CIFAR-100 from any source, verified image by image, as two parquet files.
//!
//! The data flow: [`find`] (the requested files) -> [`fetch`] (downloads, resumed) -> [`read`] (records) ->
//! [`artifacts::dataset`] (canonical order, fingerprint) -> [`mod@write`] (checked and written); [`prepare`]
//! runs it for one source after the other. All of them use [`files`] and [`disk`].
//!
//! *Invariant:* nothing but the data set is written, unless other content was explicitly accepted. If no
//! fingerprint of a data set is known, the number of images per class is checked instead, and the report says
//! so.

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

/// Does what the command line says, and reports what is there now.
///
/// # Errors
/// Whatever prevents the data from being prepared or verified, with advice if that is known.
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
    let disk = rustix::fs::statvfs(directory)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}
