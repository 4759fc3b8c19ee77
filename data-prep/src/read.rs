//! The forms that CIFAR-10 comes in, each as the authors' records.

pub mod archive;
pub mod batches;
pub mod codec;
pub mod folders;
pub mod mirror;
pub mod png;
