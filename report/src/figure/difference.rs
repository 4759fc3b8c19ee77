//! The difference of each arm from its baseline against rankscale, with zero and the headline interval.

use super::{Figure, arms};
use crate::chart::{Band, Plot, Series};
use crate::selection::Selection;
use artifacts::study::{AtRankscale, RunRow};
use artifacts::words;
use network::Arm;
use std::collections::BTreeMap;

/// Name of the document.
pub const FILE: &str = "difference.svg";

/// The fewest pairs for whiskers: the interval of two pairs is nine times as long as their distance, and
/// would compress everything else.
const WHISKER_PAIRS: u32 = 3;

/// Draws the figure; `None` if no pair of runs can be compared.
#[must_use]
pub fn figure(selection: &Selection<'_>) -> Option<Figure> {
    let mut rows: BTreeMap<(Arm, &str), Vec<arms::Row<'_>>> = BTreeMap::new();
    let names: BTreeMap<_, _> = selection
        .runs()
        .into_iter()
        .map(|run| ((run.rankscale, run.decay.as_str(), run.seed), run.run.as_str()))
        .collect();
    for pair in selection.pairs() {
        if let (Some(arm), true) = (selection.arm(&pair.decay), pair.rankscale > 0) {
            let run =
                names.get(&(pair.rankscale, pair.decay.as_str(), pair.seed)).copied().unwrap_or_default();
            let row = (pair.rankscale, pair.difference * 100.0, run);
            rows.entry((arm, &pair.baseline)).or_default().push(row);
        }
    }
    let baselines: Vec<_> = rows.keys().map(|(arm, baseline)| format!("{arm} minus {baseline}")).collect();
    let mut twins = false;
    let series: Vec<_> = rows
        .iter()
        .map(|((arm, _), rows)| {
            let mut series = arms::over_rankscales(arms::empty(selection, *arm), rows);
            for mean in &mut series.means {
                let Some(row) = judged(selection, *arm, mean.x) else { continue };
                // A look rests on its own pairs; later pairs are drawn as dots only.
                mean.y = row.difference * 100.0;
                mean.runs = row.pairs;
                mean.interval = row.interval.filter(|_| row.pairs >= WHISKER_PAIRS).map(arms::points);
                twins |= f64::from(row.rankscale) != mean.x;
            }
            series
        })
        .collect();
    if series.is_empty() {
        return None;
    }
    let band = selection.headline().and_then(|endpoint| Some((endpoint, endpoint.interval()?)));
    let described: Vec<_> =
        series.iter().map(|series| arms::described(series, arms::at_rankscale, " points")).collect();
    let name = format!("Difference in {} accuracy", selection.judged_by());
    let title = format!("{name} against rankscale");
    let alt = format!("{title}, with a line at zero: {}.", described.join("; "));
    let plot = Plot {
        zero: true,
        band: band.map(|(endpoint, interval)| Band {
            arm: endpoint.decay,
            color: selection.look(endpoint.decay).color,
            ends: arms::points(interval),
        }),
        ..Plot::single("Rankscale", format!("{name} (percentage points)"), series)
    };
    let notes = band.map_or_else(Vec::new, |(endpoint, interval)| {
        let level = words::level(interval);
        vec![
            format!("Band: {level} % interval"),
            "of the mean difference".to_owned(),
            format!("of {}", endpoint.decay),
        ]
    });
    let axis = arms::rankscale_axis(selection);
    let svg = plot.picture((&title, &alt), axis, 0.4, Some((arms::LEGEND, notes)), |_| Ok(()));
    let mut caption = format!(
        "Above zero, the arm is better than its baseline ({}), paired by rankscale and seed.",
        words::listed(&baselines)
    );
    caption += if plot.series().any(Series::repeated) {
        " Every pair is a pale dot; lines join the means over seeds."
    } else {
        " Every marker is one pair of runs."
    };
    if selection.endpoints().any(|endpoint| endpoint.look.is_some()) {
        caption += " The means of an arm that was judged at a look are those of the look's pairs, on which the verdict rests.";
    }
    if plot.series().any(Series::whiskered) {
        caption +=
            " Whiskers are Student's 95 % intervals at each rankscale, where it has three pairs or more.";
    }
    if twins {
        caption += " Rankscales that build one network share the mean and the interval of all their pairs.";
    }
    if band.is_some() {
        caption += " The band is the interval of the headline endpoint, the mean over rankscales.";
    }
    Some(Figure { file: FILE, heading: "Difference against rankscale", alt, caption, plot, svg })
}

/// Returns an arm's row for the network of a rankscale: rankscales with equal numbers of parameters build one
/// network, and have one row.
fn judged<'a>(selection: &Selection<'a>, arm: Arm, rankscale: f64) -> Option<&'a AtRankscale> {
    let endpoint = selection.endpoints().find(|endpoint| endpoint.decay == arm)?;
    let parameters = |rankscale: f64| {
        let of = |run: &&RunRow| f64::from(run.rankscale) == rankscale;
        selection.runs().into_iter().find(of).map(|run| run.parameters)
    };
    let here = parameters(rankscale);
    let rows = &endpoint.secondary.by_rankscale;
    rows.iter().find(|row| f64::from(row.rankscale) == rankscale || parameters(row.rankscale.into()) == here)
}
