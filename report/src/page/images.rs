//! The name of the images behind the runs that are shown, which their recipes' hashes contain by their
//! fingerprint.
//!
//! *Invariant:* images are called CIFAR-10 only if their fingerprint is that of its authors' files.

use crate::selection::Selection;
use artifacts::dataset::Task;

/// Returns whether all images of the shown runs are CIFAR-10's, whatever others the study has.
#[must_use]
pub fn are_cifar10(selection: &Selection<'_>) -> bool {
    let Some(known) = Task::Cifar10.fingerprints() else { return false };
    let recipes = selection.recipes();
    !recipes.is_empty() && recipes.iter().all(|of| of.configuration.recipe.hash(&known) == of.recipe)
}

/// Returns the data set that the runs claim, if no fingerprint is known that could verify it.
#[must_use]
pub fn unverified(selection: &Selection<'_>) -> Option<Task> {
    let task = selection.configuration()?.recipe.dataset;
    task.fingerprints().is_none().then_some(task)
}

/// Returns the name of the images, for a sentence.
#[must_use]
pub fn name(selection: &Selection<'_>) -> String {
    match unverified(selection) {
        Some(task) => format!("{} (unverified)", task.title()),
        None if are_cifar10(selection) => Task::Cifar10.title().to_owned(),
        None => "images that are not, or not all, those of CIFAR-10".to_owned(),
    }
}
