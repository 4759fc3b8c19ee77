//! The page as one self-contained HTML file: the Markdown's content, every figure, and interactive charts.
//!
//! *Invariant:* without its script the page is complete; it makes no network request, and forbids itself to;
//! text that comes from files is escaped.

mod data;
mod numbers;

use crate::chart::canvas::escaped;
use crate::figure::Figure;
use crate::selection::Selection;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// Apache `ECharts` 6.1.0, `dist/echarts.common.min.js` of its npm package, unchanged.
const ECHARTS: &str = include_str!("../../vendor/echarts.common.min.js");
const SCRIPT: &str = include_str!("page.js");
const STYLE: &str = include_str!("page.css");
/// The content security policy: the page may load nothing, because its scripts, styles and pictures are
/// inline.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

/// Returns the whole page: the Markdown with its figures inlined.
#[must_use]
pub fn page(selection: &Selection<'_>, markdown: &str, figures: &[Figure]) -> String {
    let title = escaped(&crate::page::question(selection));
    let body = body(markdown, figures);
    let data = serde_json::to_string(&data::of(selection, figures)).expect("names and numbers are JSON");
    // Inside a script element, only `<` could end it.
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

/// Converts the Markdown to HTML, with figures in place of its pictures and ids on its headings.
fn body(markdown: &str, figures: &[Figure]) -> String {
    let events: Vec<Event<'_>> = Parser::new_ext(markdown, Options::ENABLE_TABLES).collect();
    let mut out: Vec<Event<'_>> = Vec::with_capacity(events.len());
    let (mut at, mut tables) = (0, 0);
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
                // Scrollable elements must be focusable by keyboard.
                tables += 1;
                let open = format!(
                    "<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"Table {tables}\">"
                );
                out.push(Event::Html(open.into()));
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
    // Commands that are wider than the page scroll, so they must be focusable by keyboard.
    html.replace("<pre>", "<pre tabindex=\"0\">")
}

/// Returns the id of a heading as code-hosting sites form it: `What was run` becomes `what-was-run`.
fn anchor(heading: &str) -> String {
    let kept = heading
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || *c == ' ' || *c == '-')
        .collect::<String>();
    kept.replace(' ', "-")
}

/// Returns a figure as HTML; ids must be unique within the document.
fn shown(figure: &Figure) -> String {
    let stem = figure.stem();
    let svg = figure
        .svg
        .replacen(
            "aria-labelledby=\"title desc\"",
            &format!("aria-labelledby=\"{stem}-title {stem}-desc\""),
            1,
        )
        .replacen("id=\"title\"", &format!("id=\"{stem}-title\""), 1)
        .replacen("id=\"desc\"", &format!("id=\"{stem}-desc\""), 1);
    let (heading, numbers) = (figure.heading, numbers::below(figure));
    format!(
        "<figure data-chart=\"{stem}\" data-heading=\"{heading}\"><div class=\"still\">\n{svg}</div></figure>\n{numbers}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::Plot;
    use crate::figure;

    #[test]
    fn markdown_becomes_html_with_figures_and_anchors() {
        let figure = Figure {
            file: figure::rankscale::FILE,
            heading: "h",
            alt: "a".into(),
            caption: "c".into(),
            plot: Plot::single("x", "y", Vec::new()),
            svg: "<svg aria-labelledby=\"title desc\"><title id=\"title\">t</title><desc id=\"desc\">d</desc></svg>".into(),
        };
        let html = body(
            "## What was run\n\n![a](figures/rankscale.svg)\n\n| a |\n| ---: |\n| 1 &lt;b&gt; |\n",
            &[figure],
        );
        assert!(html.contains("<h2 id=\"what-was-run\">What was run</h2>"), "{html}");
        assert!(
            html.contains("<figure data-chart=\"rankscale\" data-heading=\"h\">")
                && html.contains("id=\"rankscale-title\""),
            "{html}"
        );
        assert!(!html.contains("<p><") && !html.contains("<img"), "{html}");
        assert!(
            html.contains("role=\"region\" aria-label=\"Table 1\"><table>") && html.contains("1 &lt;b&gt;"),
            "{html}"
        );
    }
}
