//! A folder for each class, with a PNG file for each image: `train/airplane/*.png` and so on.
//!
//! Names of files do not matter: the canonical order is that of the content, which is then judged as that of any other source.
//!
//! *Invariant:* a directory is taken only if both halves have a folder for each of the ten classes, with images and nothing else in it.

use crate::files::halves::Halves;
use crate::read::png;
use anyhow::{Context, Result, bail, ensure};
use artifacts::Sha256Sum;
use artifacts::dataset::{CLASS_NAMES, IMAGE_BYTES, Split};
use fs_err as fs;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// In one folder: ten times what CIFAR-10 has, so that a strange one ends in an error and not in a full memory.
const MOST_IMAGES: usize = 50_000;

/// The directory with `train` and `test` that a path stands for: itself.
///
/// # Errors
/// Some of the folders are there, but not all.
pub fn find(path: &Path) -> Result<Option<PathBuf>> {
    let missing: Vec<String> = names().filter(|name| !path.join(name).is_dir()).collect();
    if missing.len() == names().count() {
        return Ok(None);
    }
    ensure!(
        missing.is_empty(),
        "{}: has folders of CIFAR-10's classes, but no {}: put all twenty there, or give cifar-10-binary.tar.gz",
        path.display(),
        missing.join(", no ")
    );
    Ok(Some(path.to_owned()))
}

fn names() -> impl Iterator<Item = String> {
    Split::ALL.into_iter().flat_map(|split| CLASS_NAMES.map(|class| format!("{}/{class}", split.name())))
}

/// The records of all images, and the SHA-256 of all of them one after the other, folder by folder, in the order of their names.
///
/// # Errors
/// A folder without images or with something else in it; an image that is not 32x32 RGB.
pub fn read(directory: &Path) -> Result<(Halves<Vec<u8>>, Sha256Sum)> {
    let mut hash = Sha256::new();
    let mut half = |split: Split| -> Result<Vec<u8>> {
        let mut records = Vec::new();
        for (label, class) in (0..).zip(CLASS_NAMES) {
            for file in images(&directory.join(split.name()).join(class))? {
                let planes = png::decode(&fs::read(&file)?).with_context(|| file.display().to_string())?;
                records.push(label);
                records.extend_from_slice(&planes);
                hash.update(planes);
            }
        }
        Ok(records)
    };
    let records = Halves { train: half(Split::Train)?, test: half(Split::Test)? };
    Ok((records, Sha256Sum(hash.finalize().into())))
}

/// The files of a folder in the order of their names, without those that file managers hide there.
fn images(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') || name.eq_ignore_ascii_case("thumbs.db") {
            continue;
        }
        if !path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png")) {
            bail!("{}: is no PNG: take everything else out of the folders of classes", path.display());
        }
        files.push(path);
    }
    let count = files.len();
    ensure!(
        (1..=MOST_IMAGES).contains(&count),
        "{}: has {count} images, expected 1 to {MOST_IMAGES} of {IMAGE_BYTES} bytes: copy it again",
        folder.display()
    );
    files.sort();
    Ok(files)
}
