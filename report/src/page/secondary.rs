//! In detail: where an arm differs, how often it wins, whether that grows with compression, how much is noise, and whether the notebook
//! agrees.

use super::markdown::{Align, bullets, code, folded, table};
use crate::numbers;
use crate::selection::Selection;
use artifacts::study::{
    Agreement, AtRankscale, Endpoint, Identical, ImageByImage, Interval, Noise, Replication, Trend, Wins,
};

/// A share of wins that users notice, as Bouthillier et al. propose.
const NOTICEABLE_WINS: f64 = 0.75;

/// The section, an arm after the other; empty where there is nothing to say.
#[must_use]
pub fn section(selection: &Selection<'_>) -> String {
    let mut parts = Vec::new();
    for (at, endpoint) in selection.endpoints().enumerate() {
        let found = of(endpoint);
        let (arm, baseline) = (endpoint.decay.name(), endpoint.baseline.name());
        if at == 0 && !found.is_empty() {
            parts.push(format!("{} against {}:", code(arm), code(baseline)));
            parts.extend(found);
        } else if !found.is_empty() {
            parts.push(folded(&format!("{arm} against {baseline}"), &found.join("\n\n")));
        }
    }
    let checks: Vec<_> = selection.study.summary.identical.iter().map(identical).collect();
    if !checks.is_empty() {
        parts.push(bullets(&checks));
    }
    if parts.is_empty() {
        return String::new();
    }
    let about = "Differences are in percentage points; none of this enters a verdict.";
    [vec!["## In detail".to_owned(), about.to_owned()], parts].concat().join("\n\n")
}

/// What is said of one arm: a table and a list.
fn of(endpoint: &Endpoint) -> Vec<String> {
    let secondary = &endpoint.secondary;
    let mut items = Vec::new();
    items.extend(secondary.wins.map(|wins| won(endpoint, wins)));
    items.extend(secondary.trend.map(trend));
    items.extend(secondary.noise.map(noise));
    items.extend(secondary.images.as_ref().map(image_by_image));
    items.extend(secondary.replication.map(replication));
    let mut parts = Vec::new();
    if !secondary.by_rankscale.is_empty() {
        parts.push(by_rankscale(&secondary.by_rankscale));
    }
    if !items.is_empty() {
        parts.push(bullets(&items));
    }
    parts
}

fn by_rankscale(rows: &[AtRankscale]) -> String {
    let columns = [
        ("Rankscale", Align::Right),
        ("Pairs", Align::Right),
        ("Difference", Align::Right),
        ("Interval", Align::Right),
        ("p", Align::Right),
        ("p, adjusted (Holm)", Align::Right),
    ];
    let dash = || "–".to_owned();
    let rows: Vec<_> = rows
        .iter()
        .map(|row| {
            vec![
                row.rankscale.to_string(),
                row.pairs.to_string(),
                numbers::points(row.difference),
                row.interval.map_or_else(dash, reach),
                row.p.map_or_else(dash, numbers::probability),
                row.p_holm.map_or_else(dash, numbers::probability),
            ]
        })
        .collect();
    table(&columns, &rows)
}

fn won(endpoint: &Endpoint, wins: Wins) -> String {
    let share = |share: f64| numbers::fixed(100.0 * share, 0);
    format!(
        "It wins {} % of the pairs ({} % interval {} to {} %); {} % and more would be a difference that users notice \
         ([Bouthillier et al.](https://arxiv.org/abs/2103.03098)). {}",
        share(wins.share),
        numbers::short(wins.interval.level * 100.0),
        share(wins.interval.low),
        share(wins.interval.high),
        share(NOTICEABLE_WINS),
        match numbers::many(u64::from(endpoint.pairs), "pair") {
            pairs if wins.interval.low <= 0.5 && wins.interval.high >= 0.5 =>
                format!("With {pairs}, a coin could do the same."),
            pairs => format!("That is over {pairs}."),
        }
    )
}

fn trend(trend: Trend) -> String {
    format!(
        "For each halving of the parameters the difference changes by {} (interval {}; {}).",
        numbers::points(trend.slope),
        reach(trend.interval),
        numbers::p_equals(trend.p)
    )
}

fn noise(noise: Noise) -> String {
    let points = |value: f64| numbers::fixed(value * 100.0, 2);
    format!(
        "From seed to seed a run's accuracy varies with a standard deviation of {} (another test set of the same size would move it by {}), \
         and the difference of a pair with {}. So as many pairs again would find a difference of {} in four studies of five; \
         0.1 needs {} at every rankscale.",
        points(noise.runs_sd),
        points(noise.binomial_sd),
        points(noise.differences_sd),
        points(noise.detectable),
        numbers::many(u64::from(noise.seeds_for_margin), "seed")
    )
}

fn image_by_image(images: &ImageByImage) -> String {
    format!(
        "Image by image: one run of a pair gets {} % of the test images right that the other does not. By McNemar's exact test, \
         adjusted by Holm's method, {} of {} differ beyond chance (a test of two trained networks, not of two ways to train).",
        numbers::fixed(images.discordant * 100.0, 1),
        images.significant,
        numbers::many(u64::from(images.pairs), "pair")
    )
}

fn replication(replication: Replication) -> String {
    let Replication { rankscales, notebook, difference, prediction, agreement } = replication;
    let seen = format!(
        "Replication: over {} that both have, the 2018 notebook's figure differs by {}, these runs by {}.",
        numbers::many(u64::from(rankscales), "rankscale"),
        numbers::points(notebook),
        numbers::points(difference)
    );
    let Some(interval) = prediction else {
        return format!(
            "{seen} Without several seeds at a rankscale nothing says how far another study may lie."
        );
    };
    let verdict = match agreement {
        Agreement::Agrees => "so the notebook's figure **agrees** with these runs",
        Agreement::Disagrees => "so the notebook's figure **disagrees** with these runs",
        Agreement::NotEnoughEvidence => {
            "but these runs were not trained as the notebook's were, so this says nothing of it"
        }
    };
    format!(
        "{seen} Going by these runs, another study of one pair a rankscale lies between {}, {verdict}.",
        between(interval)
    )
}

fn identical(check: &Identical) -> String {
    let [first, second] = check.rankscales;
    let pairs = numbers::many(u64::from(check.pairs), "pair");
    let found = match (check.equal, check.interval, check.p) {
        (equal, ..) if equal == check.pairs => format!("equal to the last digit in {pairs}"),
        (equal, Some(interval), Some(p)) => format!(
            "equal in {equal} of {pairs}, and {} apart on average (interval {}; {})",
            numbers::points(check.difference),
            reach(interval),
            numbers::p_equals(p)
        ),
        (equal, ..) => {
            format!("equal in {equal} of {pairs}, and {} apart on average", numbers::points(check.difference))
        }
    };
    format!(
        "A/A check: rankscales {first} and {second} build one network. With {} decay their runs are {found}.",
        code(check.decay.name())
    )
}

fn between(interval: Interval) -> String {
    format!("{} and {}", numbers::points(interval.low), numbers::points(interval.high))
}

fn reach(interval: Interval) -> String {
    format!("{} to {}", numbers::points(interval.low), numbers::points(interval.high))
}
