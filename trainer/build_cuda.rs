//! Compiles the C++ half of `engine::torch` for a libtorch with CUDA, after finding CUDA's headers.

#![allow(
    clippy::disallowed_methods,
    reason = "no other crate is built yet, and a half-written stamp counts for none"
)]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// Compiles the C++ half of `engine::torch`, unless the existing archive was made from the same files: this
/// build script runs again after every commit.
pub fn compile(libtorch: &Path) {
    const FILES: [&str; 2] = ["src/engine/torch/cuda.cpp", "src/engine/torch/norm.cpp"];
    const VARIABLES: [&str; 3] = ["CUDA_HOME", "CXX", "CXXFLAGS"];
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let headers = cuda_headers(libtorch);
    let libtorch = libtorch.canonicalize().expect("it has a folder lib");
    for source in FILES {
        println!("cargo:rerun-if-changed={source}");
    }
    for variable in VARIABLES {
        println!("cargo:rerun-if-env-changed={variable}");
    }
    println!("cargo:rerun-if-changed={}", headers.join("cuda.h").display());

    let (archive, stamp) = (out.join("librankscale_cuda.a"), out.join("rankscale_cuda.stamp"));
    let files = FILES.map(PathBuf::from).into_iter().chain([
        PathBuf::from("build_cuda.rs"),
        libtorch.join("lib/libc10_cuda.so"),
        libtorch.join("include/torch/csrc/api/include/torch/version.h"),
        headers.join("cuda.h"),
    ]);
    let mut made_of: Vec<String> = files
        .map(|file| {
            let seen = file.metadata().and_then(|seen| Ok((seen.len(), seen.modified()?)));
            format!("{} {:?}", file.display(), seen.ok())
        })
        .collect();
    made_of.extend(VARIABLES.map(|variable| format!("{variable} {:?}", env::var_os(variable))));
    let made_of = made_of.join("\n");
    if !archive.is_file() || fs::read_to_string(&stamp).ok().as_ref() != Some(&made_of) {
        let _ = fs::remove_file(&stamp);
        cc::Build::new()
            .cpp(true)
            .std("c++17")
            .opt_level(2)
            .warnings(false)
            .cargo_metadata(false)
            .files(FILES)
            .includes([libtorch.join("include"), libtorch.join("include/torch/csrc/api/include"), headers])
            .compile("rankscale_cuda");
        fs::write(&stamp, made_of).expect("OUT_DIR can be written");
    }
    println!("cargo:rustc-link-search=native={}", out.display());
    for library in ["static=rankscale_cuda", "stdc++", "c10_cuda"] {
        println!("cargo:rustc-link-lib={library}");
    }
}

/// Returns the folder with CUDA's headers, of the major version that libtorch was built with: where
/// `./justw setup --cuda` puts them, beside torch, where pip puts them, or in CUDA's own installation.
/// `cuda_headers` in `tools/libtorch.py` searches the same places in the same order.
fn cuda_headers(libtorch: &Path) -> PathBuf {
    let libraries = libtorch.join("lib").canonicalize().expect("it has a folder lib");
    let library = fs::read(libraries.join("libc10_cuda.so")).unwrap_or_default();
    let major = number_after(&String::from_utf8_lossy(&library), "libcudart.so.");
    let set_up = major.map(|major| PathBuf::from(format!("../.libtorch/cuda-{major}/include")));
    let beside = libraries.ancestors().nth(2).unwrap_or(&libraries).join("nvidia");
    let packages =
        ["cu13/include", "cu12/include", "cuda_runtime/include"].map(|package| beside.join(package));
    let cuda = env::var_os("CUDA_HOME")
        .filter(|path| !path.is_empty())
        .map_or_else(|| "/usr/local/cuda".into(), PathBuf::from);
    let are_whole = |place: &PathBuf| {
        ["cuda_runtime_api.h", "crt/host_config.h"].iter().all(|header| place.join(header).is_file())
    };
    let are_of_it = |place: &PathBuf| {
        let stated = fs::read(place.join("cuda.h")).unwrap_or_default();
        let stated = number_after(&String::from_utf8_lossy(&stated), "#define CUDA_VERSION ");
        major.is_none() || stated.map(|version| version / 1000) == major
    };
    let places = set_up.into_iter().chain(packages).chain([cuda.join("include")]);
    places.into_iter().find(|place| are_whole(place) && are_of_it(place)).unwrap_or_else(|| {
        let version = major.map(|major| format!(" {major}")).unwrap_or_default();
        panic!(
            "the headers of CUDA{version} (cuda_runtime_api.h, crt/host_config.h) are neither in {} nor in {}: run `./justw setup --cuda`, \
             which brings them, or set CUDA_HOME to a CUDA{version}",
            beside.display(),
            cuda.join("include").display()
        )
    })
}

/// Returns the number after the first occurrence of `before` that is followed by one.
fn number_after(text: &str, before: &str) -> Option<u32> {
    text.split(before)
        .skip(1)
        .find_map(|rest| rest.split(|character: char| !character.is_ascii_digit()).next()?.parse().ok())
}
