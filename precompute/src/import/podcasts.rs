//! Podcasts: a catalogue without interactions, of the shows in `shows.csv` and their episodes in `episodes.csv`.
//!
//! `type` says whether an item is a `show` or an `episode`. An episode has no id in the file: it is the show's with the episode's name behind it, as in
//! `4rOoJ6Egrf8K2IrywzwOMk/2104-chris-williamson`, so that it stays when other episodes come and go.

use std::collections::{BTreeMap, HashMap};

use index::catalogue::Value;

use super::builder::Builder;
use super::error::ImportError;
use super::files::Files;
use super::layout::{Found, LayoutReader};
use super::mapped::{ItemMapping, read_item_files};
use crate::dataset::Item;

const SHOWS: &str = "shows.csv";
const EPISODES: &str = "episodes.csv";

struct Podcasts;

pub(crate) fn look_for(files: &Files<'_>) -> Found {
    let are_there = files.has(SHOWS);
    are_there.then(|| Box::new(Podcasts) as _)
}

impl LayoutReader for Podcasts {
    fn name(&self) -> &'static str {
        "podcasts"
    }

    fn has_interactions(&self) -> bool {
        false
    }

    fn read(&self, files: &Files<'_>, builder: &mut Builder) -> Result<(), ImportError> {
        let shows = ItemMapping::new("ID", "Podcast_Name")
            .text(PARENT_CATEGORY, "Parent_Category")
            .text(CATEGORY, "Category")
            .text("description", "Description")
            .text("publisher", "Publisher")
            .integer("episode_count", "Episode_Count")
            .text("image", "Cover_URL");
        let mut categories = BTreeMap::new();
        let names = files.matching(SHOWS);
        read_item_files(files, &names, &shows, builder, |_, item| {
            tidy_show(&mut categories, item);
            Ok(())
        })?;
        for (id, categories) in categories {
            if let Ok(show) = builder.item(&id) {
                set(show, "categories", Value::TextList(categories));
            }
        }
        let episodes = ItemMapping::new("Podcast ID", "Episode Name")
            .text("show", "Podcast Name")
            .text("description", "Description");
        let mut slugs = Slugs::default();
        let names = files.matching(EPISODES);
        read_item_files(files, &names, &episodes, builder, |builder, item| {
            tidy_episode(&mut slugs, builder, item);
            Ok(())
        })
    }
}

/// The columns that become `categories`.
const PARENT_CATEGORY: &str = "parent_category";
const CATEGORY: &str = "category";

fn set(item: &mut Item, name: &str, value: Value) {
    item.fields.insert(name.to_owned(), value);
}

/// Adds to the categories of all shows. A show has a row for each of its categories: the first is the item, and what the others say is that they are there.
fn tidy_show(categories: &mut BTreeMap<String, Vec<String>>, item: &mut Item) {
    let known = categories.entry(item.id.clone()).or_default();
    for name in [PARENT_CATEGORY, CATEGORY] {
        if let Some(Value::Text(category)) = item.fields.remove(name)
            && !known.contains(&category)
        {
            known.push(category);
        }
    }
    set(item, "type", Value::Text("show".to_owned()));
}

fn tidy_episode(slugs: &mut Slugs, builder: &mut Builder, item: &mut Item) {
    if let Ok(show) = builder.item(&item.id) {
        for name in ["categories", "publisher", "image"] {
            if let Some(value) = show.fields.get(name) {
                item.fields.insert(name.to_owned(), value.clone());
            }
        }
    }
    item.id = format!("{}/{}", item.id, slugs.of(&item.id, &item.title));
    set(item, "type", Value::Text("episode".to_owned()));
    if let Some(Value::Text(description)) = item.fields.get_mut("description")
        && let Some(own) = own_description(description)
    {
        *description = own.to_owned();
    }
}

/// What follows the show's description, which every episode repeats.
fn own_description(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("The show description is:")?;
    let (_, own) = rest.split_once("The episode description is:")?;
    Some(own.trim())
}

/// The last parts of the episodes' ids.
#[derive(Default)]
struct Slugs {
    /// By show and slug, the names that have it, in the order of their coming.
    names: HashMap<(String, String), Vec<String>>,
}

impl Slugs {
    /// The letters and digits of a name, in lower case with hyphens between. Of several names with the same ones, later ones are numbered; the same
    /// name again is the same episode.
    fn of(&mut self, show: &str, name: &str) -> String {
        let lower = name.to_lowercase();
        let words = lower.split(|letter: char| !letter.is_alphanumeric());
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        let slug = if words.is_empty() {
            "episode".to_owned()
        } else {
            words.join("-")
        };
        let key = (show.to_owned(), slug.clone());
        let names = self.names.entry(key).or_default();
        let known = names.iter().position(|known| known == name);
        let place = known.unwrap_or_else(|| {
            names.push(name.to_owned());
            names.len() - 1
        });
        match place {
            0 => slug,
            place => format!("{slug}-{}", place + 1),
        }
    }
}
