//! Where the next page begins: in the same generation, so that nothing comes twice or never when another one is published meanwhile.

use kit::problem::Problem;

/// How many items can be leafed through.
const MAXIMUM_FIRST: usize = 1_000;

/// A place in the answer of a generation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Cursor {
    pub(crate) generation: String,
    /// How many items come before.
    pub(crate) first: usize,
}

impl Cursor {
    /// The cursor behind `first` items, unless these are as many as can be leafed through.
    pub(crate) fn behind(first: usize, generation: &str) -> Option<Self> {
        (first <= MAXIMUM_FIRST).then(|| Self {
            generation: generation.to_owned(),
            first,
        })
    }

    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        let parts = text.split_once('.').and_then(|(generation, first)| {
            let is_one = !generation.is_empty()
                && generation.bytes().all(|byte| byte.is_ascii_alphanumeric());
            let first = first.parse().ok().filter(|first| *first <= MAXIMUM_FIRST)?;
            is_one.then(|| Self {
                generation: generation.to_owned(),
                first,
            })
        });
        parts.ok_or_else(|| Problem::InvalidValue {
            field: "cursor".to_owned(),
            what: format!("is `{text}`, which no answer gave: leave it out for the first page"),
        })
    }

    pub(crate) fn to_text(&self) -> String {
        format!("{}.{}", self.generation, self.first)
    }
}
