//! The page as one HTML file that needs nothing but itself: the Markdown's content, every figure, and charts to look into.
//!
//! *Invariant:* without its script the page is whole; it asks no network for anything, and forbids itself to; text that comes from
//! files is text.

use crate::figure::{self, Figure};
use crate::selection::Selection;
use crate::style::{self, Shape};
use network::Arm;
use plotters::style::RGBColor;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use serde::Serialize;
use std::collections::BTreeMap;

/// Apache `ECharts` 6.1.0, `dist/echarts.common.min.js` of its npm package, unchanged.
const ECHARTS: &str = include_str!("../../vendor/echarts.common.min.js");
const SCRIPT: &str = include_str!("page.js");
const STYLE: &str = include_str!("page.css");
/// What the page may load: nothing. Its own scripts, styles and pictures are in it.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

/// What the charts show.
#[derive(Serialize)]
struct Data<'a> {
    arms: Vec<ArmLook>,
    runs: Vec<Run<'a>>,
    pairs: Vec<Pair<'a>>,
    band: Option<Band>,
    /// Epochs and accuracies in per cent, by run.
    curves: BTreeMap<&'a str, Vec<(u32, f64)>>,
}

#[derive(Serialize)]
struct ArmLook {
    name: &'static str,
    color: String,
    shape: &'static str,
}

#[derive(Serialize)]
struct Run<'a> {
    #[serde(rename = "run")]
    name: &'a str,
    arm: &'a str,
    rankscale: u32,
    seed: u64,
    accuracy: f64,
    parameters: u64,
    macs: u64,
}

#[derive(Serialize)]
struct Pair<'a> {
    arm: &'a str,
    baseline: &'a str,
    rankscale: u32,
    seed: u64,
    difference: f64,
}

#[derive(Serialize)]
struct Band {
    arm: &'static str,
    color: String,
    low: f64,
    high: f64,
}

/// The whole page: the Markdown with its figures in it.
#[must_use]
pub fn page(selection: &Selection<'_>, markdown: &str, figures: &[Figure]) -> String {
    let title = crate::page::QUESTION;
    let body = body(markdown, figures);
    let data = serde_json::to_string(&data(selection)).expect("names and numbers are JSON");
    // Within a script element, only this could end it.
    let data = data.replace('<', "\\u003c");
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <link rel=\"icon\" href=\"data:,\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n\
         <script type=\"application/json\" id=\"data\">{data}</script>\n<script>{ECHARTS}</script>\n<script>\n{SCRIPT}</script>\n\
         </body>\n</html>\n"
    )
}

/// The Markdown as HTML, with figures in the place of its pictures and names on its headings.
fn body(markdown: &str, figures: &[Figure]) -> String {
    let events: Vec<Event<'_>> = Parser::new_ext(markdown, Options::ENABLE_TABLES).collect();
    let mut out: Vec<Event<'_>> = Vec::with_capacity(events.len());
    let mut at = 0;
    while at < events.len() {
        match &events[at] {
            // A figure stands in a paragraph of its own, which HTML would not allow.
            Event::Start(Tag::Paragraph)
                if matches!(events.get(at + 1), Some(Event::Start(Tag::Image { .. }))) =>
            {
                let Event::Start(Tag::Image { dest_url, .. }) = &events[at + 1] else { unreachable!() };
                let file = dest_url.rsplit('/').next().unwrap_or_default();
                if let Some(figure) = figures.iter().find(|figure| figure.file == file) {
                    out.push(Event::Html(shown(figure).into()));
                }
                while !matches!(events[at], Event::End(TagEnd::Paragraph)) {
                    at += 1;
                }
            }
            Event::Start(Tag::Heading { level, .. }) => {
                let inside = events[at + 1..]
                    .iter()
                    .take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))));
                let text: String = inside
                    .filter_map(|event| match event {
                        Event::Text(text) | Event::Code(text) => Some(text.as_ref()),
                        _ => None,
                    })
                    .collect();
                out.push(Event::Html(format!("<{level} id=\"{}\">", anchor(&text)).into()));
            }
            Event::End(TagEnd::Heading(level)) => out.push(Event::Html(format!("</{level}>\n").into())),
            Event::Start(Tag::Table(_)) => {
                out.push(Event::Html("<div class=\"table\">".into()));
                out.push(events[at].clone());
            }
            Event::End(TagEnd::Table) => {
                out.push(events[at].clone());
                out.push(Event::Html("</div>\n".into()));
            }
            event => out.push(event.clone()),
        }
        at += 1;
    }
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, out.into_iter());
    html
}

