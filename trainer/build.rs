//! Tells the linker where libtorch lies, so that the programs find it without `LD_LIBRARY_PATH`, and keeps CUDA in.
//!
//! *Invariant:* a trainer linked against a libtorch with CUDA needs `libtorch_cuda.so` (`readelf -d`). No symbol of it is
//! ever named, so the linker drops it unless told otherwise, and CUDA is then silently absent at run time.

use std::env;
use std::path::PathBuf;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
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
            "no libtorch in {}: run `./justw setup`, or set LIBTORCH to a libtorch 2.13.0",
            libtorch.display()
        );
    };

    println!("cargo:rustc-link-arg=-Wl,-rpath,{}", libraries.display());
    if libraries.join("libtorch_cuda.so").exists() {
        println!("cargo:rustc-cfg=libtorch_cuda");
        println!("cargo:rustc-link-search=native={}", libraries.display());
        println!("cargo:rustc-link-arg=-Wl,--push-state,--no-as-needed,-ltorch_cuda,--pop-state");
    }
}
