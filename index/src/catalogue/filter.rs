use crate::sorted_map::SortedMap;

/// Each alternative is held against all items.
const ALTERNATIVES_MAX_COUNT: usize = 16;

/// What an item must be. All fields must hold; the empty filter lets everything pass.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// A condition for each field that is asked.
    pub fields: SortedMap<String, Condition>,
}

impl Filter {
    /// Whether the filter lets everything pass.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

/// What a field must be. An item without the field does not pass.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// One of these texts, without regard to the case of ASCII letters.
    AnyOf(Vec<String>),
    /// A number within these bounds, both included.
    Range {
        /// The least that passes.
        minimum: Option<f64>,
        /// The most that passes.
        maximum: Option<f64>,
    },
    /// A text between these, by the order of their letters: a date such as 2019-01-31 between others.
    Between {
        /// What stands before it does not pass.
        first: Option<String>,
        /// What stands behind it does not pass, but for what begins with it: all days of a month or a year.
        last: Option<String>,
    },
}

impl Condition {
    /// The conditions of which one has to hold for this one to: each text by itself, unless there are many.
    pub(crate) fn alternatives(&self) -> Vec<Self> {
        match self {
            Self::AnyOf(texts) if texts.len() <= ALTERNATIVES_MAX_COUNT => {
                let alone = |text: &String| Self::AnyOf(vec![text.clone()]);
                texts.iter().map(alone).collect()
            }
            Self::AnyOf(_) | Self::Range { .. } | Self::Between { .. } => vec![self.clone()],
        }
    }
}
