//! What holds for a data file as a whole: the key-value pairs in its footer, under the prefix `rankscale.`.
//!
//! *Invariant:* a file whose pairs are of another [`FORMAT_VERSION`], or missing, is refused before a row is read.

use super::{CLASS_NAMES, Dataset, DatasetError, Moments, Provenance};
use parquet::file::metadata::KeyValue;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;

/// Version of the layout and the metadata; files of another version are refused.
pub const FORMAT_VERSION: u32 = 1;

/// Said in the file, for those who read it elsewhere.
const ROW_ORDER: &str = "ascending SHA-256 of the record (label, then the red, green and blue planes)";

/// A data set without its rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// Number of images.
    pub images: usize,
    /// SHA-256 of the content, in hexadecimal, as the file says.
    pub fingerprint: String,
    /// Mean and standard deviation of each colour plane, as the file says.
    pub moments: Moments,
    /// Where the images came from.
    pub provenance: Provenance,
}

/// The pairs of a data set.
pub(super) fn pairs(dataset: &Dataset) -> Vec<KeyValue> {
    let Dataset { fingerprint, moments, provenance, .. } = dataset;
    vec![
        pair("format_version", FORMAT_VERSION.to_string()),
        pair("content_sha256", fingerprint.clone()),
        pair("provenance", json(provenance)),
        pair("moments", json(moments)),
        pair("class_names", json(&CLASS_NAMES)),
        pair("row_order", ROW_ORDER.to_owned()),
    ]
}

/// The pairs as the header they are.
pub(super) fn header(path: &Path, images: usize, pairs: &[KeyValue]) -> Result<Header, DatasetError> {
    let foreign = |rule: String| DatasetError::Foreign { path: path.to_owned(), rule };
    let value = |key: &str| {
        let name = format!("rankscale.{key}");
        pairs.iter().find(|pair| pair.key == name).and_then(|pair| pair.value.as_deref()).ok_or_else(|| {
            foreign(format!("no `{name}` in its metadata, so it was not written by data-prep"))
        })
    };
    let version = value("format_version")?;
    if version != FORMAT_VERSION.to_string() {
        return Err(foreign(format!(
            "`rankscale.format_version` is {version}, expected {FORMAT_VERSION}: prepare the data again"
        )));
    }
    let class_names: Vec<String> = parse("class_names", value("class_names")?).map_err(foreign)?;
    if class_names != CLASS_NAMES {
        return Err(foreign(format!(
            "`rankscale.class_names` are {class_names:?}, expected {CLASS_NAMES:?}"
        )));
    }
    Ok(Header {
        images,
        fingerprint: value("content_sha256")?.to_owned(),
        moments: parse("moments", value("moments")?).map_err(foreign)?,
        provenance: parse("provenance", value("provenance")?).map_err(foreign)?,
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
