//! The rows as text: CSV (RFC 4180, but with `\n` line ends) and JSON lines.
//!
//! *Invariant:* a number is written with enough digits to be read back exactly.

use super::rows::Rows;
use serde_json::Value;

/// Formats one table with a header; unknown values are empty.
#[must_use]
pub fn csv(rows: &Rows) -> Vec<u8> {
    let names = rows.of_run.iter().chain(&rows.of_epoch).map(|name| quoted(name));
    let mut text = names.collect::<Vec<_>>().join(",") + "\n";
    for run in &rows.runs {
        let of_run: Vec<String> = run.values.iter().map(cell).collect();
        let of_run = of_run.join(",");
        for epoch in &run.epochs {
            text += &of_run;
            for value in epoch {
                text.push(',');
                text += &cell(value);
            }
            text.push('\n');
        }
    }
    text.into_bytes()
}

/// Formats one object per line, with its keys in the order of the columns; unknown values are `null`.
#[must_use]
pub fn json_lines(rows: &Rows) -> Vec<u8> {
    let mut text = String::new();
    for run in &rows.runs {
        let of_run = members(&rows.of_run, &run.values);
        for epoch in &run.epochs {
            text.push('{');
            text += &[of_run.as_str(), &members(&rows.of_epoch, epoch)].join(",");
            text += "}\n";
        }
    }
    text.into_bytes()
}

fn members(names: &[String], values: &[Value]) -> String {
    let member = |(name, value): (&String, &Value)| format!("{}:{value}", Value::from(name.as_str()));
    names.iter().zip(values).map(member).collect::<Vec<_>>().join(",")
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => quoted(text),
        other => quoted(&other.to_string()),
    }
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::rows::RunRows;
    use artifacts::run::Status;
    use serde_json::json;

    #[test]
    fn what_would_end_a_cell_is_quoted_and_what_is_unknown_is_empty() {
        let run = RunRows {
            name: "r".into(),
            status: Status::Done,
            seconds_an_epoch: 0.0,
            configuration: vec![],
            values: vec![json!("a \"processor\", 2 cores\n"), json!(null)],
            epochs: vec![vec![json!(1), json!(0.1)], vec![json!(2), json!(5e-4)]],
        };
        let names = |names: [&str; 2]| names.map(String::from).to_vec();
        let rows = Rows {
            of_run: names(["device", "libtorch"]),
            of_epoch: names(["epoch", "loss"]),
            runs: vec![run],
        };
        let text = String::from_utf8(csv(&rows)).unwrap();
        let device = "\"a \"\"processor\"\", 2 cores\n\"";
        assert_eq!(text, format!("device,libtorch,epoch,loss\n{device},,1,0.1\n{device},,2,0.0005\n"));
        let text = String::from_utf8(json_lines(&rows)).unwrap();
        let first = r#"{"device":"a \"processor\", 2 cores\n","libtorch":null,"epoch":1,"loss":0.1}"#;
        assert_eq!(text.lines().next(), Some(first));
        assert_eq!(text.lines().count(), 2);
    }
}
