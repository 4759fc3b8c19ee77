//! CIFAR-10 from any source, verified image by image, as two parquet files.
//!
//! The way of the data: [`source`] (what was asked for) -> [`locate`] (which files that is) -> [`download`] (over
//! [`http`], resumed) -> [`archive`], [`batches`] or [`huggingface`] (records) -> [`artifacts::dataset`]
//! (canonical order, fingerprint) -> [`prepared`] (judged and written).
//!
//! *Invariant:* nothing is written that is not CIFAR-10, unless it was asked for by name.

pub mod address;
pub mod archive;
pub mod arguments;
pub mod batches;
pub mod body;
pub mod codec;
pub mod content;
pub mod disk;
pub mod download;
pub mod generate;
pub mod http;
pub mod huggingface;
pub mod locate;
pub mod lock;
pub mod place;
pub mod prepare;
pub mod prepared;
pub mod progress;
pub mod source;
pub mod verify;

pub use arguments::Arguments;

use anyhow::Result;
use arguments::{Command, Generate, Prepare};
use artifacts::Layout;
use prepare::{Options, Outcome};
use source::{Halves, Origins};
use std::io;
use std::path::Path;

/// Does what the command line says, and tells what there is now.
///
/// # Errors
/// Whatever keeps the data from being prepared or verified, with what to do about it where that is known.
pub fn run(arguments: Arguments) -> Result<String> {
    let layout = match &arguments.command {
        Some(Command::Generate(generate)) => Layout::new(&generate.work.work),
        None => Layout::new(&arguments.prepare.work.work),
    };
    let outcome = match arguments.command {
        None if arguments.prepare.check => return check(&layout, &arguments.prepare),
        None => prepare(&layout, &arguments.prepare),
        Some(Command::Generate(Generate { work, images, test_images, seed })) => {
            let images = Halves { train: images as usize, test: test_images as usize };
            generate::generate(&layout, images, seed, work.force, available)
        }
    };
    Ok(match outcome.map_err(|error| disk::advise(error, layout.root()))? {
        Outcome::Present(found) => {
            format!("{}\nalready there: nothing to do (--check verifies every byte)", found.report(&layout))
        }
        Outcome::Prepared(found) => found.report(&layout),
    })
}

fn check(layout: &Layout, arguments: &Prepare) -> Result<String> {
    let found = prepared::verify(layout)?;
    if !arguments.accept_any_content {
        found.judge()?;
    }
    Ok(format!("{}\nevery byte is as it should be", found.report(layout)))
}

fn prepare(layout: &Layout, arguments: &Prepare) -> Result<Outcome> {
    let options = Options {
        force: arguments.work.force,
        accept_any_content: arguments.accept_any_content,
        keep_downloads: arguments.keep_downloads,
        patience: http::Patience::default(),
        available,
    };
    prepare::prepare(
        layout,
        &arguments.source.candidates(&Origins::published(&arguments.hf_endpoint)),
        &options,
    )
}

fn available(directory: &Path) -> io::Result<u64> {
    fs4::available_space(directory)
}
