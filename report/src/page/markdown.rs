//! Markdown that is safe against its input: escaping, code spans, tables, folds.

/// Escapes foreign text to plain words: nothing in it is markup, and it stays on one line.
#[must_use]
pub fn text(raw: &str) -> String {
    escaped(raw).trim().to_owned()
}

fn escaped(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for c in raw.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '!' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Formats foreign text as a code span, also inside a table.
#[must_use]
pub fn code(raw: &str) -> String {
    let raw: String = raw.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let raw = raw.trim();
    // Renderers disagree on how a code span can hold a backtick or, in a table, a bar.
    if raw.is_empty() || raw.contains(['`', '|', '\\']) { text(raw) } else { format!("`{raw}`") }
}

/// Formats text in which backticks enclose code; if they do not match, it is all plain text.
#[must_use]
pub fn marked(raw: &str) -> String {
    let parts: Vec<&str> = raw.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return text(raw);
    }
    let written =
        |(number, part): (usize, &&str)| if number.is_multiple_of(2) { escaped(part) } else { code(part) };
    parts.iter().enumerate().map(written).collect()
}

/// The alignment of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Left-aligned, for words.
    Left,
    /// Right-aligned, for numbers.
    Right,
}

/// Formats a table whose cells are Markdown already.
#[must_use]
pub fn table(columns: &[(&str, Align)], rows: &[Vec<String>]) -> String {
    let line = |cells: Vec<&str>| format!("| {} |", cells.join(" | "));
    let mut lines = vec![
        line(columns.iter().map(|(name, _)| *name).collect()),
        line(columns.iter().map(|(_, align)| if *align == Align::Left { "---" } else { "---:" }).collect()),
    ];
    lines.extend(rows.iter().map(|row| line(row.iter().map(String::as_str).collect())));
    lines.join("\n")
}

/// Formats a part that opens on a click; the blank lines make its inside Markdown again.
#[must_use]
pub fn folded(summary: &str, inside: &str) -> String {
    format!("<details>\n<summary>{summary}</summary>\n\n{inside}\n\n</details>")
}

/// Folds the part only if it is `long`; otherwise leaves it as it is.
#[must_use]
pub fn folded_if(long: bool, summary: &str, inside: String) -> String {
    if long { folded(summary, &inside) } else { inside }
}

/// The largest number of items of a list, or rows of a table, on a page.
pub const NAMED: usize = 100;

/// Keeps the first [`NAMED`] items, and says where the others are.
pub fn shorten<T>(items: &mut Vec<T>, file: &str) -> Option<String> {
    let others = items.len().saturating_sub(NAMED);
    items.truncate(NAMED);
    (others > 0).then(|| format!("and {others} more, in `analysis/{file}`"))
}

/// Formats a bulleted list whose items are Markdown already.
#[must_use]
pub fn bullets(items: &[String]) -> String {
    items.iter().map(|item| format!("- {item}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_from_files_is_text() {
        assert_eq!(text("a|b\n<script>*x*</script>"), "a\\|b &lt;script&gt;\\*x\\*&lt;/script&gt;");
        assert_eq!(text("[a](b) ![c](d)"), "\\[a\\](b) \\!\\[c\\](d)");
        assert_eq!(code("r08-none-s0"), "`r08-none-s0`");
        assert_eq!(code("a`b|c"), "a\\`b\\|c");
        assert_eq!(marked("is `a`. `b_c` too_"), "is `a`. `b_c` too\\_");
        assert_eq!(marked("is `a"), "is \\`a");
    }

    #[test]
    fn what_is_long_keeps_its_first_and_says_where_the_rest_is() {
        let mut items: Vec<usize> = (0..NAMED + 7).collect();
        assert_eq!(shorten(&mut items, "f").as_deref(), Some("and 7 more, in `analysis/f`"));
        assert_eq!((items.len(), shorten(&mut items, "f")), (NAMED, None));
    }

    #[test]
    fn a_table_has_a_line_a_row() {
        let table = table(&[("a", Align::Left), ("n", Align::Right)], &[vec!["x".into(), "1".into()]]);
        assert_eq!(table, "| a | n |\n| --- | ---: |\n| x | 1 |");
    }
}
