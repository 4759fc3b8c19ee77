//! A run as a TensorBoard event file: curves by epoch, and the configuration as hyperparameters.
//!
//! Field numbers are those of TensorBoard's `compat/proto/event.proto`, `summary.proto` and `tensor.proto`,
//! and of `plugins/hparams/plugin_data.proto`. No table of an analysis has the times of epochs, so each epoch
//! gets an equal part of the run's seconds as its wall time, counted from 1970.
//!
//! *Invariant:* a curve has no point where the table has no number.

use super::message::Message;
use super::record;
use super::rows::{Rows, RunRows};
use artifacts::run::Status;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A file name that TensorBoard recognises, without a time and a host.
const FILE: &str = "events.out.tfevents.0.rankscale";
const VERSION: &str = "brain.Event:2";
/// The names of the curves, in groups, and the columns they show; where held-out images judged a run, its
/// curves are named after these, see [`named`].
const CURVES: [(&str, &str); 5] = [
    ("accuracy/test", "test_accuracy"),
    ("accuracy/train", "train_accuracy"),
    ("loss/test", "test_loss"),
    ("loss/train", "train_loss"),
    ("learning rate", "learning_rate"),
];
const HYPERPARAMETERS: &str = "hparams";
/// The data type `DT_FLOAT` of a tensor.
const FLOAT: u64 = 1;

/// Returns an event file, in a folder of its own, for each run that has an epoch.
#[must_use]
pub fn files(rows: &Rows) -> Vec<(PathBuf, Vec<u8>)> {
    let runs = rows.runs.iter().filter(|run| !run.epochs.is_empty());
    runs.map(|run| (Path::new(&folder(&run.name)).join(FILE), file(rows, run))).collect()
}

/// Returns the name of a run's folder; a name from a table cannot lead out of the export.
fn folder(run: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    run.chars().map(plain).collect()
}

/// Returns the contents of a run's event file.
fn file(rows: &Rows, run: &RunRows) -> Vec<u8> {
    let column = |name: &str| rows.of_epoch.iter().position(|own| own == name);
    let curves: Vec<(String, usize)> =
        CURVES.iter().filter_map(|(tag, name)| Some((named(tag, run), column(name)?))).collect();
    let number = |epoch: &[Value], at: Option<usize>| at.and_then(|at| epoch[at].as_f64());
    let mut file = Vec::new();
    let mut add = |event: &Message| record::append(&mut file, event.as_bytes());
    add(&Message::new().text(3, VERSION));
    add(&event(0.0, 0, &session_start(run)));
    let mut seconds = 0.0;
    for epoch in &run.epochs {
        let step = number(epoch, column("epoch")).unwrap_or(0.0);
        seconds = run.seconds_an_epoch * step;
        let points = curves.iter().filter_map(|(tag, at)| Some((tag, number(epoch, Some(*at))?)));
        let summary = points.fold(Message::new(), |summary, (tag, number)| {
            summary.message(1, &Message::new().text(1, tag).float(2, number as f32))
        });
        add(&event(seconds, step as u64, &summary));
    }
    if let Some(status) = ended(run.status) {
        add(&event(seconds, 0, &session_end(status, seconds)));
    }
    file
}

/// Returns the name of a curve of a run, which says what its accuracies and losses are of.
fn named(tag: &str, run: &RunRows) -> String {
    let held_out = |(key, value): &(String, Value)| key == "validation_images" && !value.is_null();
    if run.configuration.iter().any(held_out) { tag.replace("/test", "/held-out") } else { tag.to_owned() }
}

/// Encodes an `Event`.
fn event(seconds: f64, step: u64, summary: &Message) -> Message {
    Message::new().double(1, seconds).number(2, step).message(5, summary)
}

/// Returns TensorBoard's number for how a session ended; `None` if the run may go on.
const fn ended(status: Status) -> Option<u64> {
    match status {
        Status::Done => Some(1),
        Status::Diverged => Some(2),
        Status::Running | Status::Interrupted => None,
    }
}

/// Encodes a `SessionStartInfo`, with a number or a text for each key of the configuration that has a value.
fn session_start(run: &RunRows) -> Message {
    let info = run.configuration.iter().fold(Message::new(), |info, (key, value)| {
        let value = match value {
            Value::Null => return info,
            Value::Number(number) => Message::new().double(2, number.as_f64().unwrap_or(f64::NAN)),
            Value::String(text) => Message::new().text(3, text),
            other => Message::new().text(3, &other.to_string()),
        };
        info.message(1, &Message::new().text(1, key).message(2, &value))
    });
    hyperparameters("_hparams_/session_start_info", &Message::new().message(3, &info))
}

/// Encodes a `SessionEndInfo`.
fn session_end(status: u64, seconds: f64) -> Message {
    let info = Message::new().number(1, status).double(2, seconds);
    hyperparameters("_hparams_/session_end_info", &Message::new().message(4, &info))
}

/// Encodes a summary whose content is in its metadata, beside an empty tensor.
fn hyperparameters(tag: &str, content: &Message) -> Message {
    let plugin = Message::new().text(1, HYPERPARAMETERS).message(2, content);
    let shape = Message::new().message(2, &Message::new().number(1, 0));
    let tensor = Message::new().number(1, FLOAT).message(2, &shape);
    let value = Message::new().text(1, tag).message(8, &tensor);
    Message::new().message(1, &value.message(9, &Message::new().message(1, &plugin)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes that `RecordWriter` and `event_pb2` of TensorBoard 2.21 write.
    #[test]
    fn records_are_tensorboards_byte_for_byte() {
        let summary = Message::new().message(1, &Message::new().text(1, "loss/test").float(2, 0.25));
        let records = [
            (
                Message::new().text(3, VERSION),
                "0f000000000000006d532b091a0d627261696e2e4576656e743a32fc985129",
            ),
            (
                event(1.5, 300, &summary),
                "200000000000000029eda95009000000000000f83f10ac022a120a100a096c6f73732f74657374150000803ecdbbcbce",
            ),
        ];
        for (event, theirs) in records {
            let mut file = Vec::new();
            record::append(&mut file, event.as_bytes());
            let ours = file.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
            assert_eq!(ours, theirs);
        }
    }

    #[test]
    fn a_run_that_is_named_after_another_place_stays_in_its_own() {
        assert_eq!(folder("r08-original-s0-e172532e"), "r08-original-s0-e172532e");
        assert_eq!(folder("../../up"), "______up");
    }
}
