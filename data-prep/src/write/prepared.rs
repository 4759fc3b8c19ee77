//! The prepared files: finding, verifying and writing them.
//!
//! *Invariant:* both halves are checked before either is written, and a kill between them never leaves an old
//! half paired with a new one.

use crate::disk::space;
use crate::files::halves::Halves;
use crate::find::source::is_published;
use anyhow::{Context, Result, bail, ensure};
use artifacts::Layout;
use artifacts::atomic::{self, make_directories};
use artifacts::dataset::{Dataset, DatasetError, Header, IMAGE_BYTES, Provenance, Split, Task};
use artifacts::reading::is_there;
use std::fmt::Write;
use std::io;
use std::path::Path;

/// Returns an upper bound of the size of a whole data set's files in bytes: images hardly compress.
#[must_use]
pub fn most_bytes(task: Task) -> u64 {
    Split::ALL.map(|split| task.images(split) as u64).iter().sum::<u64>() * (IMAGE_BYTES as u64 + 100)
}

/// The outcome of a preparation.
#[derive(Debug)]
pub enum Outcome {
    /// The data was already there.
    Present(Halves<Header>),
    /// The files are new.
    Prepared(Halves<Header>),
}

/// Returns the headers of both files; `None` if either file is missing.
///
/// # Errors
/// A file is damaged or not ours.
pub fn find(layout: &Layout, task: Task) -> Result<Option<Halves<Header>>, DatasetError> {
    for split in Split::ALL {
        if !is_there(&layout.images(task, split))? {
            return Ok(None);
        }
    }
    let header = |split: Split| Header::read_of(&layout.images(task, split), task);
    Ok(Some(Halves { train: header(Split::Train)?, test: header(Split::Test)? }))
}

/// Reads both files and verifies every byte.
///
/// # Errors
/// A file is missing or damaged, or its rows do not match its metadata.
pub fn verify(layout: &Layout, task: Task) -> Result<Halves<Header>> {
    let half = |split: Split| -> Result<Header> {
        let path = layout.images(task, split);
        Dataset::read_verified_of(&path, task)?;
        Ok(Header::read_of(&path, task)?)
    };
    Ok(Halves { train: half(Split::Train)?, test: half(Split::Test)? })
}

/// Checks that images are those of their data set: by their fingerprint or, if none is known, by the number
/// of images per class.
///
/// # Errors
/// They are not; the message says what was found and what was expected.
pub fn judge(split: Split, dataset: &Dataset) -> Result<()> {
    let task = dataset.task;
    judge_header(split, task, dataset.len(), &dataset.fingerprint)?;
    if task.fingerprint(split).is_none() {
        let expected = task.images(split) / task.classes();
        let mut images = vec![0; task.classes()];
        dataset.labels.iter().for_each(|&label| images[usize::from(label)] += 1);
        for (found, name) in images.into_iter().zip(task.class_names()) {
            ensure!(
                found == expected,
                "{}: {found} images of class {name}, expected {expected}: they are not {task}'s (--accept-any-content takes them \
                 nevertheless)",
                split.name()
            );
        }
    }
    Ok(())
}

fn judge_header(split: Split, task: Task, images: usize, fingerprint: &str) -> Result<()> {
    let name = split.name();
    match task.fingerprint(split) {
        Some(expected) if fingerprint != expected => bail!(
            "{name}: the content fingerprint of its {images} images is {fingerprint}, expected {expected}: they are \
             not {task}'s (--accept-any-content takes them nevertheless)"
        ),
        None if images != task.images(split) => bail!(
            "{name}: {images} images, expected {}: they are not {task}'s (--accept-any-content takes them nevertheless)",
            task.images(split)
        ),
        _ => Ok(()),
    }
}

/// Describes the images of a half, and how they were verified.
fn kind(split: Split, header: &Header) -> String {
    let task = header.task;
    match (&header.provenance, task.fingerprint(split)) {
        (_, Some(known)) if known == header.fingerprint => format!("{task}, verified"),
        (Provenance::Generated { .. }, _) => "GENERATED, for smoke tests only".to_owned(),
        (Provenance::File { sha256, .. }, None) if is_published(task, split, sha256) => {
            format!("{task}, verified by the sum of its file")
        }
        (_, None) if header.images == task.images(split) => {
            format!("{task} by its source's word: no fingerprint of it is known here")
        }
        _ => format!("NOT {task}, accepted as asked"),
    }
}

impl Halves<Header> {
    /// Checks that these are the images of the data set, as far as a file's header tells.
    ///
    /// # Errors
    /// They are not; the message has both fingerprints.
    pub fn judge(&self) -> Result<()> {
        let half = |split: Split, it: &Header| {
            ensure!(
                !matches!(it.provenance, Provenance::Generated { .. }),
                "{}: generated images, and not {}'s (--accept-any-content takes them nevertheless)",
                split.name(),
                it.task
            );
            judge_header(split, it.task, it.images, &it.fingerprint)
        };
        half(Split::Train, &self.train)?;
        half(Split::Test, &self.test)
    }

    /// Formats one line for each half, and one for the moments of the colours.
    #[must_use]
    pub fn report(&self, layout: &Layout) -> String {
        let mut text = String::new();
        for (split, header) in [(Split::Train, &self.train), (Split::Test, &self.test)] {
            let from = match &header.provenance {
                Provenance::File { source, .. } => format!("from {source}"),
                Provenance::Generated { seed } => format!("from seed {seed}"),
            };
            let (path, what) = (layout.images(header.task, split), kind(split, header));
            writeln!(text, "{}: {} images, {what}, {from}", path.display(), header.images)
                .expect("strings take every text");
        }
        let show = |values: [f64; 3]| values.map(|value| format!("{value:.4}")).join(" ");
        let moments = self.train.moments;
        write!(
            text,
            "mean of red, green, blue: {}; standard deviation: {}",
            show(moments.mean),
            show(moments.std)
        )
        .expect("strings take every text");
        text
    }
}

impl Halves<Dataset> {
    /// Writes both files.
    ///
    /// # Errors
    /// The disk is full, or another error of the file system.
    pub fn write(&self, layout: &Layout, available: fn(&Path) -> io::Result<u64>) -> Result<()> {
        let task = self.train.task;
        let directory = layout.data(task);
        make_directories(&directory)?;
        let needed =
            [&self.train, &self.test].map(|half| half.len() * (IMAGE_BYTES + 100)).iter().sum::<usize>();
        let left = available(&directory)
            .with_context(|| format!("{}: cannot tell how much room the disk has", directory.display()))?;
        space::require(&directory, needed as u64, left)?;
        // A new half beside an old one would be taken for a pair, so the old one is removed first, unless it
        // is the same.
        let old = layout.images(task, Split::Test);
        if !Header::read(&old).is_ok_and(|old| old.fingerprint == self.test.fingerprint) {
            atomic::remove(&old)?;
        }
        self.train.write(&layout.images(task, Split::Train))?;
        self.test.write(&old)?;
        Ok(())
    }
}
