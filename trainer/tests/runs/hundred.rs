//! Runs on a data set of a hundred classes.

use crate::retrain::again;
use crate::{context, engines, folder, prepare_task, tiny};
use artifacts::dataset::{Dataset, Split, Task};
use artifacts::{Configuration, Recipe};
use trainer::data::state_dict;
use trainer::machine::stop::Stop;
use trainer::run::context::TrainTest;
use trainer::run::session::{train, train_until};

fn hundred() -> Configuration {
    Configuration {
        recipe: Recipe { dataset: Task::Cifar100, peak_learning_rate: 0.05, ..tiny().recipe },
        ..tiny()
    }
}

#[test]
fn a_hundred_classes_are_trained_stopped_and_taken_up_on_every_engine() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare_task(root.path(), Task::Cifar100);
    let stop = Stop::default();
    let context = context(&layout, &data, &stop);
    for engine in engines() {
        let run = Configuration { engine, ..hundred() };
        train_until(&context, &run, 1).unwrap();
        train(&context, &run).unwrap();
        let folder = folder(&layout, &data, &run);
        let (record, epochs) = folder.read().unwrap();
        assert_eq!((&record.configuration, epochs.len()), (&run, run.recipe.epochs));
        assert_eq!(
            record.counts.parameters
                - Configuration { recipe: Recipe { dataset: Task::Cifar10, ..run.recipe }, ..run.clone() }
                    .counts()
                    .parameters,
            90 * 8
        );
        // An untrained network of a hundred classes is as good as a random guess among them.
        let guess = 100f64.ln();
        let losses: Vec<f64> = epochs.iter().map(|row| row.train_loss.unwrap()).collect();
        assert!(
            (losses[0] - guess).abs() < 0.3 && losses[2] < losses[0],
            "{losses:?} do not begin near {guess} and fall"
        );
        let predictions = folder.read_predictions(&record).unwrap();
        let mut labels: Vec<u8> = predictions.iter().map(|row| row.label).collect();
        labels.sort_unstable();
        assert_eq!(labels, (0..100).collect::<Vec<u8>>());
        let (weights, _) = state_dict::load(&folder.model_path()).unwrap();
        assert!(
            weights.values().any(|tensor| tensor.shape() == [100, 8]),
            "the classifier has a row a class"
        );
        let name = folder.name();
        assert!(
            again(&context, &layout, &name, 2).unwrap().equal(),
            "{name} stopped and went on as it would have gone"
        );
    }
}

#[test]
fn a_run_has_another_name_on_another_data_set() {
    let of_ten = tiny().run_name("images");
    assert_ne!(hundred().run_name("images"), of_ten);
    assert_ne!(hundred().recipe.hash("images"), tiny().recipe.hash("images"));
}

#[test]
fn images_of_another_data_set_are_refused_by_name() {
    let root = tempfile::tempdir().unwrap();
    let (layout, _) = prepare_task(root.path(), Task::Cifar10);
    let message = TrainTest::read(&layout, Task::Cifar100, true).unwrap_err().to_string();
    assert!(message.contains("run `just data DATASET=cifar100` first"), "{message}");
    for split in Split::ALL {
        Dataset::generated(Task::Cifar10, 10, 1).write(&layout.images(Task::Cifar100, split)).unwrap();
    }
    let message = TrainTest::read(&layout, Task::Cifar100, true).unwrap_err().to_string();
    assert!(
        message
            .contains("holds CIFAR-10, and must hold CIFAR-100; delete it, and `just data DATASET=cifar100`"),
        "{message}"
    );
}
