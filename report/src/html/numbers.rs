//! The numbers of a figure as a table below it: for readers, for screen readers, and to copy.
//!
//! The table has the means, which are the content of the figure. The page's script offers single runs and
//! every epoch as a file.
//!
//! *Invariant:* a row of the table states what the figure's mark shows: panel, series, position, mean, number
//! of runs, interval.

use crate::chart::canvas::escaped;
use crate::chart::{Mean, Plot, Scale, Series};
use crate::figure::Figure;

/// The largest number of rows of a table; for a figure with more, each series gives only its last row.
const MOST: usize = 250;

/// Returns the table, folded.
pub(super) fn below(figure: &Figure) -> String {
    let plot = &figure.plot;
    let lengths = || plot.series().chain(&plot.background).map(|series| series.means.len());
    let (all, rows) = (lengths().filter(|&length| length > 0).count(), lengths().sum::<usize>());
    if rows == 0 {
        return String::new();
    }
    let last = rows > MOST;
    let shown = if last { all } else { rows };
    let what = if last { format!("last {}", plot.x.to_lowercase()) } else { "means".to_owned() };
    let names: Vec<&str> = panelled(plot).into_iter().chain(["Series"]).collect();
    let (place, numbers) = ([plot.x.as_str()], [plot.y.as_str(), "n (runs or pairs)", "Interval"]);
    // The page's script sorts as numbers what is aligned to the right.
    let (words, figures) = ("th scope=\"col\"", "th scope=\"col\" style=\"text-align: right\"");
    let of_place = if matches!(plot.scale, Scale::Named(_)) { words } else { figures };
    let head = cells(words, names.into_iter())
        + &cells(of_place, place.into_iter())
        + &cells(figures, numbers.into_iter());
    let series = |panel: &str, series: &Series| -> String {
        let from = if last { series.means.len().saturating_sub(1) } else { 0 };
        series.means[from..].iter().map(|mean| row(plot, panel, series, mean)).collect()
    };
    let mut body: String = plot
        .panels
        .iter()
        .flat_map(|(panel, list)| list.iter().map(move |one| (panel, one)))
        .map(|(panel, one)| series(panel, one))
        .collect();
    body.extend(plot.background.iter().map(|one| series("", one)));
    format!(
        "<details class=\"numbers\"><summary>The numbers of this figure: {what}, {shown} {}</summary>\n\
         <div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"Numbers: {}\"><table><thead><tr>{head}</tr></thead>\n\
         <tbody>\n{body}</tbody></table></div></details>\n",
        if shown == 1 { "row" } else { "rows" },
        escaped(figure.heading),
    )
}

/// Returns the variable that distinguishes the panels, if there are several.
fn panelled(plot: &Plot) -> Option<&'static str> {
    (plot.panels.len() > 1).then_some(plot.by)
}

fn row(plot: &Plot, panel: &str, series: &Series, mean: &Mean) -> String {
    let place = match &plot.scale {
        Scale::Named(names) => names.get(mean.x as usize).cloned().unwrap_or_default(),
        Scale::Linear | Scale::Logarithmic => digits(mean.x),
    };
    let interval = mean
        .interval
        .map_or_else(|| "–".to_owned(), |[low, high]| format!("{} to {}", digits(low), digits(high)));
    let mut cells: Vec<String> = panelled(plot).map(|_| panel.to_owned()).into_iter().collect();
    cells.extend([series.name.clone(), place, digits(mean.y), mean.runs.to_string(), interval]);
    format!("<tr>{}</tr>\n", self::cells("td", cells.iter().map(String::as_str)))
}

/// Formats texts as the cells of a row.
fn cells<'a>(tag: &str, texts: impl Iterator<Item = &'a str>) -> String {
    let name = tag.split(' ').next().unwrap_or(tag);
    texts.fold(String::new(), |row, text| row + &format!("<{tag}>{}</{name}>", escaped(text)))
}

/// Formats as many digits as a figure can show.
fn digits(value: f64) -> String {
    super::data::short(value).to_string().replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;
    use network::Arm;

    fn figure(panels: Vec<(String, Vec<Series>)>) -> Figure {
        let plot = Plot::panels("Layer", "Epoch", "Loss & more", panels);
        Figure {
            file: "a.svg",
            heading: "A",
            alt: String::new(),
            caption: String::new(),
            plot,
            svg: String::new(),
        }
    }

    fn series(name: &str, means: usize) -> Series {
        let look = artifacts::look::house(Arm::ORIGINAL).unwrap().into();
        let mean = |at: usize| Mean {
            x: at as f64,
            y: -0.123_456_78,
            runs: 2,
            interval: (at == 1).then_some([-1.0, 2.0]),
        };
        Series { means: (1..=means).map(mean).collect(), ..Series::empty(name, look) }
    }

    #[test]
    fn every_mean_is_a_row_with_its_panel_and_interval() {
        let html =
            below(&figure(vec![("a".into(), vec![series("<b>", 2)]), ("b".into(), vec![series("c", 1)])]));
        assert!(html.contains("means, 3 rows") && html.contains("<th scope=\"col\">Layer</th>"), "{html}");
        assert!(
            html.contains(
                "<td>a</td><td>&lt;b&gt;</td><td>1</td><td>−0.123457</td><td>2</td><td>−1 to 2</td>"
            ),
            "{html}"
        );
        assert!(html.contains("<td>2</td><td>−0.123457</td><td>2</td><td>–</td>"), "{html}");
        assert!(html.contains("Loss &amp; more") && !html.contains("<b>"), "{html}");
    }

    #[test]
    fn of_a_figure_with_too_many_rows_each_series_gives_its_last() {
        let html = below(&figure(vec![(String::new(), vec![series("a", 200), series("b", 100)])]));
        assert!(html.contains("last epoch, 2 rows"), "{html}");
        assert!(html.contains("<td>a</td><td>200</td>") && html.contains("<td>b</td><td>100</td>"), "{html}");
        assert_eq!(below(&figure(Vec::new())), "");
    }
}
