//! Ids as small numbers, in the order in which they come.

use std::collections::HashMap;

/// An external id as a row shows it. Numbers order by value, before texts.
///
/// A number here is only what its decimal digits give back exactly: `7` is one, `007`, `+7` and `7.0` are texts.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Id<'a> {
    Number(u64),
    Text(&'a str),
}

impl<'a> Id<'a> {
    pub(crate) fn parse(text: &'a str) -> Self {
        let is_canonical = text == "0"
            || (text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0'));
        match text.parse() {
            Ok(number) if is_canonical => Self::Number(number),
            _ => Self::Text(text),
        }
    }
}

#[derive(Debug, Eq, Ord, PartialEq, PartialOrd)]
enum OwnedId {
    Number(u64),
    Text(Box<str>),
}

/// Numbers ids from 0 in the order in which they come.
#[derive(Debug, Default)]
pub(crate) struct Interner {
    /// For small numbers, which most data sets use: the id's place here holds its number plus one, or 0.
    direct: Vec<u32>,
    numbers: HashMap<u64, u32>,
    texts: HashMap<Box<str>, u32>,
    ids: Vec<OwnedId>,
}

/// Numbers below this are looked up in a table, of 16 MiB at most.
const DIRECT_IDS: u64 = 1 << 22;

impl Interner {
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    #[inline]
    pub(crate) fn get(&self, id: Id<'_>) -> Option<u32> {
        match id {
            Id::Number(number) if number < DIRECT_IDS => self
                .direct
                .get(number as usize)
                .and_then(|entry| entry.checked_sub(1)),
            Id::Number(number) => self.numbers.get(&number).copied(),
            Id::Text(text) => self.texts.get(text).copied(),
        }
    }

    #[inline]
    pub(crate) fn intern(&mut self, id: Id<'_>) -> u32 {
        match self.get(id) {
            Some(known) => known,
            None => self.insert(id),
        }
    }

    #[cold]
    fn insert(&mut self, id: Id<'_>) -> u32 {
        let new = self.ids.len() as u32;
        match id {
            Id::Number(number) if number < DIRECT_IDS => {
                let place = number as usize;
                if self.direct.len() <= place {
                    self.direct.resize((place + 1).next_power_of_two(), 0);
                }
                self.direct[place] = new + 1;
            }
            Id::Number(number) => {
                self.numbers.insert(number, new);
            }
            Id::Text(text) => {
                self.texts.insert(text.into(), new);
            }
        }
        self.ids.push(match id {
            Id::Number(number) => OwnedId::Number(number),
            Id::Text(text) => OwnedId::Text(text.into()),
        });
        new
    }

    /// The ids in their order, and for each id in the order of its coming its place among them.
    pub(crate) fn into_sorted(self) -> (Vec<String>, Vec<u32>) {
        let mut order: Vec<u32> = (0..self.ids.len() as u32).collect();
        order.sort_unstable_by(|left, right| {
            self.ids[*left as usize].cmp(&self.ids[*right as usize])
        });
        let mut ranks = vec![0; order.len()];
        for (rank, came) in order.iter().enumerate() {
            ranks[*came as usize] = rank as u32;
        }
        let sorted = order.iter().map(|came| match &self.ids[*came as usize] {
            OwnedId::Number(number) => number.to_string(),
            OwnedId::Text(text) => text.to_string(),
        });
        (sorted.collect(), ranks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_keep_their_spelling_and_sort_numbers_by_value() {
        let spellings = [
            "10",
            "9",
            "007",
            "b",
            "18446744073709551615",
            "99999999999999999999",
            "0",
            "a",
            "5000000",
            "-1",
            "7.0",
            "9",
        ];
        let mut interner = Interner::default();
        let came: Vec<u32> = spellings
            .iter()
            .map(|id| interner.intern(Id::parse(id)))
            .collect();
        assert_eq!(came[11], came[1]);
        assert_eq!(interner.get(Id::parse("nobody")), None);
        let (sorted, ranks) = interner.into_sorted();
        assert_eq!(
            sorted,
            [
                "0",
                "9",
                "10",
                "5000000",
                "18446744073709551615",
                "-1",
                "007",
                "7.0",
                "99999999999999999999",
                "a",
                "b"
            ]
        );
        for (spelling, came) in spellings.iter().zip(came) {
            assert_eq!(sorted[ranks[came as usize] as usize], *spelling);
        }
    }
}
