//! What is known of the images behind a study.
//!
//! Sources of the facts about CIFAR-10: Krizhevsky 2009; Northcutt, Athalye and Mueller 2021 (arXiv
//! 2103.14749); Barz and Denzler 2020 (arXiv 1902.00423).

use crate::page::images::{are_cifar10, unverified};
use crate::page::markdown::{bullets, code, text};
use crate::selection::Selection;

/// Writes the section of known facts about the images.
#[must_use]
pub fn section(selection: &Selection<'_>) -> String {
    let mut items = Vec::new();
    if are_cifar10(selection) {
        items.push(
            "CIFAR-10 (Krizhevsky 2009, [Learning Multiple Layers of Features from Tiny Images](https://www.cs.toronto.edu/~kriz/learning-features-2009-TR.pdf)): \
             50,000 training and 10,000 test images of 32 x 32 pixels in colour, ten classes with 6,000 each. Its authors state no licence, and its images are \
             not part of what is published here."
                .to_owned(),
        );
        items.push(
            "They were taken from the web by search terms, by way of the data set Tiny Images, which its own authors withdrew in 2020 for offensive labels in \
             other parts of it; some show people, none of whom was asked."
                .to_owned(),
        );
        items.push(
            "About 0.5 % of the test labels are wrong ([Northcutt et al. 2021](https://arxiv.org/abs/2103.14749)), and about 3 % of the test images have a \
             near-duplicate among the training images ([Barz and Denzler 2020](https://arxiv.org/abs/1902.00423)). Both arms of a pair meet the same ones, so differences \
             suffer less from it than accuracies."
                .to_owned(),
        );
    } else if let Some(task) = unverified(selection) {
        items.push(format!(
            "By the runs' own word {}, {} classes; no content fingerprint of it is known here, so nothing verified that. The same is to be said of its origin as of CIFAR-10's: \
             photographs from the web, by way of Tiny Images, under no stated licence, some of persons; they are not part of what is published here.",
            task.title(),
            task.classes()
        ));
    } else {
        items.push(
            "Their fingerprint is not that of CIFAR-10, or runs saw several sets of images: they may be generated ones, made to try the pipeline, from which nothing can \
             be learnt about the world."
                .to_owned(),
        );
    }
    items.extend(
        selection
            .fingerprints()
            .into_iter()
            .take(10)
            .map(|data| format!("Content fingerprint, training and test images: {}.", code(&text(data)))),
    );
    bullets(&items)
}
