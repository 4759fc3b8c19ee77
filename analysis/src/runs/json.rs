//! Reads JSON as other tools write it.
//!
//! A byte-order mark at the start and a comma before a closing bracket are ignored. `NaN` and `Infinity`,
//! which Python writes but JSON does not have, are read as null, that is, as missing values. Items on lines
//! of their own without enclosing brackets (JSON lines) are a list. A key that occurs twice in one object is
//! reported, because nobody knows which of the two was meant.
//!
//! *Invariant:* text within quotation marks is never touched, and valid JSON is read as it is.

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// A value, and the first key that occurs twice in one of its objects.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// The value; of a duplicate key, the first value.
    pub value: Value,
    /// The duplicate key, if any.
    pub twice: Option<String>,
}

/// Reads the items of a list.
///
/// # Errors
/// The text is not a list, or not JSON even so: the parser's reason, preceded by the item and the key where
/// it gave up.
pub fn list(text: &str) -> Result<Vec<Read>, String> {
    let plain = plain(text);
    serde_json::from_str(&plain).or_else(|error| lines(&plain).ok_or_else(|| with_place(&plain, &error)))
}

/// Reads JSON lines: several values, one after the other.
fn lines(plain: &str) -> Option<Vec<Read>> {
    let values: Result<Vec<Read>, _> = serde_json::Deserializer::from_str(plain).into_iter().collect();
    values.ok().filter(|values| values.len() > 1)
}

/// Prefixes the parser's reason with item and key, because a column says little about a text of one line.
fn with_place(text: &str, error: &serde_json::Error) -> String {
    let before: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let until = text.as_bytes().get(..before + error.column()).unwrap_or(text.as_bytes());
    let (mut depth, mut item, mut key, mut quote, mut closed) = (0, 1, None, None, None);
    for (at, byte) in until.iter().enumerate() {
        match (quote, byte) {
            (Some(_), b'"')
                if until[..at].iter().rev().take_while(|&&byte| byte == b'\\').count() % 2 == 1 => {}
            (Some(start), b'"') => (quote, closed) = (None, Some(start..at)),
            (None, b'"') => quote = Some(at + 1),
            (None, b'[' | b'{') => depth += 1,
            (None, b']' | b'}') => depth -= 1,
            (None, b':') => key.clone_from(&closed),
            (None, b',') if depth == 1 => (item, key) = (item + 1, None),
            _ => {}
        }
    }
    let reason = error.to_string();
    let reason = reason.split(" at line ").next().unwrap_or_default();
    match key.and_then(|key| std::str::from_utf8(&until[key]).ok()) {
        Some(key) if depth > 0 => format!("entry {item}, at `{key}`: {reason}"),
        None if depth > 1 => format!("entry {item}: {reason}"),
        _ => format!("line {}: {reason}", error.line()),
    }
}

/// Reads a whole number of at least 0; the notebook's code once wrote rankscales as floats.
#[must_use]
pub fn whole(value: &Value) -> Option<u64> {
    let fractional =
        || value.as_f64().filter(|v| v.fract() == 0.0 && (0.0..1e15).contains(v)).map(|v| v as u64);
    value.as_u64().or_else(fractional)
}

/// Converts the text to standard JSON.
fn plain(text: &str) -> String {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut plain = String::with_capacity(text.len());
    let (mut quoted, mut at) = (false, 0);
    while let Some(next) = text[at..].chars().next() {
        let rest = &text[at..];
        let number =
            ["NaN", "-Infinity", "Infinity"].into_iter().find(|word| !quoted && rest.starts_with(word));
        if let Some(word) = number {
            plain.push_str("null");
            at += word.len();
            continue;
        }
        let closes = |rest: &str| rest.trim_start().starts_with([']', '}']);
        let skipped = !quoted && next == ',' && closes(&rest[1..]);
        if !skipped {
            plain.push(next);
        }
        at += next.len_utf8();
        match next {
            '"' => quoted = !quoted,
            '\\' if quoted => {
                let escaped = text[at..].chars().next();
                plain.extend(escaped);
                at += escaped.map_or(0, char::len_utf8);
            }
            _ => {}
        }
    }
    plain
}

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl Read {
    fn once(value: impl Into<Value>) -> Self {
        Self { value: value.into(), twice: None }
    }
}

