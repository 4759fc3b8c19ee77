//! Passes the source revision to the compiler, tells the linker where libtorch lies, so that the programs
//! find it without `LD_LIBRARY_PATH`, and keeps CUDA linked.
//!
//! *Invariant:* the revision is that of the sources the program is built from: it is determined again when
//! one of them changes, and when another commit is checked out.
//!
//! *Invariant:* a trainer linked against a libtorch with CUDA needs `libtorch_cuda.so` (`readelf -d`). No
//! symbol of it is ever named, so the linker drops it unless told otherwise, and CUDA is then silently absent
//! at run time.

#[cfg(feature = "tch")]
mod build_cuda;

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The sources of the program, relative to the workspace's root.
const SOURCES: [&str; 10] = [
    "Cargo.toml",
    "Cargo.lock",
    "artifacts/Cargo.toml",
    "artifacts/src",
    "kernels/Cargo.toml",
    "kernels/src",
    "network/Cargo.toml",
    "network/src",
    "trainer/Cargo.toml",
    "trainer/src",
];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=build_cuda.rs");
    tell_revision();
    println!("cargo:rustc-check-cfg=cfg(libtorch_cuda)");
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    if env::var_os("CARGO_FEATURE_TCH").is_none() {
        return;
    }

    let libtorch = PathBuf::from(env::var_os("LIBTORCH").unwrap_or_default());
    // `just setup` writes this file whenever it points `.libtorch/current` elsewhere.
    let origin = libtorch.with_extension("origin");
    if origin.exists() {
        println!("cargo:rerun-if-changed={}", origin.display());
    }
    let Ok(libraries) = libtorch.join("lib").canonicalize() else {
        panic!(
            "no libtorch in {}: run `./justw setup`, or set LIBTORCH to a libtorch from 2.11 to 2.13",
            libtorch.display()
        );
    };

    println!("cargo:rustc-link-arg=-Wl,-rpath,{}", libraries.display());
    if libraries.join("libtorch_cuda.so").exists() {
        println!("cargo:rustc-cfg=libtorch_cuda");
        println!("cargo:rustc-link-search=native={}", libraries.display());
        println!("cargo:rustc-link-arg=-Wl,--push-state,--no-as-needed,-ltorch_cuda,--pop-state");
        #[cfg(feature = "tch")]
        build_cuda::compile(&libtorch);
    }
}

/// Sets `RANKSCALE_REVISION` and `RANKSCALE_DIRTY` for the compiler; they are `unknown` and `false` if there
/// is no git, or no repository.
fn tell_revision() {
    for source in SOURCES {
        println!("cargo:rerun-if-changed=../{source}");
    }
    // The second file changes with every commit, and the third does if no reflog is kept. Cargo would take a
    // missing file for a changed one.
    let branch = git(&["rev-parse", "--symbolic-full-name", "HEAD"]).unwrap_or_default();
    for name in ["HEAD", "logs/HEAD", branch.as_str()] {
        let path = git(&["rev-parse", "--git-path", name]);
        if let Some(path) = path.filter(|path| !name.is_empty() && Path::new("..").join(path).is_file()) {
            println!("cargo:rerun-if-changed={}", Path::new("..").join(path).display());
        }
    }
    let revision = git(&["rev-parse", "HEAD"]).unwrap_or_else(|| "unknown".to_owned());
    let mut changes = vec!["--no-optional-locks", "status", "--porcelain", "--untracked-files=no", "--"];
    changes.extend(SOURCES);
    let dirty = git(&changes).is_some_and(|lines| !lines.is_empty());
    println!("cargo:rustc-env=RANKSCALE_REVISION={revision}");
    println!("cargo:rustc-env=RANKSCALE_DIRTY={dirty}");
}

/// Returns the output of git at the workspace's root; `None` if git fails.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").arg("-C").arg("..").args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
