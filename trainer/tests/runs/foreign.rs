//! Files that may not be a run's own are not made use of.

use crate::repair::{repair, unseal, unstamp};
use crate::{context, folder, prepare, tiny};
use artifacts::run::EpochRow;
use std::collections::BTreeMap;
use trainer::data::state_dict;
use trainer::machine::stop::Stop;
use trainer::run::session::{Outcome, train, train_until};

#[test]
fn no_predictions_are_made_from_weights_of_another_name_or_another_accuracy() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let (stop, configuration) = (Stop::default(), tiny());
    train(&context(&layout, &data, &stop), &configuration).unwrap();
    let folder = folder(&layout, &data, &configuration);
    unseal(&folder);
    fs_err::remove_file(folder.predictions_path()).unwrap();
    let refused = |words: &str| {
        let (tally, said) = repair(&layout, false);
        assert!(tally.broken == 1 && said.contains(words), "{said}");
        assert!(!folder.predictions_path().exists(), "{said}");
    };
    let (_, epochs) = folder.read().unwrap();
    let better = |row: &EpochRow| EpochRow { test_accuracy: row.test_accuracy + 0.1, ..row.clone() };
    folder.write_epochs(&epochs.iter().map(better).collect::<Vec<_>>()).unwrap();
    refused("model.safetensors is right about ");
    folder.write_epochs(&epochs).unwrap();
    let (weights, _) = state_dict::load(&folder.model_path()).unwrap();
    let save = |owner: &str| {
        let metadata = BTreeMap::from([("run".to_owned(), owner.to_owned())]);
        state_dict::save(&folder.model_path(), &weights, metadata).unwrap();
    };
    save("another");
    refused("model.safetensors: these are the weights of `another`");
    save(&folder.name());
    let (tally, said) = repair(&layout, false);
    assert!(tally.mended == 1 && folder.predictions_path().exists(), "{said}");
}

#[test]
fn a_sealed_run_is_not_taken_up_from_a_checkpoint_without_a_checksum() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    let (context, configuration) = (context(&layout, &data, &stop), tiny());
    assert_eq!(train_until(&context, &configuration, 1).unwrap(), Outcome::Interrupted(1));
    unstamp(&folder(&layout, &data, &configuration).checkpoint_path());
    let message = format!("{:#}", train(&context, &configuration).unwrap_err());
    assert!(message.contains("checkpoint.safetensors: has no checksum, though the run has"), "{message}");
}
