//! Splits a source text into words and other tokens, without comments, strings and lifetimes.

/// Returns the tokens in their order. `::` is one token; every other punctuation character is a token by
/// itself.
pub(crate) fn tokens(source: &str) -> Vec<String> {
    let text: Vec<char> = source.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        at += match rest {
            ['/', '/', ..] => rest.iter().take_while(|&&c| c != '\n').count(),
            ['/', '*', ..] => comment(rest),
            ['"', ..] => string(rest),
            ['\'', ..] => character_or_lifetime(rest),
            [':', ':', ..] => sign(&mut found, "::"),
            [c, ..] if is_word(*c) => word(&mut found, rest),
            [c, ..] if c.is_whitespace() => 1,
            [c, ..] => sign(&mut found, &c.to_string()),
            [] => break,
        };
    }
    found
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn sign(found: &mut Vec<String>, sign: &str) -> usize {
    found.push(sign.to_owned());
    sign.len()
}

/// Reads a word, or a string whose prefix looks like one.
fn word(found: &mut Vec<String>, rest: &[char]) -> usize {
    let length = rest.iter().take_while(|&&c| is_word(c)).count();
    let word: String = rest[..length].iter().collect();
    let behind = &rest[length..];
    let hashes = behind.iter().take_while(|&&c| c == '#').count();
    let opens = behind.get(hashes) == Some(&'"');
    match word.as_str() {
        "r" | "br" | "cr" if opens => length + raw_string(behind, hashes),
        "r" if hashes == 1 => length + 1,
        "b" | "c" if opens && hashes == 0 => length + string(behind),
        "b" if behind.first() == Some(&'\'') => length + character_or_lifetime(behind),
        _ => {
            found.push(word);
            length
        }
    }
}

/// Reads a comment; block comments nest.
fn comment(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match &rest[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn string(rest: &[char]) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != '"' {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

fn raw_string(rest: &[char], hashes: usize) -> usize {
    let closes = |at: usize| {
        rest[at] == '"' && rest[at + 1..].iter().take(hashes).filter(|&&c| c == '#').count() == hashes
    };
    let end = (hashes + 1..rest.len()).find(|&at| closes(at)).unwrap_or(rest.len());
    end + 1 + hashes
}

fn character_or_lifetime(rest: &[char]) -> usize {
    match rest {
        [_, '\\', _, more @ ..] => 4 + more.iter().take_while(|&&c| c != '\'').count(),
        [_, _, '\'', ..] => 3,
        _ => 1 + rest[1..].iter().take_while(|&&c| is_word(c)).count(),
    }
}

#[test]
fn words_and_signs_are_found_and_what_is_said_is_not() {
    let source = "use a::b; // crate::c\n/* x /* y */ z */ fn f<'a>(c: char) { 'x'; '\\''; \"crate::\\\"d\"; r#\"\"e\"# }";
    let expected = "use a :: b ; fn f < > ( c : char ) { ; ; ; }";
    assert_eq!(tokens(source), expected.split(' ').collect::<Vec<_>>());
}
