//! The metadata of a data file: key-value pairs in its footer, with the prefix `rankscale.`.
//!
//! *Invariant:* a file whose metadata are missing or of another [`FORMAT_VERSION`] is refused before a row is
//! read.

use super::{Dataset, DatasetError, Moments, Provenance, Split, Task};
use crate::stamp;
use parquet::file::metadata::KeyValue;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;

/// The version of the layout and the metadata; files of another version are refused.
pub const FORMAT_VERSION: u32 = 1;

/// The description of the row order in the file, for readers outside this project.
const ROW_ORDER: &str = "ascending SHA-256 of the record (label, then the red, green and blue planes)";

/// The metadata of a data set, without its rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// The data set, which defines the labels.
    pub task: Task,
    /// The number of images.
    pub images: usize,
    /// SHA-256 of the content, in hexadecimal, as recorded in the file.
    pub fingerprint: String,
    /// Mean and standard deviation of each colour plane, as recorded in the file.
    pub moments: Moments,
    /// The source of the images.
    pub provenance: Provenance,
    /// The half as which it was written, if the file says so.
    pub split: Option<Split>,
}

/// Returns the key-value pairs of a data set that is written as this half.
pub(super) fn pairs(dataset: &Dataset, split: Option<Split>) -> Vec<KeyValue> {
    let Dataset { task, fingerprint, moments, provenance, .. } = dataset;
    let mut pairs = vec![
        pair("format_version", FORMAT_VERSION.to_string()),
        pair("content_sha256", fingerprint.clone()),
        pair("provenance", json(provenance)),
        pair("moments", json(moments)),
        pair("class_names", json(&task.class_names())),
        pair("row_order", ROW_ORDER.to_owned()),
    ];
    pairs.extend(split.map(|split| pair("split", split.name().to_owned())));
    let sum = sum(&pairs);
    pairs.push(pair(SUM, sum));
    pairs
}

/// The key of the SHA-256 of all of our pairs before it; the rows have their own fingerprint.
const SUM: &str = "metadata_sha256";

fn sum(pairs: &[KeyValue]) -> String {
    let ours = pairs.iter().filter(|pair| pair.key.starts_with("rankscale.") && !pair.key.ends_with(SUM));
    let lines: Vec<String> = ours.map(|pair| format!("{}={:?}", pair.key, pair.value)).collect();
    stamp::sha256(lines.join("\n").as_bytes())
}

/// Parses the header from the pairs.
pub(super) fn header(path: &Path, images: usize, pairs: &[KeyValue]) -> Result<Header, DatasetError> {
    let foreign = |rule: String| DatasetError::Foreign { path: path.to_owned(), rule };
    let value = |key: &str| {
        let name = format!("rankscale.{key}");
        pairs.iter().find(|pair| pair.key == name).and_then(|pair| pair.value.as_deref()).ok_or_else(|| {
            foreign(format!("no `{name}` in its metadata, so it was not written by data-prep"))
        })
    };
    // Files of earlier versions have no checksum.
    if value(SUM).is_ok_and(|found| found != sum(pairs)) {
        return Err(foreign("damaged: its metadata is not what it was written with".to_owned()));
    }
    let version = value("format_version")?;
    if version != FORMAT_VERSION.to_string() {
        return Err(foreign(format!(
            "`rankscale.format_version` is {version}, expected {FORMAT_VERSION}: prepare the data again"
        )));
    }
    let class_names: Vec<String> = parse("class_names", value("class_names")?).map_err(foreign)?;
    let task = Task::of_classes(&class_names).ok_or_else(|| {
        let known = Task::ALL.map(|task| format!("{task}'s {}", task.classes())).join(" or ");
        foreign(format!("`rankscale.class_names` are {class_names:?}, expected {known}"))
    })?;
    Ok(Header {
        task,
        images,
        fingerprint: value("content_sha256")?.to_owned(),
        moments: parse("moments", value("moments")?).map_err(foreign)?,
        provenance: parse("provenance", value("provenance")?).map_err(foreign)?,
        split: value("split").ok().and_then(|name| Split::ALL.into_iter().find(|split| split.name() == name)),
    })
}

fn pair(key: &str, value: String) -> KeyValue {
    KeyValue::new(format!("rankscale.{key}"), value)
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("structs with string keys and finite numbers are JSON")
}

fn parse<T: DeserializeOwned>(key: &str, text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| format!("`rankscale.{key}`: {error}"))
}
