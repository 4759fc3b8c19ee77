//! The modules that a source text declares, and the paths that it names.
//!
//! *Invariant:* code that is compiled only for tests is ignored.

use crate::tokens::tokens;
use std::collections::BTreeMap;

/// A module of a file: the file itself, or an inline module.
#[derive(Debug, Default)]
pub(crate) struct Module {
    /// Child modules with files of their own.
    pub(crate) declared: Vec<String>,
    /// The names that `use` imports, and the paths they stand for.
    pub(crate) names: BTreeMap<String, Vec<String>>,
    /// Paths that the code names, and those that `use` imports; paths that `pub use` only re-exports are not
    /// included.
    pub(crate) paths: Vec<Vec<String>>,
}

/// Returns the modules of a text by their paths within it; the text itself has the empty path.
pub(crate) fn modules(source: &str) -> BTreeMap<Vec<String>, Module> {
    let mut reader = Reader { tokens: tokens(source), ..Reader::default() };
    while reader.at < reader.tokens.len() {
        reader.item();
    }
    reader.modules
}

#[derive(Default)]
struct Reader {
    tokens: Vec<String>,
    at: usize,
    /// The current module, and the brace depth at which each inline module ends.
    here: Vec<String>,
    ends: Vec<usize>,
    depth: usize,
    modules: BTreeMap<Vec<String>, Module>,
    /// Whether the previous token was `pub`.
    public: bool,
}

impl Reader {
    fn token(&self, ahead: usize) -> &str {
        self.tokens.get(self.at + ahead).map_or("", String::as_str)
    }

    fn module(&mut self) -> &mut Module {
        self.modules.entry(self.here.clone()).or_default()
    }

    /// Reads one item: an attribute, a declaration, a `use`, a path or another token.
    fn item(&mut self) {
        let public = std::mem::take(&mut self.public);
        match (self.token(0), self.token(1), self.token(2)) {
            ("#", "[", _) => self.attribute(1),
            ("#", "!", "[") => self.attribute(2),
            ("pub", ..) => self.visibility(),
            ("mod", name, ";") => {
                let name = name.to_owned();
                self.module().declared.push(name);
                self.at += 3;
            }
            ("mod", name, "{") => {
                self.here.push(name.to_owned());
                self.ends.push(self.depth);
                self.module();
                self.depth += 1;
                self.at += 3;
            }
            ("use", ..) => {
                self.at += 1;
                self.tree(&[], public);
            }
            ("{", ..) => {
                self.depth += 1;
                self.at += 1;
            }
            ("}", ..) => self.close(),
            (word, ..) if is_word(word) => self.path(),
            _ => self.at += 1,
        }
    }

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.at += 1;
        if self.ends.last() == Some(&self.depth) {
            self.ends.pop();
            self.here.pop();
        }
    }

    fn visibility(&mut self) {
        self.at += 1;
        if self.token(0) == "(" && ["crate", "super", "self", "in"].contains(&self.token(1)) {
            self.skip_group();
        }
        self.public = true;
    }

    /// Skips an attribute, and an item that it restricts to tests.
    fn attribute(&mut self, bracket: usize) {
        self.at += bracket;
        let start = self.at;
        self.skip_group();
        let words = &self.tokens[start + 1..self.at];
        let has = |word: &str| words.iter().any(|token| token == word);
        if words.first().is_some_and(|word| word == "cfg") && has("test") && !has("not") {
            self.skip_item();
        }
    }

    fn skip_item(&mut self) {
        let ends_with_block = !(0..4).any(|ahead| self.token(ahead) == "use");
        while self.at < self.tokens.len() {
            match self.token(0) {
                ";" => return self.at += 1,
                "{" if ends_with_block => return self.skip_group(),
                "(" | "[" | "{" => self.skip_group(),
                _ => self.at += 1,
            }
        }
    }

    /// Skips from an opening bracket past the closing one.
    fn skip_group(&mut self) {
        let mut depth = 0;
        while self.at < self.tokens.len() {
            match self.token(0) {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return;
            }
        }
    }

    /// Reads a tree of `use` after a path, up to its comma or its end.
    fn tree(&mut self, front: &[String], public: bool) {
        let mut path = front.to_vec();
        while self.at < self.tokens.len() {
            let token = self.token(0).to_owned();
            self.at += 1;
            match token.as_str() {
                "::" => continue,
                "{" => {
                    while self.token(0) != "}" && self.at < self.tokens.len() {
                        self.tree(&path, public);
                        self.at += usize::from(self.token(0) == ",");
                    }
                    self.at += 1;
                    return;
                }
                "self" if !path.is_empty() => {}
                _ => path.push(token),
            }
            if self.token(0) != "::" {
                break;
            }
        }
        let mut name = path.last().cloned().unwrap_or_default();
        if self.token(0) == "as" {
            self.token(1).clone_into(&mut name);
            self.at += 2;
        }
        if !public {
            self.module().paths.push(path.clone());
        }
        self.module().names.insert(name, path);
    }

    /// Reads a path, unless it is the name of a field or a method.
    fn path(&mut self) {
        let inner = self.at > 0 && [".", "::"].contains(&self.tokens[self.at - 1].as_str());
        let mut path = vec![self.token(0).to_owned()];
        self.at += 1;
        while self.token(0) == "::" && is_word(self.token(1)) {
            path.push(self.token(1).to_owned());
            self.at += 2;
        }
        if !inner {
            self.module().paths.push(path);
        }
    }
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

#[test]
fn trees_of_use_and_paths_in_the_code_are_read() {
    let source = "
        mod child; pub use child::Handed;
        use crate::{a::{self, B as C}, d::*};
        #[cfg(test)] use crate::t::T;
        pub(in super::super) fn f() { super::g(crate::h::I); self.j::<k::L>() }
        mod inner { use super::M; }
        #[cfg(test)] mod tests { use crate::n::N; }";
    let modules = modules(source);
    let top = &modules[&Vec::new()];
    assert_eq!(top.declared, ["child"]);
    assert_eq!(top.names["C"].join("::"), "crate::a::B");
    assert_eq!(top.names["Handed"].join("::"), "child::Handed");
    let paths: Vec<_> =
        top.paths.iter().map(|path| path.join("::")).filter(|path| path.contains(':')).collect();
    assert_eq!(paths, ["crate::a", "crate::a::B", "crate::d::*", "super::g", "crate::h::I", "k::L"]);
    let inner = &modules[&vec!["inner".to_owned()]];
    assert_eq!(inner.paths, [["super", "M"]]);
    assert!(!modules.contains_key(&vec!["tests".to_owned()]));
}
