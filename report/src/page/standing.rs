//! How much of the verdict was fixed before the data were seen: seal, looks, and why a result is exploratory.

use super::markdown::{bullets, code, marked};
use artifacts::clock;
use artifacts::study::{Looks, Sealed, Standing};
use artifacts::words::{self, are};

/// Writes the paragraphs, of which there is at least one.
#[must_use]
pub fn paragraphs(standing: &Standing) -> Vec<String> {
    let mut parts = vec![match &standing.sealed {
        Some(sealed) => seal(sealed),
        None => "Nothing was sealed before the first run.".to_owned(),
    }];
    parts.extend(standing.looks.as_ref().map(looks));
    match standing.exploratory.as_slice() {
        [] => {}
        [only] => parts.push(format!("The result is **exploratory**: {}.", marked(only))),
        several => {
            parts.push("The result is **exploratory**, for several reasons:".to_owned());
            parts.push(bullets(&several.iter().map(|reason| marked(reason)).collect::<Vec<_>>()));
        }
    }
    parts
}

/// Returns the heading of the rules, which says that they were fixed if the seal covers them.
#[must_use]
pub fn rules_heading(standing: &Standing) -> String {
    let sealed = standing.sealed.as_ref();
    match sealed.map(|sealed| (sealed, sealed.rules_hold, sealed.rules_sha256.as_ref())) {
        Some((sealed, Some(true), Some(hash))) => {
            let when = if sealed.runs_before == 0 { "before the first run" } else { "with the plan" };
            format!("The rules, whose text was sealed {when} (SHA-256 {}):", code(hash))
        }
        Some((sealed, None, _)) => format!(
            "The rules. The seal is older than this text and does not hold its hash; what was fixed in words stands in the source at revision {}.",
            code(&sealed.git_revision)
        ),
        _ => "The rules, which no seal holds for these runs:".to_owned(),
    }
}

fn seal(sealed: &Sealed) -> String {
    let when = match sealed.runs_before {
        0 => "before the first of its runs was trained".to_owned(),
        1 => "when 1 of its runs had been trained or begun".to_owned(),
        runs => format!("when {runs} of its runs had been trained or begun"),
    };
    format!(
        "The plan was sealed on {}, {when}, by the program of revision {} (SHA-256 of the plan: {}).",
        clock::date(sealed.unix_seconds),
        code(&sealed.git_revision),
        code(&sealed.plan_sha256)
    )
}

fn looks(looks: &Looks) -> String {
    let planned: Vec<String> = looks.planned.iter().map(u32::to_string).collect();
    let (plan, all) = (words::listed(&planned), planned.len());
    let next = |which: &str, pairs: &u32, verdict: &str| {
        let missing = looks
            .missing
            .map_or_else(String::new, |runs| format!(", for which {} to come", are(u64::from(runs), "run")));
        format!("The {which} look comes after {pairs}{missing}; until then there is no {verdict}.")
    };
    let so_far = match (looks.decided, looks.reached, looks.planned.get(looks.reached as usize)) {
        (Some(look), ..) if (look as usize) < all => format!(
            "Look {look} of {all} reached the verdict, and ended the study. A mean at which a study ends early tends to lie too far from zero \
             (Pocock and Hughes 1989)."
        ),
        (Some(look), ..) => format!("Look {look} of {all} reached the verdict, and ended the study."),
        (None, 0, Some(pairs)) => format!("None has been reached. {}", next("first", pairs, "verdict")),
        (None, reached, Some(pairs)) => {
            format!("Of {all} looks {reached} reached no verdict. {}", next("next", pairs, "new verdict"))
        }
        (None, _, None) if all == 1 => "It is spent without a verdict.".to_owned(),
        (None, _, None) => format!("All {all} looks are spent without a verdict."),
    };
    format!("The primary comparison is looked at after {plan} pairs at every rankscale. {so_far}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(rules: Option<&str>) -> Standing {
        let sealed = Sealed {
            unix_seconds: 1_795_610_560,
            git_revision: "ae56419".into(),
            plan_sha256: "10f4".into(),
            runs_before: 0,
            rules_sha256: rules.map(str::to_owned),
            rules_hold: rules.map(|_| true),
        };
        Standing { sealed: Some(sealed), ..Standing::default() }
    }

    fn with(planned: &[u32], reached: u32, decided: Option<u32>, missing: Option<u32>) -> String {
        looks(&Looks { planned: planned.to_vec(), reached, decided, missing })
    }

    #[test]
    fn only_what_the_seal_holds_is_said_to_have_been_fixed() {
        assert!(
            paragraphs(&sealed(None))[0].contains("sealed on 25 November 2026"),
            "{:?}",
            paragraphs(&sealed(None))
        );
        assert!(
            rules_heading(&sealed(Some("ff"))).contains("was sealed before the first run (SHA-256 `ff`)")
        );
        assert!(rules_heading(&sealed(None)).contains("does not hold its hash"));
        let mut late = sealed(None);
        late.sealed.as_mut().unwrap().runs_before = 3;
        assert!(paragraphs(&late)[0].contains("2026, when 3 of its runs had been trained or begun, by"));
        let mut late = sealed(Some("ff"));
        late.sealed.as_mut().unwrap().runs_before = 3;
        assert!(rules_heading(&late).contains("was sealed with the plan (SHA-256 `ff`)"));
        let mut changed = sealed(Some("ff"));
        changed.sealed.as_mut().unwrap().rules_hold = Some(false);
        assert!(rules_heading(&changed).contains("no seal holds"));
        assert!(rules_heading(&Standing::default()).contains("no seal holds"));
    }

    #[test]
    fn looks_are_counted() {
        assert!(with(&[3, 6], 0, None, Some(18)).ends_with(
            "None has been reached. The first look comes after 3, for which 18 runs are to come; until then there is no verdict."
        ));
        assert!(with(&[3, 6], 1, None, Some(1)).contains(
            "Of 2 looks 1 reached no verdict. The next look comes after 6, for which 1 run is to come"
        ));
        assert!(
            with(&[3, 6], 2, Some(2), None)
                .ends_with("Look 2 of 2 reached the verdict, and ended the study.")
        );
        assert!(with(&[3, 6], 1, Some(1), None).contains("tends to lie too far from zero"));
        assert!(with(&[3, 6], 2, None, None).contains("All 2 looks are spent"));
    }
}
