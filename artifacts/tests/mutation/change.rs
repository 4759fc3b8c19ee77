//! Mutations of a file: of its bytes, and of the numbers, fields and lines of a text.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

/// The place of a mutation: anywhere, or where files have their headers and footers.
#[derive(Debug, Clone)]
enum Place {
    Anywhere(Index),
    Head(usize),
    Tail(usize),
}

impl Place {
    fn of(&self, length: usize) -> usize {
        match self {
            Self::Anywhere(index) => index.index(length + 1),
            Self::Head(at) => (*at).min(length),
            Self::Tail(at) => length.saturating_sub(*at),
        }
    }
}

fn place() -> BoxedStrategy<Place> {
    prop_oneof![
        2 => any::<Index>().prop_map(Place::Anywhere),
        1 => (0_usize..200).prop_map(Place::Head),
        2 => (0_usize..1200).prop_map(Place::Tail),
    ]
    .boxed()
}

/// Unusual numbers: as decimals, and in the bytes of the binary formats.
const NUMBERS: [&str; 22] = [
    "0",
    "-0",
    "-1",
    "1",
    "2",
    "0.5",
    "-0.5",
    "1e308",
    "1e999",
    "1e-320",
    "255",
    "256",
    "65536",
    "4294967295",
    "2147483648",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "-9223372036854775808",
    "1000000",
    "99999999999999999999999999999999",
];
const BYTES: [&[u8]; 16] = [
    &[0],
    &[1],
    &[0x7f],
    &[0x80],
    &[0xff],
    &[0xfe, 0xff, 0xff, 0xff, 0x0f],
    &[0xff, 0xff, 0xff, 0xff, 0x0f],
    &[0xf9, 0xff, 0xff, 0xff, 0xff, 0x07],
    &[0xfc, 0xff, 0xff, 0xff, 0x07],
    &[0xff; 10],
    &[0xff, 0xff, 0xff, 0x7f],
    &[0, 0, 0, 0x80],
    &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
    &[0xff; 8],
    &[0; 8],
    &[0, 0, 0, 0x40, 0, 0, 0, 0],
];

