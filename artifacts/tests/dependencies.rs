//! Tests the direction of dependencies: stages communicate through files, and each heavy library has one
//! owner.

#![allow(clippy::unwrap_used, reason = "a test stops where it stands")]

use std::collections::BTreeMap;
use std::path::Path;

/// Returns the names under `[dependencies]` (and its platform-specific variants) of every crate of the
/// workspace.
fn dependencies() -> BTreeMap<String, Vec<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let read = |path: &Path| -> toml::Table { fs_err::read_to_string(path).unwrap().parse().unwrap() };
    let members = read(&root.join("Cargo.toml"))["workspace"]["members"].as_array().unwrap().clone();
    let names = |table: &toml::Value| table.as_table().unwrap().keys().cloned().collect::<Vec<_>>();
    members
        .iter()
        .map(|member| {
            let member = member.as_str().unwrap();
            let manifest = read(&root.join(member).join("Cargo.toml"));
            let mut list = manifest.get("dependencies").map(names).unwrap_or_default();
            let targets = manifest.get("target").and_then(toml::Value::as_table).into_iter().flatten();
            list.extend(targets.filter_map(|(_, target)| target.get("dependencies")).flat_map(names));
            (member.to_owned(), list)
        })
        .collect()
}

#[test]
fn stages_depend_on_libraries_and_never_on_each_other() {
    let stages = ["data-prep", "trainer", "analysis", "report", "top"];
    let dependencies = dependencies();
    for stage in stages {
        let ours: Vec<_> =
            dependencies[stage].iter().filter(|name| stages.contains(&name.as_str())).collect();
        assert!(ours.is_empty(), "{stage} depends on {ours:?}");
    }
    assert!(dependencies["network"].iter().all(|name| !dependencies.contains_key(name)));
    assert!(!dependencies["artifacts"].iter().any(|name| stages.contains(&name.as_str())));
    let kernels: Vec<_> =
        dependencies["kernels"].iter().filter(|name| dependencies.contains_key(*name)).collect();
    assert_eq!(kernels, ["network"]);
}

#[test]
fn heavy_libraries_have_one_owner() {
    for (library, owner) in
        [("tch", "trainer"), ("plotters", "report"), ("ureq", "data-prep"), ("ratatui", "top")]
    {
        let dependencies = dependencies();
        let users: Vec<_> = dependencies
            .iter()
            .filter(|(_, list)| list.iter().any(|name| name == library))
            .map(|(user, _)| user)
            .collect();
        assert_eq!(users, [owner], "{library}");
    }
}
