//! Gathers items and interactions from any number of files into a [`Dataset`].

use std::collections::BTreeMap;

use super::error::ImportError;
use super::ids::{Id, Interner};
use super::report::{FileReport, Problem};
use crate::dataset::{Dataset, Interaction, Item};
use crate::meanings::Meaning;

/// Why a row is lost.
pub(crate) type RowError = (Problem, String);

/// A data set that is being read.
///
/// Files come one at a time, between [`Self::begin_file`] and [`Self::end_file`]; items before the interactions that name them.
pub(crate) struct Builder {
    item_ids: Interner,
    /// By the item's number; none for an item that only interactions name.
    items: Vec<Option<CatalogueRow>>,
    user_ids: Interner,
    /// By the user's number; shorter where the last ones have none.
    user_names: Vec<String>,
    rows: Vec<RawInteraction>,
    meanings: Vec<Meaning>,
    /// Whether an interaction may name an item that no catalogue has.
    has_open_catalogue: bool,
    scale: Option<pointer::ValueScale>,
    maximum_bad_row_share: f64,
    /// What is known of every file, and the position of its line 0.
    files: Vec<(FileReport, u32)>,
    /// The position from which interactions belong to the test half of a split.
    test_position: Option<u32>,
    /// The position of the next file's line 0. Positions number the lines of all files, so that four bytes tell where an interaction comes from.
    next_base: u32,
}

struct CatalogueRow {
    item: Item,
    /// Whether the row is from the data set that this import is merged over: then a new row replaces it.
    is_previous: bool,
}

/// What has been read.
pub(crate) struct Finished {
    /// The data set; of a split, with the training half's interactions only.
    pub(crate) dataset: Dataset,
    /// The interactions after [`Builder::begin_test`].
    pub(crate) test: Vec<Interaction>,
    /// What words mean that were written about the items.
    pub(crate) meanings: Vec<Meaning>,
    pub(crate) reports: Vec<FileReport>,
}

/// An interaction before ids have their final places: as large as [`Interaction`], so that the conversion needs no second allocation.
#[derive(Clone, Copy)]
struct RawInteraction {
    user: u32,
    item: u32,
    value: f32,
    /// Where it stands, in the order of reading; 0: in the previous data set.
    position: u32,
    time_s: i64,
}

impl Builder {
    pub(crate) fn new(scale: Option<pointer::ValueScale>, maximum_bad_row_share: f64) -> Self {
        Self {
            item_ids: Interner::default(),
            items: Vec::new(),
            user_ids: Interner::default(),
            user_names: Vec::new(),
            rows: Vec::new(),
            meanings: Vec::new(),
            has_open_catalogue: false,
            scale,
            maximum_bad_row_share,
            files: Vec::new(),
            test_position: None,
            next_base: 0,
        }
    }

    /// Lets interactions name items that no catalogue has; their title is their id.
    pub(crate) fn open_catalogue(&mut self) {
        self.has_open_catalogue = true;
    }

    /// From here on an interaction is only a click.
    pub(crate) fn without_scale(&mut self) {
        self.scale = None;
    }

    pub(crate) fn scale(&self) -> Option<pointer::ValueScale> {
        self.scale
    }

    /// Starts from a data set, as if it had been read first: whatever comes later wins.
    pub(crate) fn merge_over(&mut self, previous: Dataset) {
        for item in previous.items {
            self.item_ids.intern(Id::parse(&item.id));
            self.items.push(Some(CatalogueRow {
                item,
                is_previous: true,
            }));
        }
        for user in &previous.users {
            self.user_ids.intern(Id::parse(user));
        }
        self.user_names = previous.user_names;
        self.rows.extend(
            previous
                .interactions
                .iter()
                .map(|interaction| RawInteraction {
                    user: interaction.user,
                    item: interaction.item,
                    value: interaction.value,
                    position: 0,
                    time_s: interaction.time_s,
                }),
        );
    }

    /// What comes from here on is the test half of a split.
    pub(crate) fn begin_test(&mut self) {
        self.test_position = Some(self.next_base);
    }

    pub(crate) fn begin_file(&mut self, file: &str) {
        let report = FileReport {
            file: file.to_owned(),
            ..FileReport::default()
        };
        self.files.push((report, self.next_base));
    }

