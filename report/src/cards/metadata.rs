//! The metadata at the head of a card: YAML, of which JSON is a subset.
//!
//! *Invariant:* text from files is a JSON string, so it can end neither its value nor the metadata.

use serde_json::{Value, json};

/// Formats keys and values as a front matter that a hub reads.
#[must_use]
pub fn metadata(keys: &[(&str, Value)]) -> String {
    let lines: Vec<String> = keys.iter().map(|(key, value)| entry(key, value)).collect();
    format!("---\n{}\n---", lines.join("\n"))
}

/// Returns the licences of the repository, as a hub names them.
#[must_use]
pub fn licenses() -> Value {
    json!(["mit", "apache-2.0"])
}

/// Formats an entry; a list has one line per item.
fn entry(key: &str, value: &Value) -> String {
    match value {
        Value::Array(items) if !items.is_empty() => {
            let items: Vec<String> = items.iter().map(|item| format!("- {item}")).collect();
            format!("{key}:\n{}", items.join("\n"))
        }
        other => format!("{key}: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_files_stays_a_value() {
        let text = metadata(&[("license", licenses()), ("pretty_name", json!("a\n---\n# \"x\""))]);
        assert_eq!(
            text,
            "---\nlicense:\n- \"mit\"\n- \"apache-2.0\"\npretty_name: \"a\\n---\\n# \\\"x\\\"\"\n---"
        );
    }
}