impl<'de> Visitor<'de> for Reader {
    type Value = Read;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Read, E> {
        Ok(Read::once(Value::Null))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Read, E> {
        Ok(Read::once(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Read, E> {
        Ok(Read::once(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Read, E> {
        Ok(Read::once(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Read, E> {
        Ok(Read::once(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Read, E> {
        Ok(Read::once(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Read, A::Error> {
        let (mut values, mut twice) = (Vec::new(), None);
        while let Some(item) = items.next_element::<Read>()? {
            values.push(item.value);
            twice = twice.or(item.twice);
        }
        Ok(Read { value: Value::Array(values), twice })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Read, A::Error> {
        let (mut values, mut twice) = (Map::new(), None);
        while let Some((key, item)) = entries.next_entry::<String, Read>()? {
            twice = twice.or(item.twice);
            if values.contains_key(&key) {
                twice = twice.or(Some(key));
            } else {
                values.insert(key, item.value);
            }
        }
        Ok(Read { value: Value::Object(values), twice })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn first(text: &str) -> Read {
        list(text).unwrap().remove(0)
    }

    #[test]
    fn what_python_and_editors_write_is_read() {
        let text = "\u{feff}[{\"loss\": NaN, \"lr\": -Infinity, \"time\": [Infinity, 1,], },\n]";
        assert_eq!(first(text).value, json!({"loss": null, "lr": null, "time": [null, 1]}));
    }

    #[test]
    fn lines_are_a_list() {
        let items = list("{\"a\": 1}\n{\"a\": 2,}\r\n").unwrap();
        assert_eq!(
            items.iter().map(|item| item.value["a"].clone()).collect::<Vec<_>>(),
            [json!(1), json!(2)]
        );
    }

    #[test]
    fn where_it_is_no_json_the_item_and_the_key_are_named() {
        for (text, says) in [
            (r#"[{"a": 1}, {"b,": "x\"]", "c": nan}]"#, "entry 2, at `c`: expected ident"),
            ("[{'a': 1}]", "entry 1: key must be a string"),
            (r#"[{"a": [1, {"b": 1e999}]}]"#, "entry 1, at `b`: number out of range"),
            (r#"[{"a": 1}] x"#, "line 1: trailing characters"),
            ("\n{}", "line 2: invalid type: map, expected a sequence"),
            ("", "line 1: EOF while parsing a value"),
        ] {
            assert_eq!(list(text).unwrap_err(), says);
        }
    }

    #[test]
    fn what_is_quoted_stays() {
        let text = r#"[{"NaN": "Infinity, ]", "a\"NaN": "\\", "b": ",}"}]"#;
        assert_eq!(first(text).value, json!({"NaN": "Infinity, ]", "a\"NaN": "\\", "b": ",}"}));
    }

    #[test]
    fn a_key_that_stands_twice_is_kept_in_mind_however_deep() {
        assert_eq!(first(r#"[{"a": 1, "b": 2, "a": 3}]"#).twice.as_deref(), Some("a"));
        assert_eq!(first(r#"[[{"a": 1}, {"b": {"c": 1, "c": 1}}]]"#).twice.as_deref(), Some("c"));
        assert_eq!(first(r#"[{"a": {"b": 1}, "b": {"a": 1}}]"#).twice, None);
    }

    #[test]
    fn what_is_no_json_even_so_is_an_error() {
        for text in ["", "{}", "[1] x", "[nan]", "[1,,2]", "[\"NaN]", "[NaNa]", "[,]x", "\\"] {
            assert!(list(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(\\PC|[\\[\\]{},:\"\\\\]|NaN|Infinity|\u{feff}){0,40}") {
            let _ = list(&text);
        }

        #[test]
        fn valid_json_is_read_as_it_is(
            keys in proptest::collection::hash_map("\\PC{0,8}", "\\PC{0,8}", 0..4),
            number in -1e9_f64..1e9,
        ) {
            let value = json!([keys, number, [number], null, true]);
            let text = json!([value]).to_string();
            let read = first(&text);
            prop_assert_eq!(read.twice, None);
            prop_assert_eq!(read.value, serde_json::from_str::<Value>(&value.to_string()).unwrap());
        }
    }
}
