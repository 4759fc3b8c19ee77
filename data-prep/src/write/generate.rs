//! The generated stand-in for smoke tests, in the same files as the real data.

use crate::disk::leftovers;
use crate::files::halves::Halves;
use crate::write::prepared::{self, Outcome};
use anyhow::{Context, Result, bail, ensure};
use artifacts::Layout;
use artifacts::dataset::{Dataset, Header, Provenance, Split, Task};
use artifacts::lock::Lock;
use artifacts::reading::is_there;
use std::io;
use std::path::Path;

/// The ASCII text "test": it makes the seed of the test images differ from that of the training images.
const TEST_SEED: u64 = 0x7465_7374;

/// Writes generated images, unless they or photographs are there.
///
/// # Errors
/// Data that was not generated is there and `force` is not given, or the disk is full.
pub fn generate(
    layout: &Layout,
    task: Task,
    images: Halves<usize>,
    seed: u64,
    force: bool,
    available: fn(&Path) -> io::Result<u64>,
) -> Result<Outcome> {
    for split in Split::ALL {
        let path = layout.images(task, split);
        if force || !is_there(&path)? {
            continue;
        }
        let replace = "generate elsewhere with --work, or replace them with --force";
        let header =
            Header::read_of(&path, task).with_context(|| format!("what is there is unknown: {replace}"))?;
        if !is_generated(&header) {
            bail!("{}: holds real images; {replace}", path.display());
        }
    }
    if !force && let Some(found) = prepared::find(layout, task)? {
        let sizes = (found.train.images, found.test.images) == (images.train, images.test);
        if sizes
            && found.train.provenance == (Provenance::Generated { seed })
            && belong_together(&found).is_ok()
        {
            leftovers::tidy(layout, task);
            return Ok(Outcome::Present(found));
        }
    }
    let held = Lock::take(&layout.data_lock(task))?;
    leftovers::sweep(&held, &layout.data(task), false)?;
    let test = Dataset::generated(task, images.test, seed ^ TEST_SEED);
    let datasets = Halves { train: Dataset::generated(task, images.train, seed), test };
    datasets.write(layout, available)?;
    Ok(Outcome::Prepared(prepared::find(layout, task)?.context("the files just written are gone")?))
}

/// Checks that both halves were generated from one seed, or that neither was generated.
///
/// # Errors
/// They do not belong together; the message says what to do.
pub fn belong_together(found: &Halves<Header>) -> Result<()> {
    let pair = match (&found.train.provenance, &found.test.provenance) {
        (Provenance::Generated { seed: train }, Provenance::Generated { seed: test }) => {
            *test == train ^ TEST_SEED
        }
        (train, test) => {
            let generated = |it: &Provenance| matches!(it, Provenance::Generated { .. });
            !generated(train) && !generated(test)
        }
    };
    ensure!(
        pair,
        "the training images and the test images do not belong together, as two data sets of which each was written in part: \
         write both again with --force"
    );
    Ok(())
}

fn is_generated(header: &Header) -> bool {
    matches!(header.provenance, Provenance::Generated { .. })
}
