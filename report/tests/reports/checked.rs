//! What holds for every report.

use artifacts::study::Study;
use report::{Report, render};
use roxmltree::Document;

/// Renders a study, and checks what holds for every report.
pub fn checked(study: &Study) -> Report {
    let report = render(study);
    for figure in &report.figures {
        let document =
            Document::parse(&figure.svg).unwrap_or_else(|error| panic!("{}: {error}", figure.file));
        let root = document.root_element();
        assert_eq!(root.attribute("role"), Some("img"));
        for tag in ["title", "desc"] {
            let node = root.children().find(|node| node.has_tag_name(tag));
            assert!(
                node.and_then(|node| node.text()).is_some_and(|text| text.len() > 5),
                "{}: {tag}",
                figure.file
            );
        }
        assert!(!figure.svg.contains("NaN") && !figure.svg.contains("inf"), "{}", figure.file);
        assert!(report.markdown.contains(&format!("(figures/{})", figure.file)));
    }
    assert!(!report.markdown.contains("NaN"));
    let (head, script) = report.html.split_once("<script type=\"application/json\"").expect("there is data");
    assert!(
        !script.split_once("</script>").expect("the data ends").0.contains('<'),
        "data could end its element"
    );
    assert!(head.contains("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "));
    for elsewhere in ["src=\"", "<iframe", "<link rel=\"stylesheet\"", "@import", "url("] {
        assert!(!head.contains(elsewhere), "{elsewhere}");
    }
    for card in &report.cards {
        let mut parts = card.text.splitn(3, "---\n");
        assert_eq!(parts.next(), Some(""));
        assert!(parts.next().is_some_and(|metadata| {
            metadata.lines().all(|line| line.starts_with("- ") || line.contains(':'))
        }));
        assert!(
            parts.next().is_some_and(|text| text.starts_with("\n# ") && !text.contains("NaN")),
            "{}",
            card.text
        );
    }
    assert!(report.markdown.starts_with("# "));
    report
}
