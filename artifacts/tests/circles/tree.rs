//! The modules of a crate, and the imports between their files.

use crate::imports::{Module, modules};
use std::collections::{BTreeMap, BTreeSet};

/// The path of a module in its crate; the crate's root is the empty path.
pub(crate) type Path = Vec<String>;

/// The largest number of renamings by `use` that are followed.
const MOST_STEPS: usize = 16;

/// An import of one file from another of the same crate.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Import {
    /// The modules whose files import and are imported.
    pub(crate) from: Path,
    pub(crate) to: Path,
    /// The imported path, as written.
    pub(crate) written: String,
}

/// The modules below a crate's root.
#[derive(Default)]
pub(crate) struct Tree {
    modules: BTreeMap<Path, Module>,
    /// The module in whose file a module is written, and the name of that file.
    homes: BTreeMap<Path, Path>,
    files: BTreeMap<Path, String>,
}

impl Tree {
    /// Reads the modules that `root` declares; `sources` are texts by the names of their files.
    pub(crate) fn new(sources: &BTreeMap<String, String>, root: &str) -> Self {
        let mut tree = Self::default();
        if sources.contains_key(root) {
            tree.add(sources, root.to_owned(), &[]);
        }
        tree
    }

    fn add(&mut self, sources: &BTreeMap<String, String>, file: String, path: &[String]) {
        let root = file.split_once("src/").map_or("", |(before, _)| before);
        let source = format!("{root}src");
        for (inner, module) in modules(&sources[&file]) {
            let here = [path, &inner].concat();
            for child in &module.declared {
                let below = [vec![source.clone()], here.clone(), vec![child.clone()]].concat().join("/");
                let names = [format!("{below}.rs"), format!("{below}/mod.rs")];
                if let Some(name) = names.into_iter().find(|name| sources.contains_key(name)) {
                    self.add(sources, name, &[here.clone(), vec![child.clone()]].concat());
                }
            }
            self.homes.insert(here.clone(), path.to_vec());
            self.modules.insert(here, module);
        }
        self.files.insert(path.to_vec(), file);
    }

    /// Returns the file of a module.
    pub(crate) fn file(&self, path: &[String]) -> &str {
        &self.files[path]
    }

    /// Iterates over the modules with files of their own.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.keys()
    }

    /// Returns every import between two files, once.
    pub(crate) fn imports(&self) -> Vec<Import> {
        let mut found = BTreeMap::new();
        for (here, module) in &self.modules {
            for path in &module.paths {
                let Some(to) = self.resolve(here, path, 0) else { continue };
                let (from, to) = (self.homes[here].clone(), self.homes[&to].clone());
                if from != to {
                    found.entry((from, to)).or_insert_with(|| path.join("::"));
                }
            }
        }
        found.into_iter().map(|((from, to), written)| Import { from, to, written }).collect()
    }

    /// Returns the module that defines what a path names; `None` if it belongs to another crate.
    fn resolve(&self, here: &[String], path: &[String], steps: usize) -> Option<Path> {
        let (first, rest) = path.split_first()?;
        let child = [here, std::slice::from_ref(first)].concat();
        match first.as_str() {
            "crate" => self.descend(Vec::new(), rest, steps),
            "self" if !rest.is_empty() => self.descend(here.to_vec(), rest, steps),
            "super" => self.descend(here[..here.len().checked_sub(1)?].to_vec(), rest, steps),
            _ if !rest.is_empty() && self.modules.contains_key(&child) => self.descend(child, rest, steps),
            name => self.stands_for(here, name, rest, steps),
        }
    }

    fn descend(&self, mut at: Path, path: &[String], steps: usize) -> Option<Path> {
        let mut rest = path;
        while let Some((first, behind)) = rest.split_first() {
            let child = [at.as_slice(), std::slice::from_ref(first)].concat();
            if first == "super" {
                at.pop()?;
            } else if self.modules.contains_key(&child) {
                at = child;
            } else {
                return self.stands_for(&at, first, behind, steps).or(Some(at));
            }
            rest = behind;
        }
        Some(at)
    }

    /// Follows a name that `use` brings into a module to its definition.
    fn stands_for(&self, at: &[String], name: &str, rest: &[String], steps: usize) -> Option<Path> {
        let path = self.modules.get(at)?.names.get(name).filter(|_| steps < MOST_STEPS)?;
        self.resolve(at, &[path, rest].concat(), steps + 1)
    }

    /// Returns the modules that have children with files.
    pub(crate) fn parents(&self) -> BTreeSet<Path> {
        self.paths().filter(|path| !path.is_empty()).map(|path| path[..path.len() - 1].to_vec()).collect()
    }
}
