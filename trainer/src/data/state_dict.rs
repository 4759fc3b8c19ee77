//! Named float32 arrays, and safetensors files of them.
//!
//! The names are the reference's (`layer1.conv.depthwise.weight`), so its Python code loads what is saved
//! here.

use artifacts::reading::{self, contained};
use artifacts::{atomic, stamp};
use ndarray::{ArrayD, IxDyn};
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// The key of the file's checksum in its metadata, see [`artifacts::stamp`].
const STAMP: &str = "stamp";

/// Arrays by name, in the order of their names.
pub type StateDict = BTreeMap<String, ArrayD<f32>>;

/// A file of arrays that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateDictError {
    /// The file system's error, which names the file.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The file is not safetensors, or has unexpected contents.
    #[error("{path}: {reason}")]
    Contents {
        /// The file.
        path: PathBuf,
        /// The rule it breaks.
        reason: String,
    },
}

/// Saves arrays with metadata and a stamp (a checksum), all or nothing.
///
/// # Errors
/// Those of the file system.
pub fn save(
    path: &Path,
    arrays: &StateDict,
    metadata: BTreeMap<String, String>,
) -> Result<(), StateDictError> {
    let metadata: BTreeMap<String, String> =
        metadata.into_iter().chain([(STAMP.to_owned(), stamp::blank())]).collect();
    let bytes: Vec<(&str, &[usize], Vec<u8>)> = arrays
        .iter()
        .map(|(name, array)| {
            let bytes = array.iter().flat_map(|value| value.to_le_bytes()).collect();
            (name.as_str(), array.shape(), bytes)
        })
        .collect();
    let views: Vec<(&str, TensorView<'_>)> = bytes
        .iter()
        .map(|(name, shape, bytes)| {
            let view = TensorView::new(Dtype::F32, shape.to_vec(), bytes).expect("four bytes an element");
            (*name, view)
        })
        .collect();
    let mut file = serialize(views, Some(metadata.clone().into_iter().collect()))
        .map_err(|error| contents(path, &error))?;
    put_in_order(&mut file, &metadata);
    stamp::fill(&mut file);
    Ok(atomic::write(path, file)?)
}

/// Sorts the metadata of a file by key: the crate writes them in the order of a hash map, but files of equal
/// runs must be equal.
fn put_in_order(file: &mut [u8], metadata: &BTreeMap<String, String>) {
    const KEY: &[u8] = b"\"__metadata__\":";
    let sorted = serde_json::to_vec(metadata).expect("strings have a JSON form");
    let key = file.windows(KEY.len()).position(|bytes| bytes == KEY).expect("the header begins with it");
    // The same entries in another order have the same length.
    file[key + KEY.len()..][..sorted.len()].copy_from_slice(&sorted);
}

/// Loads every float32 array of a file, and its metadata. If the file has a stamp, it is checked, and the
/// metadata still contains it, see [`is_stamped`].
///
/// # Errors
/// The file is missing or damaged, or is not safetensors of float32.
pub fn load(path: &Path) -> Result<(StateDict, BTreeMap<String, String>), StateDictError> {
    let bytes = reading::bytes(path)?;
    let stamped = stamp::check(&bytes).map_err(|rule| contents(path, &rule))?;
    let (arrays, mut metadata) =
        contained(|| parse(path, &bytes)).unwrap_or_else(|panic| Err(contents(path, &panic)))?;
    if !stamped {
        metadata.remove(STAMP);
    }
    Ok((arrays, metadata))
}

/// Returns whether the file with this metadata had a stamp.
#[must_use]
pub fn is_stamped(metadata: &BTreeMap<String, String>) -> bool {
    metadata.contains_key(STAMP)
}

fn parse(path: &Path, bytes: &[u8]) -> Result<(StateDict, BTreeMap<String, String>), StateDictError> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| contents(path, &error))?;
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| contents(path, &error))?;
    let mut arrays = StateDict::new();
    for (name, view) in tensors.iter() {
        if view.dtype() != Dtype::F32 {
            return Err(contents(path, &format!("`{name}` must be float32, but is {:?}", view.dtype())));
        }
        let values: Vec<f32> =
            view.data().as_chunks().0.iter().map(|&bytes: &[u8; 4]| f32::from_le_bytes(bytes)).collect();
        // The shape of an array without elements may still be too large for memory.
        let array = ArrayD::from_shape_vec(IxDyn(view.shape()), values)
            .map_err(|error| contents(path, &format!("`{name}`: {error}")))?;
        arrays.insert(name.to_owned(), array);
    }
    Ok((arrays, header.metadata().clone().unwrap_or_default().into_iter().collect()))
}

