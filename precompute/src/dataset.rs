//! What the import makes of every source: items, users, and who touched what.

mod files;

use std::collections::BTreeMap;

use index::catalogue::Value;

pub use files::{DatasetError, load_meanings, save_meanings};

/// A data set in memory.
///
/// **Invariant:** `items` are sorted by id (numbers by value, before texts), `users` likewise, `user_names` is empty or as long as `users`, and `interactions` by user, then item, without
/// duplicates; every number in an [`Interaction`] is in range. Import establishes this, and everything later relies on it for determinism.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dataset {
    /// The catalogue.
    pub items: Vec<Item>,
    /// The users' external ids.
    pub users: Vec<String>,
    /// What people call each of `users`, such as a playlist's name; an empty text where there is none, and no texts at all where the source names nobody.
    pub user_names: Vec<String>,
    /// Who touched what.
    pub interactions: Vec<Interaction>,
}

/// A row of the catalogue.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The external id, unique.
    pub id: String,
    /// The title as shown, without the year.
    pub title: String,
    /// Everything else, by field name: `year`, `genres`, `image`, `imdb_id` ...
    pub fields: BTreeMap<String, Value>,
}

impl Item {
    /// The field that says what an item is: `film`, `book`.
    pub const TYPE_FIELD: &str = "type";

    /// What the item is; an empty text where nothing says so.
    pub fn type_name(&self) -> &str {
        match self.fields.get(Self::TYPE_FIELD) {
            Some(Value::Text(name)) => name,
            _ => "",
        }
    }
}

/// Whether a text has words; the address of a picture has none.
pub fn is_prose(text: &str) -> bool {
    !text.contains("://")
}

/// A user touched an item.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interaction {
    /// Position in [`Dataset::users`].
    pub user: u32,
    /// Position in [`Dataset::items`].
    pub item: u32,
    /// The rating, or 1 where there is none.
    pub value: f32,
    /// Seconds since 1970, or 0 where there is none.
    pub time_s: i64,
}

/// A data set in two halves that its source brings: what training may see, and what is to be found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Split {
    /// The catalogue, the users, and the interactions of the training half.
    pub train: Dataset,
    /// The interactions of the test half, with users and items of `train`, in the order that [`Dataset`] promises.
    pub test: Vec<Interaction>,
}
