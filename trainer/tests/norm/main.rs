//! Tests the kernels of `norm.cu` on the host, with CPU threads in place of a GPU's, against batch norm, ReLU
//! and pooling in float64.

#![allow(clippy::unwrap_used, reason = "a test stops where it stands")]

use std::path::Path;
use std::process::Command;

#[test]
fn kernels_are_batch_norm_rectifier_and_pooling() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let directory = tempfile::tempdir().unwrap();
    let compiler = std::env::var("CXX").unwrap_or_else(|_| "c++".to_owned());
    // Each kind of number, with its tolerance relative to float64: a few of its rounding errors.
    for (kind, name, tolerance) in [(0, "float32", 1e-6), (1, "bf16", 4e-3), (2, "fp16", 5e-4)] {
        let program = directory.path().join(name);
        let built = Command::new(&compiler)
            .args(["-std=c++20", "-O1", "-pthread", &format!("-DKIND={kind}"), "-o"])
            .arg(&program)
            .arg("-I")
            .arg(root.join("src/engine/torch"))
            .arg(root.join("tests/norm/host.cpp"))
            .output()
            .unwrap_or_else(|error| panic!("{compiler}: {error}; set CXX to a C++ compiler"));
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let ran = Command::new(&program).output().unwrap();
        assert!(ran.status.success(), "{name}: {}", ran.status);
        let said = String::from_utf8(ran.stdout).unwrap();
        // Three numbers of channels, each pooled, plain and with a residual, and seven results of each.
        assert_eq!(said.lines().count(), 3 * 3 * 7, "{said}");
        for line in said.lines() {
            let (what, off) = line.rsplit_once(' ').unwrap();
            let off: f64 = off.parse().unwrap();
            // Sums are kept in float32, whatever the kind of the numbers is.
            let tolerance = if what.ends_with("out") || what.ends_with("by y") { tolerance } else { 1e-6 };
            assert!(off < tolerance, "{name}, {what}: off by {off:.1e}");
        }
    }
}
