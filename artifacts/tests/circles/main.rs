//! Tests that the modules of a crate import each other without cycles, both file by file and module by module
//! at every level of the tree.
//!
//! A module includes everything below it. Neither `mod` nor `pub use` counts as an import: by `pub use` a
//! parent re-exports names of its children, and whoever imports such a name imports from the child. A child
//! may import from its parent's file what is defined there, unless that file uses the child. Code that is
//! compiled only for tests is ignored.

#![allow(clippy::unwrap_used, reason = "a test stops where it stands")]

mod graph;
mod imports;
mod tokens;
mod tree;

use fs_err as fs;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use tree::{Import, Tree};

/// Returns the crates of the workspace.
fn crates() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let manifest: toml::Table = fs::read_to_string(root.join("Cargo.toml")).unwrap().parse().unwrap();
    let members = manifest["workspace"]["members"].as_array().unwrap().iter();
    members.map(|member| member.as_str().unwrap().to_owned()).collect()
}

/// Returns the cycles of a crate, in words.
fn circles(name: &str, sources: &BTreeMap<String, String>) -> Vec<String> {
    let roots = ["lib", "main"].map(|root| Tree::new(sources, &format!("{name}/src/{root}.rs")));
    roots.iter().flat_map(|tree| files(tree).into_iter().chain(rooms(tree))).collect()
}

fn files(tree: &Tree) -> Option<String> {
    let node = |path: &[String]| Some(tree.file(path).to_owned());
    told(tree, &tree.imports(), node)
}

fn rooms(tree: &Tree) -> Vec<String> {
    let imports = tree.imports();
    let below = |parent: &tree::Path| {
        let node = |path: &[String]| {
            let inner = path.strip_prefix(parent.as_slice())?;
            inner.first().map(|name| [parent.as_slice(), std::slice::from_ref(name)].concat().join("::"))
        };
        told(tree, &imports, node)
    };
    tree.parents().iter().filter_map(below).collect()
}

/// Describes the cycle among the nodes that modules belong to, with an import for each of its edges.
fn told(tree: &Tree, imports: &[Import], node: impl Fn(&[String]) -> Option<String>) -> Option<String> {
    let mut arrows = BTreeMap::new();
    for import in imports {
        if let (Some(from), Some(to)) = (node(&import.from), node(&import.to))
            && from != to
        {
            arrows.entry((from, to)).or_insert(import);
        }
    }
    let circle = graph::circle(&arrows.keys().cloned().collect::<BTreeSet<_>>())?;
    let mut lines = vec![circle.join(" -> ")];
    for pair in circle.windows(2) {
        let Import { from, to, written } = arrows[&(pair[0].clone(), pair[1].clone())];
        lines.push(format!("  {} takes `{written}` from {}", tree.file(from), tree.file(to)));
    }
    Some(lines.join("\n"))
}

/// Returns every source text of a crate, by its path from the workspace's root.
fn sources(name: &str) -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = BTreeMap::new();
    let mut folders = vec![root.join(name).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                found.insert(name, fs::read_to_string(path).unwrap());
            }
        }
    }
    found
}

#[test]
fn modules_import_one_way() {
    assert!(sources("artifacts").contains_key("artifacts/src/lib.rs"), "texts are found by their names");
    let found: Vec<_> = crates().iter().flat_map(|name| circles(name, &sources(name))).collect();
    assert!(found.is_empty(), "modules import each other in circles:\n{}", found.join("\n"));
}

/// Returns the texts of a made-up crate.
fn made_up(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    files.iter().map(|(name, text)| (format!("made/src/{name}.rs"), (*text).to_owned())).collect()
}

#[test]
fn a_planted_circle_of_files_is_named() {
    let sources = made_up(&[
        ("lib", "mod a; mod b; mod c;"),
        ("a", "use crate::b::B;"),
        ("b", "use super::{c::{C, self}};"),
        ("c", "fn f() { crate::a::g() }"),
    ]);
    let found = circles("made", &sources);
    let expected = "made/src/a.rs -> made/src/b.rs -> made/src/c.rs -> made/src/a.rs\n  \
                    made/src/a.rs takes `crate::b::B` from made/src/b.rs";
    assert!(found[0].starts_with(expected), "{found:?}");
    assert!(found[1].starts_with("a -> b -> c -> a\n"), "{found:?}");
}

#[test]
fn a_planted_circle_of_rooms_is_named_where_the_files_have_none() {
    let sources = made_up(&[
        ("lib", "mod a; mod b;"),
        ("a", "mod low; mod high;"),
        ("a/low", "pub struct Low;"),
        ("a/high", "use crate::b::B;"),
        ("b", "use crate::a::low::Low; pub struct B;"),
    ]);
    let found = circles("made", &sources);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("a -> b -> a\n  made/src/a/high.rs takes"), "{found:?}");
}

#[test]
fn a_parent_that_uses_its_child_is_not_the_childs_to_use() {
    let of = |parent: &str| {
        circles("made", &made_up(&[("lib", "mod p;"), ("p", parent), ("p/child", "use super::Type;")]))
    };
    assert!(of("mod child; pub use child::Child; pub struct Type;").is_empty());
    for using in ["child::f()", "Child::new()", "let c: Child"] {
        let found = of(&format!("mod child; pub use child::Child; pub struct Type; fn f() {{ {using}; }}"));
        assert_eq!(found.len(), 1, "{using}: {found:?}");
    }
}

#[test]
fn what_is_handed_on_comes_from_where_it_is_and_tests_may_look_anywhere() {
    let sources = made_up(&[
        ("lib", "mod a; mod b; pub use a::A;"),
        ("a", "pub struct A; #[cfg(test)] mod tests { use crate::b::B; }"),
        ("b", "// use crate::c;\nuse crate::A; const TEXT: &str = \"crate::b\"; #[cfg(test)] mod more;"),
        ("b/more", "use crate::nothing;"),
    ]);
    assert_eq!(circles("made", &sources), Vec::<String>::new());
    let tree = Tree::new(&sources, "made/src/lib.rs");
    let imports: Vec<_> = tree.imports().into_iter().map(|import| (import.from, import.to)).collect();
    assert_eq!(imports, [(vec!["b".to_owned()], vec!["a".to_owned()])]);
}
