//! Pages that people write and this program completes: the text between two marks is the program's.

use anyhow::{Context, Result};

/// Replaces the text between the marks of a page by `text`.
///
/// # Errors
/// The page does not have the marks in this order.
pub fn spliced(page: &str, (start, end): (&str, &str), text: &str) -> Result<String> {
    let after = page.find(start).map(|at| at + start.len());
    let (after, before) = after
        .and_then(|after| Some((after, after + page[after..].find(end)?)))
        .with_context(|| format!("it needs a line `{start}` and after it one `{end}`"))?;
    Ok(format!("{}\n\n{text}\n\n{}", &page[..after], &page[before..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_replaces_the_one_before() {
        let marks = ("<!-- a -->", "<!-- b -->");
        let page = "above\n<!-- a -->\nold\n<!-- b -->\nbelow\n";
        let once = spliced(page, marks, "| new |").unwrap();
        assert_eq!(once, "above\n<!-- a -->\n\n| new |\n\n<!-- b -->\nbelow\n");
        assert_eq!(spliced(&once, marks, "| new |").unwrap(), once);
        assert!(spliced("<!-- b --> <!-- a -->", marks, "").is_err());
    }
}
