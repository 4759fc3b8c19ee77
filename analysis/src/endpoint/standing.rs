//! Whether a verdict is confirmatory: what the seal fixed before the data, and the reasons why a result is
//! exploratory nevertheless.
//!
//! *Invariant:* nothing is called confirmatory unless the seal covers it.

use crate::runs::plan::Plan;
use artifacts::Backend;
use artifacts::seal::Seal;
use artifacts::study::{Sealed, Standing};

/// Compares a study with its plan and seal, apart from its looks. `fingerprint` is that of the images of the
/// headline recipe.
#[must_use]
pub fn standing(plan: Option<&Plan>, seal: Option<&Seal>, fingerprint: Option<&str>) -> Standing {
    let mut exploratory = Vec::new();
    let mut because = |reason: String| exploratory.push(reason);
    match (plan, seal) {
        (None, _) => because("no experiment is under study: the runs are taken as they are".to_owned()),
        (Some(_), None) => because("no plan was sealed before the first run".to_owned()),
        (Some(plan), Some(seal)) => deviations(plan, seal, fingerprint).into_iter().for_each(&mut because),
    }
    if plan.is_some_and(|plan| plan.experiment().verdict.is_none()) {
        because("the experiment names no primary comparison and plans no looks".to_owned());
    }
    let sealed = plan.zip(seal).map(|(plan, seal)| Sealed {
        unix_seconds: seal.sealed_unix_seconds,
        git_revision: seal.git_revision.clone(),
        plan_sha256: seal.plan_sha256.clone(),
        runs_before: seal.runs_before as u64,
        rules_sha256: seal.rules_sha256.clone(),
        rules_hold: seal.holds_rules(plan.experiment()),
    });
    Standing { sealed, exploratory, looks: None }
}

/// Lists the deviations from what was sealed.
fn deviations(plan: &Plan, seal: &Seal, fingerprint: Option<&str>) -> Vec<String> {
    let experiment = plan.experiment();
    let on = |engine| seal.holds(&experiment.clone().on(engine));
    let mut found = Vec::new();
    // The file of an experiment leaves the engine open, but its plan does not.
    if !seal.holds(experiment) && !on(Backend::Fused) && !on(Backend::Tch) {
        let (then, now) = (seal.runs, experiment.runs.len());
        found.push(if then == now {
            "the plan was changed after it was sealed".to_owned()
        } else {
            format!("the plan was changed after it was sealed: {then} runs then, {now} now")
        });
    }
    if seal.holds_rules(experiment) == Some(false) {
        found.push("the rules were changed after they were sealed".to_owned());
    }
    if seal.runs_before > 0 {
        let before = seal.runs_before;
        let (runs, were) = if before == 1 { ("run", "was") } else { ("runs", "were") };
        found.push(format!("{before} of the planned {runs} {were} begun before the plan was sealed"));
    }
    if seal.git_dirty {
        found.push(format!(
            "the program that sealed the plan was changed after its revision {}",
            seal.git_revision
        ));
    }
    if fingerprint.is_some_and(|images| images != seal.data_fingerprint) {
        found.push("the plan was sealed for other images".to_owned());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use artifacts::experiment::VerdictPlan;
    use artifacts::seal::Circumstances;
    use artifacts::{Configuration, Experiment};
    use network::Arm;

    fn experiment(seeds: u64) -> Experiment {
        let run = |seed| Configuration { seed, decay: Arm::APPROPRIATE, ..Configuration::default() };
        let looks = vec![3];
        let verdict = VerdictPlan { primary: Arm::APPROPRIATE, looks, alpha: 0.05, margin: 0.001 };
        Experiment {
            name: "e".into(),
            title: "t".into(),
            tuned: false,
            verdict: Some(verdict),
            runs: (0..seeds).map(run).collect(),
        }
    }

    fn seal() -> Seal {
        let circumstances = Circumstances { git_revision: "abc".into(), git_dirty: false, unix_seconds: 7 };
        Seal::of(&experiment(3).on(Backend::Fused), 0, "images", circumstances)
    }

    fn exploratory(plan: Option<&Experiment>, seal: Option<&Seal>) -> Vec<String> {
        let plan = plan.cloned().map(Plan::new);
        standing(plan.as_ref(), seal, Some("images")).exploratory
    }

    #[test]
    fn only_what_is_as_sealed_is_confirmatory() {
        let (as_sealed, grown) = (experiment(3), experiment(4));
        assert_eq!(exploratory(Some(&as_sealed), Some(&seal())), Vec::<String>::new());
        let has = |seal: Seal, plan: &Experiment, words: &str| {
            let found = exploratory(Some(plan), Some(&seal));
            assert!(found.len() == 1 && found[0].contains(words), "{found:?}");
        };
        has(seal(), &grown, "3 runs then, 4 now");
        has(Seal { runs_before: 2, ..seal() }, &as_sealed, "2 of the planned runs were begun before");
        has(Seal { git_dirty: true, ..seal() }, &as_sealed, "revision abc");
        has(Seal { data_fingerprint: "others".into(), ..seal() }, &as_sealed, "other images");
        has(Seal { rules_sha256: Some("of others".into()), ..seal() }, &as_sealed, "the rules were changed");
    }

    #[test]
    fn without_a_seal_or_a_plan_it_is_exploratory() {
        assert!(exploratory(Some(&experiment(3)), None)[0].contains("no plan was sealed"));
        assert!(exploratory(None, Some(&seal()))[0].contains("no experiment"));
        let open = Experiment { tuned: false, verdict: None, ..experiment(3) };
        let found = exploratory(Some(&open), None);
        assert!(found.len() == 2 && found[1].contains("no primary comparison"), "{found:?}");
    }
}
