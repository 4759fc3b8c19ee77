//! JSON as other tools write it.
//!
//! A byte-order mark at the start and a comma before a closing bracket are passed over. `NaN` and `Infinity`, which Python writes and
//! JSON does not have, are read as null: a value that is not there. A key that stands twice in one object is kept in mind, because
//! which of the two was meant nobody knows.
//!
//! *Invariant:* what lies within quotation marks is never touched, and valid JSON is read as it is.

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// A value, and the first key that stands twice in one of its objects.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// Of a key that stands twice, the first value.
    pub value: Value,
    /// The key.
    pub twice: Option<String>,
}

/// The items of a list.
///
/// # Errors
/// The parser's, with line and column: it is no list, or no JSON even so.
pub fn list(text: &str) -> serde_json::Result<Vec<Read>> {
    serde_json::from_str(&plain(text))
}

/// The text in the words of the standard.
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
        for text in ["", "{}", "[nan]", "[1,,2]", "[\"NaN]", "[NaNa]", "[,]x", "\\"] {
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