/// `What was run` is `what-was-run`, as code-hosting sites have it.
fn anchor(heading: &str) -> String {
    let kept = heading
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || *c == ' ' || *c == '-')
        .collect::<String>();
    kept.replace(' ', "-")
}

/// A figure in the page; ids in a document must be its own.
fn shown(figure: &Figure) -> String {
    let stem = figure.file.trim_end_matches(".svg");
    let svg = figure
        .svg
        .replacen(
            "aria-labelledby=\"title desc\"",
            &format!("aria-labelledby=\"{stem}-title {stem}-desc\""),
            1,
        )
        .replacen("id=\"title\"", &format!("id=\"{stem}-title\""), 1)
        .replacen("id=\"desc\"", &format!("id=\"{stem}-desc\""), 1);
    let live = [
        figure::rankscale::FILE,
        figure::difference::FILE,
        figure::learning_curves::FILE,
        figure::parameters::FILE,
    ];
    let chart = if live.contains(&figure.file) { format!(" data-chart=\"{stem}\"") } else { String::new() };
    format!("<figure{chart}><div class=\"still\">\n{svg}</div></figure>\n")
}

fn data<'a>(selection: &Selection<'a>) -> Data<'a> {
    let accuracy = |fraction: f64| (fraction * 1e6).round() / 1e4;
    let mut curves: BTreeMap<&str, Vec<(u32, f64)>> = BTreeMap::new();
    for row in selection.epochs() {
        curves.entry(&row.run).or_default().push((row.epoch, accuracy(row.test_accuracy)));
    }
    let runs: Vec<Run<'_>> = selection
        .runs()
        .into_iter()
        .filter_map(|run| {
            Some(Run {
                name: &run.run,
                arm: &run.decay,
                rankscale: run.rankscale,
                seed: run.seed,
                accuracy: accuracy(run.test_accuracy?),
                parameters: run.parameters,
                macs: run.macs,
            })
        })
        .collect();
    let pairs = selection.pairs().into_iter().map(|pair| Pair {
        arm: &pair.decay,
        baseline: &pair.baseline,
        rankscale: pair.rankscale,
        seed: pair.seed,
        difference: accuracy(pair.difference),
    });
    let band = selection.headline().and_then(|endpoint| {
        let interval = endpoint.interval?;
        let color = css(style::arm(endpoint.decay).color);
        Some(Band {
            arm: endpoint.decay.name(),
            color,
            low: accuracy(interval.low),
            high: accuracy(interval.high),
        })
    });
    let look = |arm: Arm| {
        let look = style::arm(arm);
        ArmLook { name: arm.name(), color: css(look.color), shape: shape(look.shape) }
    };
    Data {
        arms: selection.arms().into_iter().map(look).collect(),
        runs,
        pairs: pairs.collect(),
        band,
        curves,
    }
}

fn css(RGBColor(red, green, blue): RGBColor) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

const fn shape(shape: Shape) -> &'static str {
    match shape {
        Shape::Circle => "circle",
        Shape::Triangle => "triangle",
        Shape::Diamond => "diamond",
        Shape::Square => "square",
        Shape::Inverted => "inverted",
        Shape::Ring => "ring",
        Shape::HollowTriangle => "hollow-triangle",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_becomes_html_with_figures_and_anchors() {
        let figure = Figure {
            file: figure::rankscale::FILE,
            heading: "h",
            alt: "a".into(),
            caption: "c".into(),
            svg: "<svg aria-labelledby=\"title desc\"><title id=\"title\">t</title><desc id=\"desc\">d</desc></svg>".into(),
        };
        let html = body(
            "## What was run\n\n![a](figures/rankscale.svg)\n\n| a |\n| ---: |\n| 1 &lt;b&gt; |\n",
            &[figure],
        );
        assert!(html.contains("<h2 id=\"what-was-run\">What was run</h2>"), "{html}");
        assert!(
            html.contains("<figure data-chart=\"rankscale\">") && html.contains("id=\"rankscale-title\""),
            "{html}"
        );
        assert!(!html.contains("<p><") && !html.contains("<img"), "{html}");
        assert!(html.contains("<div class=\"table\"><table>") && html.contains("1 &lt;b&gt;"), "{html}");
    }
}
