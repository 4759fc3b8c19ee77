//! The prepared files: whether they are there, what they hold, how they are written.
//!
//! *Invariant:* both halves are judged before either is written, and whoever is killed between them leaves no pair of an old half and a new one.

use crate::disk::space;
use crate::files::address::Address;
use crate::files::halves::Halves;
use anyhow::{Context, Result, bail};
use artifacts::Layout;
use artifacts::atomic::{self, make_directories};
use artifacts::dataset::{Dataset, DatasetError, Header, IMAGE_BYTES, Provenance, Split};
use artifacts::lock::Lock;
use std::fmt::Write;
use std::io;
use std::path::Path;

/// What the files of the whole of CIFAR-10 may take at most, in bytes: images hardly compress.
pub const CIFAR10_BYTES: u64 = 60_000 * (IMAGE_BYTES as u64 + 100);

/// What there was to do.
#[derive(Debug)]
pub enum Outcome {
    /// Nothing: the data was there.
    Present(Halves<Header>),
    /// The files are new.
    Prepared(Halves<Header>),
}

/// What both files say about themselves, or none if either is missing.
///
/// # Errors
/// A file that is damaged or not ours.
pub fn find(layout: &Layout) -> Result<Option<Halves<Header>>, DatasetError> {
    if Split::ALL.iter().any(|split| !split.path(layout).exists()) {
        return Ok(None);
    }
    let header = |split: Split| Header::read(&split.path(layout));
    Ok(Some(Halves { train: header(Split::Train)?, test: header(Split::Test)? }))
}

/// Writes both files again without the secrets that earlier versions of this program stored with an address.
///
/// # Errors
/// A file that is damaged, or cannot be written.
pub fn conceal(layout: &Layout, found: &Halves<Header>) -> Result<Halves<Header>> {
    for (split, header) in [(Split::Train, &found.train), (Split::Test, &found.test)] {
        let Provenance::File { source, sha256 } = &header.provenance else { continue };
        let shown = Address::new(source).to_string();
        if source.contains("://") && shown != *source {
            let _held = Lock::take(&layout.data_lock())?;
            let path = split.path(layout);
            let mut dataset = Dataset::read(&path)?;
            dataset.provenance = Provenance::File { source: shown, sha256: sha256.clone() };
            dataset.write(&path)?;
        }
    }
    find(layout)?.context("the files just written are gone")
}

/// Reads both files and verifies every byte.
///
/// # Errors
/// A file that is missing or damaged, or whose rows are not what it says.
pub fn verify(layout: &Layout) -> Result<Halves<Header>> {
    let half = |split: Split| -> Result<Header> {
        let path = split.path(layout);
        Dataset::read_verified(&path)?;
        Ok(Header::read(&path)?)
    };
    Ok(Halves { train: half(Split::Train)?, test: half(Split::Test)? })
}

/// Whether a fingerprint is that of CIFAR-10.
///
/// # Errors
/// If it is not, with both.
pub fn judge(split: Split, images: usize, fingerprint: &str) -> Result<()> {
    let (name, expected) = (split.name(), split.cifar10_fingerprint());
    if fingerprint != expected {
        bail!(
            "{name}: the content fingerprint of its {images} images is {fingerprint}, expected {expected}: they are \
             not CIFAR-10's (--accept-any-content takes them nevertheless)"
        );
    }
    Ok(())
}

impl Halves<Header> {
    /// Whether these are CIFAR-10's.
    ///
    /// # Errors
    /// If they are not, with both fingerprints.
    pub fn judge(&self) -> Result<()> {
        judge(Split::Train, self.train.images, &self.train.fingerprint)?;
        judge(Split::Test, self.test.images, &self.test.fingerprint)
    }

    /// A line for each half, and one for the colours.
    #[must_use]
    pub fn report(&self, layout: &Layout) -> String {
        let mut text = String::new();
        for (split, header) in [(Split::Train, &self.train), (Split::Test, &self.test)] {
            let what = match &header.provenance {
                _ if header.fingerprint == split.cifar10_fingerprint() => "CIFAR-10, verified",
                Provenance::Generated { .. } => "GENERATED, for smoke tests only",
                Provenance::File { .. } => "NOT CIFAR-10, accepted as asked",
            };
            let from = match &header.provenance {
                Provenance::File { source, .. } => format!("from {source}"),
                Provenance::Generated { seed } => format!("from seed {seed}"),
            };
            let path = split.path(layout);
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
    /// A full disk, or whatever else the file system says.
    pub fn write(&self, layout: &Layout, available: fn(&Path) -> io::Result<u64>) -> Result<()> {
        let directory = layout.data();
        make_directories(&directory)?;
        let needed =
            [&self.train, &self.test].map(|half| half.len() * (IMAGE_BYTES + 100)).iter().sum::<usize>();
        let left = available(&directory)
            .with_context(|| format!("{}: cannot tell how much room the disk has", directory.display()))?;
        space::require(&directory, needed as u64, left)?;
        // A new half beside an old one would pass for a pair, so the old one goes first; if it is the same, it may stay.
        let old = Split::Test.path(layout);
        if !Header::read(&old).is_ok_and(|old| old.fingerprint == self.test.fingerprint) {
            atomic::remove(&old)?;
        }
        self.train.write(&Split::Train.path(layout))?;
        self.test.write(&old)?;
        Ok(())
    }
}
