//! Walks structures in Thrift's compact protocol, without the memory that a parser would allocate for them.
//!
//! *Invariant:* a walk ends within the bytes that are there: a list or a map has no more entries than bytes
//! are left, and structures are not deep in each other.

/// The deepest nesting of structures; parquet itself has five.
const DEEPEST: usize = 16;

/// The rest of a structure in the compact protocol. Its methods return `None` if the structure ends early or
/// breaks a rule.
pub(super) struct Walk<'a> {
    pub(super) rest: &'a [u8],
}

impl Walk<'_> {
    /// Walks to the end of a structure, and calls `tell` with the number of each field, and its value or its
    /// number of entries.
    pub(super) fn structure(&mut self, depth: usize, tell: &mut dyn FnMut(i64, i64)) -> Option<()> {
        let mut field = 0;
        loop {
            let header = self.byte()?;
            if header == 0 {
                return Some(());
            }
            field = match header >> 4 {
                0 => self.number()?,
                delta => field + i64::from(delta),
            };
            // A boolean is encoded in its field header.
            let value = if matches!(header & 15, 1 | 2) { 0 } else { self.value(header & 15, depth)? };
            tell(field, value);
        }
    }

    fn value(&mut self, kind: u8, depth: usize) -> Option<i64> {
        let below = depth + 1;
        if below > DEEPEST {
            return None;
        }
        match kind {
            3 => self.skip(1),
            4..=6 => self.number(),
            7 => self.skip(8),
            8 => {
                let length = self.varint()?;
                self.skip(usize::try_from(length).ok()?)
            }
            9 | 10 => {
                let header = self.byte()?;
                let count = if header >> 4 == 15 { self.varint()? } else { u64::from(header >> 4) };
                // Programs differ on the length of a boolean in a list, and the two headers have none.
                if count > self.rest.len() as u64 || matches!(header & 15, 1 | 2) {
                    return None;
                }
                for _ in 0..count {
                    self.value(header & 15, below)?;
                }
                Some(count as i64)
            }
            11 => {
                let count = self.varint()?;
                let kinds = if count == 0 { 0 } else { self.byte()? };
                if count > self.rest.len() as u64 {
                    return None;
                }
                for _ in 0..count {
                    self.value(kinds >> 4, below)?;
                    self.value(kinds & 15, below)?;
                }
                Some(count as i64)
            }
            12 => self.structure(below, &mut |_, _| {}).map(|()| 0),
            13 => self.skip(16),
            _ => None,
        }
    }

    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    fn skip(&mut self, count: usize) -> Option<i64> {
        self.rest = self.rest.get(count..)?;
        Some(0)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// Reads a zigzag-encoded number: 0, -1, 1, -2, and so on.
    fn number(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }
}
