//! A folder for each class, with a PNG file for each image: `train/airplane/*.png` and so on.
//!
//! Names of files do not matter: the canonical order is that of the content, which is then judged as that of any other source.
//!
//! *Invariant:* a directory is taken only if both halves have a folder for each class of the data set, with images and nothing else in it.

use crate::files::binary::BinaryVersion;
use crate::files::halves::Halves;
use crate::read::png;
use anyhow::{Context, Result, bail, ensure};
use artifacts::Sha256Sum;
use artifacts::dataset::{IMAGE_BYTES, Split, Task};
use fs_err as fs;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// Most of one folder: ten times what CIFAR-10 has, so that a strange one ends in an error and not in a full memory.
const MOST_IMAGES: usize = 50_000;
/// Folders that are named where they are missing.
const MOST_NAMED: usize = 10;

/// The directory with `train` and `test` that a path stands for: itself.
///
/// # Errors
/// Some of the folders are there, but not all.
pub fn find(path: &Path, task: Task) -> Result<Option<PathBuf>> {
    let missing: Vec<String> = names(task).filter(|name| !path.join(name).is_dir()).collect();
    if missing.len() == names(task).count() {
        return Ok(None);
    }
    ensure!(
        missing.is_empty(),
        "{}: has folders of {task}'s classes, but no {}{}: put all {} there, or give {}",
        path.display(),
        missing.iter().take(MOST_NAMED).map(String::as_str).collect::<Vec<_>>().join(", no "),
        if missing.len() > MOST_NAMED { " and others" } else { "" },
        2 * task.classes(),
        BinaryVersion::of(task).archive
    );
    Ok(Some(path.to_owned()))
}

fn names(task: Task) -> impl Iterator<Item = String> {
    let folder = |split: Split| move |class: &&str| format!("{}/{class}", split.name());
    Split::ALL.into_iter().flat_map(move |split| task.class_names().iter().map(folder(split)))
}

/// The records of all images, and the SHA-256 of all of them one after the other, folder by folder, in the order of their names.
///
/// # Errors
/// A folder without images or with something else in it; an image that is not 32x32 RGB.
pub fn read(directory: &Path, task: Task) -> Result<(Halves<Vec<u8>>, Sha256Sum)> {
    let mut hash = Sha256::new();
    let mut half = |split: Split| -> Result<Vec<u8>> {
        let mut records = Vec::new();
        for (label, class) in (0..).zip(task.class_names()) {
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