fn contents(path: &Path, reason: &impl ToString) -> StateDictError {
    StateDictError::Contents { path: path.to_owned(), reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fs_err as fs;

    #[test]
    fn arrays_survive_the_trip_bit_for_bit() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("arrays.safetensors");
        let values = vec![1.0, -0.0, f32::MIN_POSITIVE / 2.0, f32::NAN, 1e30, -3.5];
        let arrays = StateDict::from([(
            "a.b".to_owned(),
            ArrayD::from_shape_vec(IxDyn(&[2, 3]), values.clone()).unwrap(),
        )]);
        save(&path, &arrays, BTreeMap::from([("epoch".to_owned(), "7".to_owned())])).unwrap();
        let (loaded, metadata) = load(&path).unwrap();
        let bits = |values: &mut dyn Iterator<Item = &f32>| values.map(|v| v.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&mut loaded["a.b"].iter()), bits(&mut values.iter()));
        assert_eq!(loaded["a.b"].shape(), [2, 3]);
        assert_eq!(metadata["epoch"], "7");
    }

    #[test]
    fn equal_arrays_are_equal_files() {
        let directory = tempfile::tempdir().unwrap();
        let arrays = StateDict::from([("a".to_owned(), ArrayD::zeros(IxDyn(&[2])))]);
        let metadata: BTreeMap<String, String> =
            (0..9).map(|key| (key.to_string(), format!("}}\"{key}"))).collect();
        let written = |name: &str| {
            let path = directory.path().join(name);
            save(&path, &arrays, metadata.clone()).unwrap();
            let (loaded, mut found) = load(&path).unwrap();
            found.remove(STAMP);
            assert_eq!((&loaded, &found), (&arrays, &metadata));
            fs::read(path).unwrap()
        };
        let first = written("first");
        assert!((0..9).all(|time| written(&time.to_string()) == first));
    }

    #[test]
    fn an_array_of_nothing_with_impossible_sides_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("arrays.safetensors");
        let header =
            format!(r#"{{"a":{{"dtype":"F32","shape":[0,{0},{0}],"data_offsets":[0,0]}}}}"#, 1_u64 << 40);
        fs::write(&path, [&(header.len() as u64).to_le_bytes(), header.as_bytes()].concat()).unwrap();
        let message = load(&path).unwrap_err().to_string();
        assert!(message.contains("arrays.safetensors") && !message.contains("gave up"), "{message}");
    }

    #[test]
    fn a_file_cut_short_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("arrays.safetensors");
        fs::write(&path, b"\x40\0\0\0\0\0\0\0{\"a\":").unwrap();
        assert!(load(&path).unwrap_err().to_string().contains("arrays.safetensors"));
    }

    #[test]
    fn numbers_of_another_width_are_refused_by_name() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("arrays.safetensors");
        let view = TensorView::new(Dtype::F64, vec![1], &[0; 8]).unwrap();
        fs::write(&path, serialize([("a.b", view)], None).unwrap()).unwrap();
        let message = load(&path).unwrap_err().to_string();
        assert!(message.ends_with("arrays.safetensors: `a.b` must be float32, but is F64"), "{message}");
    }
}
