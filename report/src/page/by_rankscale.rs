//! An arm's difference at each rankscale, as a table.

use super::markdown::{self, Align};
use artifacts::study::{AtRankscale, Endpoint};
use artifacts::words::{self, reach};

/// Formats the table, a row for each network.
#[must_use]
pub fn table(rows: &[AtRankscale]) -> String {
    let columns = [
        ("Rankscale", Align::Right),
        ("Pairs", Align::Right),
        ("Difference", Align::Right),
        ("95 % interval", Align::Right),
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
                words::points(row.difference),
                row.interval.map_or_else(dash, reach),
                row.p.map_or_else(dash, words::probability),
                row.p_holm.map_or_else(dash, words::probability),
            ]
        })
        .collect();
    markdown::table(&columns, &rows)
}

/// Says which rankscales have no row of their own, because they build the network of another.
#[must_use]
pub fn shared(endpoint: &Endpoint) -> Option<String> {
    let rows = &endpoint.secondary.by_rankscale;
    let has_row = |rankscale: u32| rows.iter().any(|row| row.rankscale == rankscale);
    let without: Vec<u32> = endpoint.rankscales.iter().copied().filter(|&at| !has_row(at)).collect();
    let (build, their) = if without.len() == 1 { ("builds", "its") } else { ("build", "their") };
    let names = words::capital(&words::rankscales(&without));
    (!without.is_empty()).then(|| {
        format!("{names} {build} the network of a smaller rankscale, whose row has {their} pairs, too.")
    })
}
