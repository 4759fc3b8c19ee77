//! Folders of images: one folder per class, with one PNG file per image, such as `train/airplane/*.png`.
//!
//! File names do not matter: the canonical order is that of the content, which is then checked as that of any
//! other source.
//!
//! *Invariant:* a directory is accepted only if both halves have a folder for each class of the data set,
//! with images and nothing else in it.

use crate::files::binary::BinaryVersion;
use crate::files::halves::Halves;
use crate::read::png;
use anyhow::{Context, Result, bail, ensure};
use artifacts::Sha256Sum;
use artifacts::dataset::{IMAGE_BYTES, Split, Task};
use fs_err as fs;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// The largest number of images of one folder: ten times CIFAR-10's, so that an unexpected folder ends in an
/// error instead of filling the memory.
const MOST_IMAGES: usize = 50_000;
/// The largest number of missing folders that are named.
const MOST_NAMED: usize = 10;

/// Returns the path if it is a directory with `train` and `test`.
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

/// Reads the records of all images, and computes the SHA-256 of their concatenated colour planes, folder by
/// folder, sorted by name.
///
/// # Errors
/// A folder has no images or contains something else, or an image is not 32x32 RGB.
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

/// Returns the files of a folder, sorted by name, without hidden files of file managers.
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
