//! Runs of arms that an experiment declares itself.

use crate::retrain::again;
use crate::{context, engines, folder, prepare, tiny};
use artifacts::{Configuration, Recipe};
use network::Arm;
use network::arm::Declaration;
use network::decay::Strength;
use trainer::data::state_dict;
use trainer::machine::stop::Stop;
use trainer::run::session::train;

/// An own arm with the numbers of an arm of the house trains to the same bits on every engine, and is trained
/// again from its record.
#[test]
fn an_arm_of_ones_own_trains_as_the_arm_of_the_house_with_its_numbers() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    let context = context(&layout, &data, &stop);
    for engine in engines() {
        let mut models = Vec::new();
        for arm in [Arm::APPROPRIATE, Arm::FROBENIUS, Arm::PUBLISHED_APPROPRIATE] {
            let own = Declaration { name: format!("own-{arm}"), ..arm.into() }.arm().unwrap();
            let [house, own] = [arm, own].map(|decay| {
                // The decay is strong enough to make the arms differ at the end.
                let run = Configuration {
                    recipe: Recipe { epochs: 2, ..tiny().recipe },
                    decay,
                    engine,
                    lambda: 0.05,
                    ..tiny()
                };
                train(&context, &run).unwrap();
                let folder = folder(&layout, &data, &run);
                assert_eq!(folder.read().unwrap().0.configuration, run);
                let name = folder.path().file_name().unwrap().to_str().unwrap();
                assert!(again(&context, &layout, name, 1).unwrap().equal(), "{name}");
                state_dict::load(&folder.model_path()).unwrap().0
            });
            assert!(house == own, "{arm} on {engine}");
            assert!(!models.contains(&house), "{arm} on {engine}");
            models.push(house);
        }
    }
}

#[test]
fn a_weaker_decay_of_the_factors_is_another_run() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    let context = context(&layout, &data, &stop);
    let models = [1.0, 0.5].map(|multiple| {
        let factors = Strength::Times(multiple);
        let decay = Declaration { name: "own".into(), factors, ..Arm::APPROPRIATE.into() }.arm().unwrap();
        let run = Configuration { recipe: Recipe { epochs: 1, ..tiny().recipe }, decay, ..tiny() };
        train(&context, &run).unwrap();
        state_dict::load(&folder(&layout, &data, &run).model_path()).unwrap().0
    });
    assert!(models[0] != models[1]);
}
