//! Runs on a tiny generated data set: files, resume, stop, and what must be refused.

#![allow(clippy::unwrap_used, reason = "a test stops where it stands")]

mod advice;
mod arms;
#[cfg(feature = "tch")]
mod broken_off;
mod elsewhere;
#[path = "../../../artifacts/tests/equipped/mod.rs"]
mod equipped;
mod files;
mod foreign;
mod hundred;
mod looks;
mod output;
mod repair;
mod resume;
mod retrain;
mod seal;
mod signals;
mod slurm;
mod sweep;
#[cfg(feature = "tch")]
mod torch;
mod validation;

use artifacts::dataset::{Dataset, Split, Task};
use artifacts::run::RunFolder;
use artifacts::{Backend, Configuration, Layout, Recipe};
use std::path::Path;
use std::sync::LazyLock;
use trainer::machine::device::Device;
use trainer::machine::progress::Screen;
use trainer::machine::stop::Stop;
use trainer::run::context::{RunContext, TrainTest};

fn prepare(root: &Path) -> (Layout, TrainTest) {
    prepare_task(root, Task::Cifar10)
}

fn prepare_task(root: &Path, task: Task) -> (Layout, TrainTest) {
    let layout = Layout::new(root);
    Dataset::generated(task, 300, 1).write(&layout.images(task, Split::Train)).unwrap();
    Dataset::generated(task, 100, 2).write(&layout.images(task, Split::Test)).unwrap();
    let data = TrainTest::read(&layout, task, true).unwrap();
    (layout, data)
}

fn tiny() -> Configuration {
    let channels = [4, 8, 8, 8];
    Configuration {
        recipe: Recipe { channels, epochs: 3, batch: 64, ..Recipe::default() },
        rankscale: 2,
        engine: Backend::Fused,
        ..Configuration::default()
    }
}

/// The engines that this program is built with.
fn engines() -> Vec<Backend> {
    if cfg!(feature = "tch") { Backend::ALL.to_vec() } else { vec![Backend::Fused] }
}

fn context<'a>(layout: &'a Layout, data: &'a TrainTest, stop: &'a Stop) -> RunContext<'a> {
    static SCREEN: LazyLock<Screen> = LazyLock::new(Screen::default);
    RunContext { layout, data, device: Device::Cpu, threads: 1, stop, screen: &SCREEN }
}

/// Holds a run's lock, as another process that trains it would.
fn held(folder: &RunFolder) -> std::fs::File {
    fs_err::create_dir_all(folder.path()).unwrap();
    #[expect(clippy::disallowed_methods, reason = "a lock, not a file somebody reads")]
    let lock = std::fs::File::create(folder.lock_path()).unwrap();
    lock.lock().unwrap();
    lock
}

fn folder(layout: &Layout, data: &TrainTest, configuration: &Configuration) -> RunFolder {
    RunFolder::new(layout.run(&configuration.run_name(&data.fingerprint())))
}
