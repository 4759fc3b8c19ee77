//! The operating characteristics of the rules on simulated studies: type I error, power and the coverage of
//! intervals, also where variances are unequal, pairs are correlated or differences are skewed.

use crate::planning::design::Design;
use crate::planning::simulate::{Outcomes, Shape, Truth, simulate};

/// A setting and its simulated outcomes.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The truth of the setting, in words.
    pub setting: String,
    /// The outcomes without a difference.
    pub none: Outcomes,
    /// The outcomes with the difference asked about.
    pub some: Outcomes,
}

/// Simulates a design in every setting; `sd` and `effect` are in percentage points.
#[must_use]
pub fn characteristics(design: &Design, sd: f64, effect: f64, studies: u32) -> Vec<Row> {
    let networks = design.networks.len();
    let plain = Truth::plain(design, sd / 100.0, 0.0);
    let spread = |from: f64, to: f64| -> Vec<f64> {
        let step = (to - from) / (networks.max(2) - 1) as f64;
        (0..networks).map(|at| (from + step * at as f64) / 100.0).collect()
    };
    let mut loud = vec![sd / 100.0; networks];
    loud[0] *= 3.0;
    let mut settings = vec![
        (format!("sd {sd} at every rankscale"), plain.clone()),
        (
            "sd 0.15 to 0.60 over the rankscales".to_owned(),
            Truth { sds: spread(0.15, 0.60), ..plain.clone() },
        ),
        (format!("sd {sd}, one rankscale three times that"), Truth { sds: loud, ..plain.clone() }),
        ("heavy tails".to_owned(), Truth { shape: Shape::Heavy, ..plain.clone() }),
        ("skewed differences".to_owned(), Truth { shape: Shape::Skewed, ..plain.clone() }),
    ];
    if design.shares_seeds {
        settings.push(("shared seeds, correlation 0.1".to_owned(), Truth { correlation: 0.1, ..plain }));
    }
    let row = |(setting, truth): (String, Truth)| {
        let some = Truth { effects: vec![effect / 100.0; networks], ..truth.clone() };
        Row {
            setting,
            none: simulate(design, &truth, studies, 11),
            some: simulate(design, &some, studies, 12),
        }
    };
    settings.into_iter().map(row).collect()
}

/// Formats the rows as a Markdown table.
#[must_use]
pub fn table(design: &Design, effect: f64, rows: &[Row]) -> String {
    let studies = rows.first().map_or(0, |row| row.none.studies);
    let secondary = if design.secondary > 0 { " any secondary arm |" } else { "" };
    let mut lines = vec![
        format!("{} ({studies} made-up studies a setting, level {}):", design.describe(), design.level.alpha),
        String::new(),
        format!(
            "| setting | interval holds the truth | one rankscale's | nothing called something |{secondary} {effect} points found | relevantly \
             so | nothing called no meaningful difference | pairs used |"
        ),
        format!(
            "| --- |{} ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
            if design.secondary > 0 { " ---: |" } else { "" }
        ),
    ];
    for Row { setting, none, some } in rows {
        let per_cent = |of: &Outcomes, count: u32| format!("{:.1} %", 100.0 * of.share(count));
        let secondary = if design.secondary > 0 {
            format!(" {} |", per_cent(none, none.false_secondary))
        } else {
            String::new()
        };
        lines.push(format!(
            "| {setting} | {} | {} | {} |{secondary} {} | {} | {} | {:.0} |",
            per_cent(none, none.covered),
            per_cent(none, none.cell_covered),
            per_cent(none, none.better + none.worse),
            per_cent(some, if effect < 0.0 { some.worse } else { some.better }),
            per_cent(some, some.relevant),
            per_cent(none, none.equal),
            some.pairs as f64 / f64::from(some.studies.max(1)),
        ));
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_has_its_row_with_the_numbers_of_its_studies() {
        let design = Design { secondary: 2, ..Design::balanced(3, 3) };
        let rows = characteristics(&design, 0.3, 0.5, 100);
        assert_eq!(rows.len(), 6);
        assert!(rows.iter().all(|row| row.none.studies == 100 && row.some.better > row.none.better));
        let table = table(&design, 0.5, &rows);
        assert_eq!(table.lines().count(), 4 + 6);
        assert!(
            table.contains("any secondary arm") && table.contains("| shared seeds, correlation 0.1 |"),
            "{table}"
        );
    }
}
