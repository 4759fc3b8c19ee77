//! What is said of a difference: the verdict, its interval and size, and what qualifies it.

use crate::checked::checked;
use crate::support::Plan;
use artifacts::study::{Agreement, Endpoint, Interval, Later, Role, Size, Verdict};
use network::Arm;

#[test]
fn a_p_value_that_is_not_adjusted_does_not_stand_among_those_that_are() {
    let mut study = Plan::default().study();
    let first = study.summary.endpoints[0].clone();
    study.summary.endpoints.push(Endpoint { decay: Arm::NO_DECAY, role: Role::Secondary, ..first });
    let report = checked(&study);
    let rows = |arm: Arm| format!("| `{arm}` | `original` | 3 | 15 |");
    let row = |arm| report.markdown.lines().find(|line| line.starts_with(&rows(arm))).unwrap();
    assert!(row(Arm::NO_DECAY).contains("%) | – | – | **"), "{}", row(Arm::NO_DECAY));
    assert!(row(Arm::APPROPRIATE).contains("%) | < 0.001 | 0.980 | **"), "{}", row(Arm::APPROPRIATE));
}

#[test]
fn no_meaningful_difference_stands_beside_the_interval_that_lies_within_the_margin() {
    let mut study = Plan { effect: 0.0, ..Plan::default() }.study();
    let endpoint = &mut study.summary.endpoints[0];
    assert_eq!(endpoint.verdict, Verdict::NoMeaningfulDifference);
    let within = Interval { low: -0.0004, high: 0.0006, level: 0.9 };
    endpoint.certainty.as_mut().unwrap().equivalence = within;
    assert_eq!(endpoint.interval(), Some(within));
    let report = checked(&study);
    assert!(report.headline.contains("(90 % interval −0.04 to +0.06; "), "{}", report.headline);
    assert!(report.markdown.contains("| −0.04 to +0.06 (90 %) |"), "{}", report.markdown);
}

#[test]
fn diverged_runs_are_counted_by_arm_and_what_they_could_change_is_said() {
    let mut study = Plan::default().study();
    study.summary.endpoints[0].diverged = [2, 1];
    study.summary.endpoints[0].secondary.diverged_as_chance = Some(-0.05);
    let report = checked(&study);
    let mut of_one = study.clone();
    of_one.summary.endpoints[0].diverged = [1, 0];
    let said = "; 1 run of appropriate diverged, and its pair is left out.";
    assert!(checked(&of_one).headline.contains(said), "{}", checked(&of_one).headline);
    for said in [
        "; 2 runs of `appropriate` and 1 run of `original` diverged, and their pairs are left out.",
        "- Diverged runs, which have no accuracy: 2 of `appropriate`, 1 of `original`\n",
        "- If every diverged run counted as guessing, and its partner as an average run of its arm, \
         the difference would be about −5.00.\n",
    ] {
        assert!(report.markdown.contains(said), "{said}: {}", report.markdown);
    }
}

#[test]
fn all_pairs_stand_beside_those_of_the_look_and_of_what_it_said() {
    let mut study = Plan::default().study();
    let interval = Some(Interval { low: -0.006, high: -0.002, level: 0.95 });
    study.summary.endpoints[0].secondary.later = Some(Later { pairs: 20, difference: -0.004, interval });
    for (verdict, look) in [
        (Verdict::Better, "the look, whose verdict stands"),
        (Verdict::NotEnoughEvidence, "the last look, which reached no verdict"),
    ] {
        study.summary.endpoints[0].verdict = verdict;
        let said = format!(
            "- This section rests on the 15 pairs of {look}. All 20 pairs so far differ by −0.40 \
             (95 % interval −0.60 to −0.20).\n"
        );
        let report = checked(&study);
        assert!(report.markdown.contains(&said), "{said}: {}", report.markdown);
    }
}

#[test]
fn a_verdict_says_how_large_the_difference_is_and_how_many_seeds_would_find_it() {
    let mut study = Plan::default().study();
    study.summary.endpoints[0].secondary.noise.as_mut().unwrap().seeds_for_margin = None;
    for (verdict, size, words) in [
        (Verdict::Better, Size::Relevant, "relevantly better"),
        (Verdict::Worse, Size::Negligible, "worse, negligibly"),
        (Verdict::Worse, Size::Open, "worse"),
    ] {
        (study.summary.endpoints[0].verdict, study.summary.endpoints[0].size) = (verdict, Some(size));
        let page = checked(&study).markdown;
        assert!(page.contains(&format!(" | **{words}** | ")), "{words}: {page}");
        assert!(page.contains("that often takes more than 100,000 seeds at every rankscale; to show that"));
    }
}

#[test]
fn comparisons_of_several_recipes_or_strengths_say_which_they_are_of() {
    let mut study = Plan::default().study();
    let first = study.summary.endpoints[0].clone();
    let alone = checked(&study).markdown;
    assert!(alone.contains("\n| Arm | Against | Rankscales |") && !alone.contains("is primary"), "{alone}");
    let recipe = first.recipe.clone();
    study.summary.endpoints.push(Endpoint { recipe: "f0".into(), lambda: 1e-3, ..first });
    let page = checked(&study).markdown;
    for said in [
        "\n| Arm | Against | Recipe | λ | Rankscales |",
        &format!("\n| `appropriate` | `original` | `{recipe}` | 5e-4 | 3 | 15 |"),
        "\n| `appropriate` | `original` | `f0` | 1e-3 | 3 | 15 |",
        "\n- `appropriate` in the first row is primary; the p values of the other rows are adjusted",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
}

#[test]
fn the_notebook_is_compatible_with_these_runs_only_where_the_analysis_says_so() {
    let mut study = Plan::default().study();
    for (agreement, of_difference, of_accuracy) in [
        (Agreement::Compatible, "**is compatible** with these runs, which is not", ": compatible)"),
        (Agreement::Incompatible, "**is not compatible** with these runs. The test", ": **not compatible**)"),
        (Agreement::NotEnoughEvidence, "so this says nothing of it. The test", ")"),
    ] {
        let found = study.summary.endpoints[0].secondary.replication.as_mut().unwrap();
        (found.difference.agreement, found.accuracy.agreement) = (agreement, agreement);
        let page = checked(&study).markdown;
        let of_accuracy = format!("89.10 % here (another study: 88.80 to 89.40 %{of_accuracy}.\n");
        assert!(page.contains(of_difference) && page.contains(&of_accuracy), "{agreement:?}: {page}");
    }
}
