//! Tests that ARCHITECTURE.md is true: the paths that it names exist, and modules contain what it lists.

#![allow(clippy::unwrap_used, reason = "a test stops where it stands")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn page() -> String {
    fs_err::read_to_string(root().join("ARCHITECTURE.md")).unwrap()
}

/// Returns a section, without its heading.
fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    let after = page.split_once(&format!("\n## {heading}\n")).unwrap().1;
    after.split("\n## ").next().unwrap()
}

/// Returns the words in backticks that contain a slash, or end as a file name does.
fn paths(text: &str) -> Vec<&str> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.filter(|word| !word.contains([' ', '<', '=']) && word.contains('/')).collect()
}

#[test]
fn the_paths_of_the_map_are_there() {
    let page = page();
    let map = section(&page, "Where things are");
    let named = paths(map);
    assert!(named.len() >= 20, "{named:?}");
    let missing: Vec<_> = named.into_iter().filter(|path| !root().join(path).exists()).collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md names what is not there: {missing:?}");
}

/// Returns the modules in the drawing, each as a folder from the root and the names in it.
fn rooms(page: &str) -> Vec<(String, BTreeSet<String>)> {
    let drawing = section(page, "Rooms").split("```").nth(1).unwrap();
    let (mut krate, mut rooms) = (String::new(), Vec::new());
    for line in drawing.lines().filter(|line| !line.trim().is_empty()) {
        if line.contains("->") {
            line.split_whitespace().next().unwrap().clone_into(&mut krate);
            continue;
        }
        let columns: Vec<_> = line.split("  ").map(str::trim).filter(|part| !part.is_empty()).collect();
        for room in columns.chunks(2) {
            let names = room[1].split(' ').map(|name| name.trim_end_matches('/').to_owned());
            rooms.push((format!("{krate}/src/{}", room[0]), names.collect()));
        }
    }
    rooms
}

#[test]
fn the_rooms_hold_what_is_drawn() {
    let rooms = rooms(&page());
    assert!(rooms.len() >= 14, "{rooms:?}");
    for (room, drawn) in rooms {
        let entries = fs_err::read_dir(root().join(&room)).unwrap().map(|entry| entry.unwrap().path());
        let names = entries.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned());
        // Files of tests are not drawn.
        let there: BTreeSet<_> = names.filter(|name| name != "tests").collect();
        assert_eq!(drawn, there, "{room}: drawn in ARCHITECTURE.md, and there");
    }
}

#[test]
fn a_path_that_is_named_is_found_and_a_word_is_not() {
    assert_eq!(paths("`a/b.rs`, `two words`, `word`, `runs/<run>/x`, `c/`"), ["a/b.rs", "c/"]);
}
