//! The state that a run needs to continue: weights, running statistics, momentum, and the epoch they belong
//! to.
//!
//! *Invariant:* the checkpoint is written after the tables of its epoch, so a crash between the two leaves
//! rows that are trained again, never a gap.

use crate::data::state_dict::{self, StateDict, StateDictError};
use artifacts::reading::is_there;
use network::{Architecture, Entry};
use std::collections::BTreeMap;
use std::path::Path;

/// The state of a run after some epoch.
#[derive(Debug)]
pub struct Checkpoint {
    /// The number of epochs that ended.
    pub epoch: usize,
    /// The state, as [`crate::engine::Engine::state`] returns it.
    pub state: StateDict,
    /// Whether its file has a stamp (a checksum), which was then verified; files of earlier versions have
    /// none.
    pub stamped: bool,
}

/// Checks that every parameter and buffer of a network is there, with its shape.
///
/// # Errors
/// One is missing or has another shape; the error names the file.
pub fn check_shapes(
    path: &Path,
    state: &StateDict,
    architecture: &Architecture,
) -> Result<(), StateDictError> {
    let of = |Entry { name, shape, .. }| (name, shape);
    has(path, state, architecture.parameters().into_iter().chain(architecture.buffers()).map(of))
}

/// Checks that these arrays are there, with their shapes.
fn has(
    path: &Path,
    state: &StateDict,
    arrays: impl Iterator<Item = (String, Vec<usize>)>,
) -> Result<(), StateDictError> {
    let broken = |reason: String| StateDictError::Contents { path: path.to_owned(), reason };
    for (name, shape) in arrays {
        match state.get(&name) {
            Some(array) if array.shape() == shape => {}
            Some(array) => {
                let found = array.shape();
                return Err(broken(format!("`{name}` must have shape {shape:?}, but has {found:?}")));
            }
            None => return Err(broken(format!("`{name}` is missing"))),
        }
    }
    Ok(())
}

impl Checkpoint {
    /// Saves it, all or nothing.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn save(&self, path: &Path, run: &str) -> Result<(), StateDictError> {
        let metadata = BTreeMap::from([
            ("epoch".to_owned(), self.epoch.to_string()),
            ("run".to_owned(), run.to_owned()),
        ]);
        state_dict::save(path, &self.state, metadata)
    }

    /// Loads the checkpoint of `run`, if there is one.
    ///
    /// # Errors
    /// The file belongs to another run or another network, or is not a checkpoint.
    pub fn load(path: &Path, run: &str, architecture: &Architecture) -> Result<Option<Self>, StateDictError> {
        if !is_there(path)? {
            return Ok(None);
        }
        let (state, metadata) = state_dict::load(path)?;
        let broken = |reason: String| StateDictError::Contents { path: path.to_owned(), reason };
        let owner = metadata.get("run").map_or("nobody", String::as_str);
        if owner != run {
            return Err(broken(format!("this is a checkpoint of `{owner}`, not of `{run}`")));
        }
        let epoch = metadata.get("epoch").and_then(|epoch| epoch.parse().ok());
        let epoch = epoch.ok_or_else(|| broken("the metadata names no epoch".to_owned()))?;
        check_shapes(path, &state, architecture)?;
        // Without it, training would go on from a momentum of zero, to another result.
        let momentum = architecture.parameters().into_iter().map(|of| (of.velocity_name(), of.shape));
        has(path, &state, momentum)?;
        Ok(Some(Self { epoch, state, stamped: state_dict::is_stamped(&metadata) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::initialise::initialise;
    use ndarray::ArrayD;

    /// The state of a network whose momentum is zero.
    fn state(architecture: &Architecture) -> StateDict {
        let zero = |of: Entry| (of.velocity_name(), ArrayD::zeros(of.shape));
        let momentum = architecture.parameters().into_iter().map(zero);
        initialise(architecture, 0).into_iter().chain(momentum).collect()
    }

    #[test]
    fn a_checkpoint_without_momentum_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("checkpoint.safetensors");
        let small = Architecture::new(2, [2, 2, 2, 2], 10).unwrap();
        Checkpoint { epoch: 3, state: initialise(&small, 0), stamped: true }.save(&path, "a").unwrap();
        let message = Checkpoint::load(&path, "a", &small).unwrap_err().to_string();
        assert!(message.contains("`velocity.") && message.contains("is missing"), "{message}");
    }

    #[test]
    fn a_checkpoint_belongs_to_one_run_and_one_network() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("checkpoint.safetensors");
        let small = Architecture::new(2, [4, 4, 4, 4], 10).unwrap();
        assert!(Checkpoint::load(&path, "a", &small).unwrap().is_none());
        Checkpoint { epoch: 3, state: state(&small), stamped: true }.save(&path, "a").unwrap();
        assert_eq!(Checkpoint::load(&path, "a", &small).unwrap().unwrap().epoch, 3);
        let other_run = Checkpoint::load(&path, "b", &small).unwrap_err().to_string();
        assert!(other_run.contains("`a`, not of `b`"), "{other_run}");
        let wide = Architecture::new(2, [8, 4, 4, 4], 10).unwrap();
        let other_network = Checkpoint::load(&path, "a", &wide).unwrap_err().to_string();
        assert!(other_network.contains("must have shape"), "{other_network}");
    }

    #[test]
    fn every_flip_and_cut_of_a_checkpoint_is_noticed_or_harmless() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("checkpoint.safetensors");
        let small = Architecture::new(2, [2, 2, 2, 2], 10).unwrap();
        let state = state(&small);
        Checkpoint { epoch: 3, state: state.clone(), stamped: true }.save(&path, "a").unwrap();
        let load = || Checkpoint::load(&path, "a", &small);
        assert!(load().unwrap().unwrap().stamped);
        let bytes = fs_err::read(&path).unwrap();
        for at in (0..bytes.len()).step_by(3) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at / 3 % 8);
            fs_err::write(&path, flipped).unwrap();
            match load() {
                Err(error) => assert!(error.to_string().contains("checkpoint.safetensors"), "{error}"),
                // The flipped bit is in the stamp's mark, so the contents are intact but no longer stamped.
                Ok(found) => {
                    let found = found.unwrap();
                    assert!(!found.stamped && found.state == state && found.epoch == 3, "byte {at}");
                }
            }
            if at % 100 == 0 {
                fs_err::write(&path, &bytes[..at]).unwrap();
                assert!(load().is_err());
            }
        }
    }
}