#[derive(Debug, Clone)]
enum Change {
    Flip(Place, u8),
    Cut(Place, usize),
    End(Place),
    Insert(Place, Vec<u8>),
    Repeat(Place, usize, usize),
    Overwrite(Place, Vec<u8>),
    Number(Index, &'static str),
    /// A JSON field or a line: removed, duplicated, or renamed.
    Without(Index),
    Twice(Index),
    Renamed(Index),
    LineWithout(Index),
    LineTwice(Index),
    Nested(Index, usize),
}

fn change() -> BoxedStrategy<Change> {
    let extreme = || prop::sample::select(&BYTES[..]).prop_map(<[u8]>::to_vec);
    let some = || prop_oneof![vec(any::<u8>(), 1..12), extreme()];
    let text = prop_oneof![
        4 => (any::<Index>(), prop::sample::select(&NUMBERS[..])).prop_map(|(at, number)| Change::Number(at, number)),
        1 => any::<Index>().prop_map(Change::Without),
        1 => any::<Index>().prop_map(Change::Twice),
        1 => any::<Index>().prop_map(Change::Renamed),
        1 => any::<Index>().prop_map(Change::LineWithout),
        1 => any::<Index>().prop_map(Change::LineTwice),
        1 => (any::<Index>(), 1_usize..3000).prop_map(|(at, depth)| Change::Nested(at, depth)),
    ];
    prop_oneof![
        3 => (place(), 0_u8..8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        1 => (place(), 1_usize..400).prop_map(|(at, length)| Change::Cut(at, length)),
        1 => place().prop_map(Change::End),
        1 => (place(), some()).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        1 => (place(), 1_usize..200, 1_usize..20).prop_map(|(at, length, times)| Change::Repeat(at, length, times)),
        4 => (place(), some()).prop_map(|(at, bytes)| Change::Overwrite(at, bytes)),
        6 => text,
    ]
    .boxed()
}

/// A mutation of a file.
#[derive(Debug, Clone)]
pub struct Mutation(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Random(Vec<u8>),
    Changed(Vec<Change>),
}

/// Draws a mutation; one file in twenty consists of random bytes.
pub fn mutation() -> BoxedStrategy<Mutation> {
    prop_oneof![
        1 => vec(any::<u8>(), 0..300).prop_map(|bytes| Mutation(Kind::Random(bytes))),
        19 => vec(change(), 1..4).prop_map(|changes| Mutation(Kind::Changed(changes))),
    ]
    .boxed()
}

impl Mutation {
    /// Applies the mutation to a valid file.
    pub fn of(&self, valid: &[u8]) -> Vec<u8> {
        match &self.0 {
            Kind::Random(bytes) => bytes.clone(),
            Kind::Changed(changes) => {
                let mut bytes = valid.to_vec();
                for change in changes {
                    change.make(&mut bytes);
                }
                bytes
            }
        }
    }
}

impl Change {
    fn make(&self, bytes: &mut Vec<u8>) {
        let length = bytes.len();
        match self {
            Self::Flip(place, bit) => {
                if let Some(byte) = bytes.get_mut(place.of(length)) {
                    *byte ^= 1 << bit;
                }
            }
            Self::Cut(place, count) => {
                let at = place.of(length);
                bytes.drain(at..(at + count).min(length));
            }
            Self::End(place) => bytes.truncate(place.of(length)),
            Self::Insert(place, some) => {
                let at = place.of(length);
                bytes.splice(at..at, some.iter().copied());
            }
            Self::Repeat(place, count, times) => {
                let at = place.of(length);
                let part = bytes[at..(at + count).min(length)].repeat(*times);
                bytes.splice(at..at, part);
            }
            Self::Overwrite(place, some) => {
                let at = place.of(length);
                bytes.splice(at..(at + some.len()).min(length), some.iter().copied());
            }
            Self::Number(index, number) => {
                let runs = runs(bytes, |byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
                let numbers: Vec<_> = runs
                    .into_iter()
                    .filter(|run| bytes[run.clone()].iter().any(u8::is_ascii_digit))
                    .collect();
                if let Some(run) = chosen(&numbers, *index) {
                    bytes.splice(run, number.bytes());
                }
            }
            Self::Without(index) => {
                if let Some(field) = chosen(&fields(bytes), *index) {
                    bytes.drain(field);
                }
            }
            Self::Twice(index) => {
                if let Some(field) = chosen(&fields(bytes), *index) {
                    let copy = bytes[field.clone()].to_vec();
                    bytes.splice(field.start..field.start, copy);
                }
            }
            Self::Renamed(index) => {
                if let Some(word) =
                    chosen(&runs(bytes, |byte| byte.is_ascii_lowercase() || byte == b'_'), *index)
                {
                    bytes.insert(word.end, b'x');
                }
            }
            Self::LineWithout(index) => {
                if let Some(line) = chosen(&runs(bytes, |byte| byte != b'\n'), *index) {
                    bytes.drain(line);
                }
            }
            Self::LineTwice(index) => {
                if let Some(line) = chosen(&runs(bytes, |byte| byte != b'\n'), *index) {
                    let mut copy = bytes[line.clone()].to_vec();
                    copy.push(b'\n');
                    bytes.splice(line.start..line.start, copy);
                }
            }
            Self::Nested(index, depth) => {
                if let Some(run) = chosen(&runs(bytes, |byte| byte.is_ascii_digit()), *index) {
                    bytes.splice(run, b"[".repeat(*depth));
                }
            }
        }
    }
}

fn chosen(of: &[std::ops::Range<usize>], index: Index) -> Option<std::ops::Range<usize>> {
    if of.is_empty() { None } else { Some(index.get(of).clone()) }
}

/// Returns the maximal ranges of bytes that satisfy `is`.
fn runs(bytes: &[u8], is: impl Fn(u8) -> bool) -> Vec<std::ops::Range<usize>> {
    let mut runs = Vec::new();
    let mut start = None;
    for (at, &byte) in bytes.iter().chain([&0]).enumerate() {
        let inside = at < bytes.len() && is(byte);
        match (start, inside) {
            (None, true) => start = Some(at),
            (Some(from), false) => {
                runs.push(from..at);
                start = None;
            }
            _ => {}
        }
    }
    runs
}

/// Returns the fields of JSON objects, each with its name, its value and the comma after it.
fn fields(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut fields = Vec::new();
    for colon in 1..bytes.len() {
        if bytes[colon] != b':' || bytes[colon - 1] != b'"' {
            continue;
        }
        let Some(start) = bytes[..colon - 1].iter().rposition(|&byte| byte == b'"') else { continue };
        let mut depth = 0;
        let end = bytes[colon..].iter().position(|byte| {
            depth += i32::from(b"[{".contains(byte)) - i32::from(b"]}".contains(byte));
            depth < 0 || (depth == 0 && *byte == b',')
        });
        let end = end.map_or(bytes.len(), |end| colon + end);
        fields.push(start..(end + usize::from(bytes.get(end) == Some(&b','))));
    }
    fields
}