    /// Ends a file whose last line has this number.
    pub(crate) fn end_file(&mut self, last_line: u64) -> Result<(), ImportError> {
        let last_line = u32::try_from(last_line).unwrap_or(u32::MAX);
        self.next_base = self.next_base.saturating_add(last_line).saturating_add(1);
        let report = self.report();
        let share = report.bad_rows as f64 / report.rows.max(1) as f64;
        if self.maximum_bad_row_share < share {
            let maximum_share = self.maximum_bad_row_share;
            return Err(ImportError::TooManyBadRows {
                report: Box::new(self.report().clone()),
                maximum_share,
            });
        }
        Ok(())
    }

    /// The report of the file that is being read.
    pub(crate) fn report(&mut self) -> &mut FileReport {
        if self.files.is_empty() {
            self.begin_file("");
        }
        // Proof: the line above put a first one there.
        &mut self.files.last_mut().expect("a file was begun").0
    }

    /// Counts a row, and what was wrong with it.
    pub(crate) fn count_row(&mut self, line: u64, outcome: Result<(), RowError>) {
        let report = self.report();
        report.rows += 1;
        if let Err((problem, text)) = outcome {
            report.count(problem, line, || text);
        }
    }

    /// Adds a row of the catalogue.
    pub(crate) fn add_item(&mut self, item: Item, line: u64) {
        let item_idx = self.item_ids.intern(Id::parse(&item.id)) as usize;
        self.items.resize_with(self.item_ids.len(), || None);
        match &self.items[item_idx] {
            Some(row) if !row.is_previous => {
                self.report()
                    .count(Problem::Duplicate, line, || format!("item `{}`", item.id));
            }
            _ => {
                let mut item = item;
                if let Some(previous) = self.items[item_idx].take() {
                    // What the new row does not say stays, such as a poster that was found once.
                    for (name, value) in previous.item.fields {
                        item.fields.entry(name).or_insert(value);
                    }
                }
                self.items[item_idx] = Some(CatalogueRow {
                    item,
                    is_previous: false,
                });
            }
        }
    }

    /// The item of the catalogue with this id.
    pub(crate) fn item(&mut self, id: &str) -> Result<&mut Item, RowError> {
        let item_idx = self.item_ids.get(Id::parse(id));
        item_idx
            .and_then(|item_idx| self.items.get_mut(item_idx as usize)?.as_mut())
            .map(|row| &mut row.item)
            .ok_or_else(|| unknown_item(Id::parse(id)))
    }

    /// The items of the catalogue so far, in the order of their coming.
    pub(crate) fn items_mut(&mut self) -> impl Iterator<Item = &mut Item> {
        self.items.iter_mut().flatten().map(|row| &mut row.item)
    }

    /// Adds an interaction that stands on this line.
    #[inline]
    pub(crate) fn add_interaction(
        &mut self,
        (user, item): (Id<'_>, Id<'_>),
        value: f32,
        time_s: i64,
        line: u64,
    ) -> Result<(), RowError> {
        if let Some(scale) = self.scale
            && !(scale.minimum <= value && value <= scale.maximum)
        {
            return Err((Problem::OutOfScale, format!("value {value}")));
        }
        let item = match self.item_ids.get(item) {
            Some(item) => item,
            None if self.has_open_catalogue => {
                self.items.push(None);
                self.item_ids.intern(item)
            }
            None => return Err(unknown_item(item)),
        };
        let base = self.files.last().map_or(0, |(_, base)| *base);
        self.rows.push(RawInteraction {
            user: self.user_ids.intern(user),
            item,
            value,
            position: base.saturating_add(u32::try_from(line).unwrap_or(u32::MAX)),
            time_s,
        });
        Ok(())
    }

    /// Adds what was learnt of words.
    pub(crate) fn add_meanings(&mut self, meanings: Vec<Meaning>) {
        self.meanings.extend(meanings);
    }

    /// Says what people call a user.
    pub(crate) fn name_user(&mut self, user: Id<'_>, name: &str) {
        let user_idx = self.user_ids.intern(user) as usize;
        if self.user_names.len() <= user_idx {
            self.user_names.resize(user_idx + 1, String::new());
        }
        name.clone_into(&mut self.user_names[user_idx]);
    }

    /// The data set, and what was seen on the way.
    pub(crate) fn finish(mut self) -> Finished {
        let (users, user_ranks) = self.user_ids.into_sorted();
        let mut user_names = Vec::new();
        if self.user_names.iter().any(|name| !name.is_empty()) {
            user_names.resize(users.len(), String::new());
            for (name, rank) in self.user_names.into_iter().zip(&user_ranks) {
                user_names[*rank as usize] = name;
            }
        }
        let (item_ids, item_ranks) = self.item_ids.into_sorted();
        let mut items: Vec<Option<Item>> = vec![None; item_ids.len()];
        for (row, rank) in self.items.into_iter().zip(&item_ranks) {
            items[*rank as usize] = row.map(|row| row.item);
        }
        let items = items.into_iter().zip(item_ids).map(|(item, id)| {
            item.unwrap_or_else(|| Item {
                title: id.clone(),
                id,
                fields: BTreeMap::new(),
            })
        });
        let items = items.collect();
        for row in &mut self.rows {
            row.user = user_ranks[row.user as usize];
            row.item = item_ranks[row.item as usize];
        }
        let mut test = Vec::new();
        if let Some(test_position) = self.test_position {
            test.extend(
                self.rows
                    .extract_if(.., |row| test_position <= row.position),
            );
        }
        let interactions = in_order(self.rows, users.len(), &mut self.files);
        let test = in_order(test, users.len(), &mut self.files);
        let reports = self.files.into_iter().map(|(report, _)| report).collect();
        Finished {
            dataset: Dataset {
                items,
                users,
                user_names,
                interactions,
            },
            test,
            meanings: self.meanings,
            reports,
        }
    }
}

/// Sorts by user and item, and keeps the latest of every pair.
fn in_order(
    mut rows: Vec<RawInteraction>,
    num_users: usize,
    files: &mut [(FileReport, u32)],
) -> Vec<Interaction> {
    sort(&mut rows, num_users);
    rows.dedup_by(|later, kept| {
        let is_duplicate = (later.user, later.item) == (kept.user, kept.item);
        if is_duplicate {
            count_duplicate(files, kept.position);
            *kept = *later;
        }
        is_duplicate
    });
    let interactions = rows.into_iter().map(|row| Interaction {
        user: row.user,
        item: row.item,
        value: row.value,
        time_s: row.time_s,
    });
    interactions.collect()
}

fn unknown_item(item: Id<'_>) -> RowError {
    let text = match item {
        Id::Number(number) => format!("item `{number}`"),
        Id::Text(text) => format!("item `{text}`"),
    };
    (Problem::UnknownItem, text)
}

/// Counts a row that a later one replaces, in the file that it is from. One of the previous data set is from none: there, that is what an update is.
fn count_duplicate(files: &mut [(FileReport, u32)], position: u32) {
    let num_before = files.partition_point(|(_, base)| *base < position);
    if let Some((report, base)) = num_before
        .checked_sub(1)
        .and_then(|file_idx| files.get_mut(file_idx))
    {
        let line = u64::from(position - *base);
        report.count(Problem::Duplicate, line, || {
            "replaced by a later row".to_owned()
        });
    }
}

/// Sorts by user, item, time and position.
///
/// Most sources are sorted by user already, and many by item too: the first is a counting sort that keeps the order, and the second sorts within
/// a user, where a list that is in order costs one look.
fn sort(rows: &mut Vec<RawInteraction>, num_users: usize) {
    if !rows.is_sorted_by_key(|row| row.user) {
        let mut next = vec![0_usize; num_users + 1];
        for row in &*rows {
            next[row.user as usize + 1] += 1;
        }
        for user in 0..num_users {
            next[user + 1] += next[user];
        }
        let mut by_user = rows.clone();
        for row in &*rows {
            let place = &mut next[row.user as usize];
            by_user[*place] = *row;
            *place += 1;
        }
        *rows = by_user;
    }
    for of_user in rows.chunk_by_mut(|left, right| left.user == right.user) {
        of_user.sort_unstable_by_key(|row| (row.item, row.time_s, row.position));
    }
}
