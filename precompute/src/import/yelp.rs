//! Yelp's data sets: businesses are items, and reviews interactions.
//!
//! | files | of |
//! |---|---|
//! | `*business*.json` | an object a line, or an array of them, as in 2019 |
//! | `*business*.csv` | `id::address::List(categories)`, as in 2014 |
//! | `*review*.json` | an object a line |
//!
//! Either may be given alone. What reviewers wrote is left out, but for what its words say of the categories of the businesses that they are about: that is learnt from a sample of
//! the reviews. A review of a business that is not among those given is counted and told of, and never stops an import: small files of both are published that hardly meet.
//!
//! The file of 2014 has neither names nor coordinates, and its address has lost what stood between its lines: `3320 S Hill StSouth East LALos Angeles, CA 90007`.
//! Where a word ends and the next begins without a space, a line did: the first is the title, since it is what tells a business from its neighbours, and the
//! last is the city.

use std::collections::BTreeMap;

use config::{Column, FileFormat};
use index::catalogue::Value;
use pointer::ValueScale;

use super::builder::{Builder, RowError};
use super::error::ImportError;
use super::files::Files;
use super::interactions::InteractionColumns;
use super::layout::{Found, LayoutReader};
use super::mapped::{ItemMapping, read_cells, read_item_files};
use super::report::Problem;
use super::rows::Dialect;
use super::table::{Cells, Presence, Wanted, read_table};
use super::title::on_one_line;
use crate::dataset::Item;
use crate::meanings::{SAMPLED_TEXTS_MAX_COUNT, TextSample};
use crate::places::Coordinates;

const BUSINESSES: &str = "*business*.json";
const BUSINESSES_2014: &str = "*business*.csv";
const REVIEWS: &str = "*review*.json";

struct Yelp {
    has_businesses: bool,
    has_reviews: bool,
}

/// Reviews alone are only taken for Yelp's where the layout is configured: many have some.
pub(crate) fn look_for(is_configured: bool, files: &Files<'_>) -> Found {
    let are_there = |pattern: &str| !files.matching(pattern).is_empty();
    let reader = Yelp {
        has_businesses: are_there(BUSINESSES) || are_there(BUSINESSES_2014),
        has_reviews: are_there(REVIEWS),
    };
    let is_found = reader.has_businesses || (is_configured && reader.has_reviews);
    is_found.then(|| Box::new(reader) as _)
}

impl LayoutReader for Yelp {
    fn name(&self) -> &'static str {
        "yelp"
    }

    /// Stars from 1 to 5, of which three are the middle.
    fn scale(&self, configured: Option<ValueScale>) -> Option<ValueScale> {
        let own = ValueScale {
            minimum: 1.0,
            maximum: 5.0,
            neutral: 3.0,
        };
        self.has_reviews.then_some(configured.unwrap_or(own))
    }

    fn has_interactions(&self) -> bool {
        self.has_reviews
    }

    fn read(&self, files: &Files<'_>, builder: &mut Builder) -> Result<(), ImportError> {
        if !self.has_businesses {
            builder.open_catalogue();
        }
        let mut businesses = ItemMapping::new("business_id", "name").of_json_lines();
        for name in ["address", "city", "state", "postal_code"] {
            businesses = businesses.text(name, name);
        }
        for name in [LATITUDE, LONGITUDE, "stars"] {
            businesses = businesses.real(name, name);
        }
        let businesses = businesses
            .integer("review_count", "review_count")
            .integer("is_open", "is_open")
            .texts("categories", "categories", ",")
            .text(HOURS, "hours")
            .text(ATTRIBUTES, "attributes")
            .text(PRICE, "attributes.RestaurantsPriceRange2");
        let names = files.matching(BUSINESSES);
        read_item_files(files, &names, &businesses, builder, |_, item| tidy(item))?;
        // After the others, whose rows say more of the same business.
        for name in files.matching(BUSINESSES_2014) {
            read_businesses_of_2014(files, &name, builder)?;
        }
        read_reviews(files, builder)
    }
}

/// Reads the reviews, and learns from a sample of them what words mean among categories.
fn read_reviews(files: &Files<'_>, builder: &mut Builder) -> Result<(), ImportError> {
    let [user, item, value, time] =
        ["user_id", "business_id", "stars", "date"].map(|name| Column::Name(name.to_owned()));
    let columns = InteractionColumns::new(&user, &item, Some(&value), Some(&time));
    let mut wanted = columns.wanted().to_vec();
    let texts = ["business_id", "review_id", "text"];
    let first_text_idx = wanted.len();
    wanted.extend(texts.map(|name| Wanted::named(name, Presence::There)));
    let mut sample = TextSample::new(SAMPLED_TEXTS_MAX_COUNT);
    for name in files.matching(REVIEWS) {
        let take = |builder: &mut Builder, cells: &Cells<'_>, line| {
            match columns.take(builder, cells, line) {
                Err((Problem::UnknownItem, text)) => {
                    let report = builder.report();
                    report.count(Problem::ItemOfOtherFiles, line, || text);
                    return Ok(());
                }
                taken => taken?,
            }
            let [business, id, text] = [0, 1, 2].map(|place| cells.get(first_text_idx + place));
            if let (Some(business), Some(id), Some(text)) = (business, id, text)
                && let Ok(item) = builder.item(business)
                && let Some(Value::TextList(categories)) = item.fields.get(CATEGORIES)
            {
                let categories = categories.iter().map(String::as_str);
                sample.add(id, text, business, categories);
            }
            Ok(())
        };
        read_cells(
            files,
            &name,
            Some(FileFormat::Jsonl),
            &wanted,
            builder,
            take,
        )?;
    }
    builder.add_meanings(sample.learn());
    Ok(())
}

const ATTRIBUTES: &str = "attributes";
const CATEGORIES: &str = "categories";
const HOURS: &str = "hours";
const LATITUDE: &str = "latitude";
const LONGITUDE: &str = "longitude";
const PRICE: &str = "price";

/// Makes of texts what they mean: the price a number from 1 to 4, the attributes a list of those that a business has, the hours a list of days. Coordinates of no place are left
/// out.
fn tidy(item: &mut Item) -> Result<(), RowError> {
    let outcomes = [tidy_place(item), tidy_hours(item), tidy_price(item)];
    if let Some(Value::TextList(categories)) = item.fields.get_mut(CATEGORIES) {
        join_categories(categories);
    }
    if let Some(Value::Text(text)) = item.fields.remove(ATTRIBUTES) {
        let texts = attributes(&text);
        item.fields
            .insert(ATTRIBUTES.to_owned(), Value::TextList(texts));
    }
    outcomes.into_iter().collect()
}

fn tidy_place(item: &mut Item) -> Result<(), RowError> {
    let number = |name: &str| match item.fields.get(name) {
        Some(Value::Real(number)) => Some(*number),
        _ => None,
    };
    let point = [number(LATITUDE), number(LONGITUDE)];
    let is_place = match point {
        [Some(latitude), Some(longitude)] => Coordinates::new(latitude, longitude).is_some(),
        [None, None] => true,
        _ => false,
    };
    if is_place {
        return Ok(());
    }
    item.fields.remove(LATITUDE);
    item.fields.remove(LONGITUDE);
    let [latitude, longitude] =
        point.map(|number| number.map_or("nothing".to_owned(), |number| number.to_string()));
    let text = format!("latitude {latitude}, longitude {longitude}");
    Err((Problem::NoSuchPlace, text))
}

/// The days of a week in its order.
const DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// The hours a list of texts such as `Monday 8:30-17:00`, without those that are none.
fn tidy_hours(item: &mut Item) -> Result<(), RowError> {
    let Some(Value::Text(text)) = item.fields.remove(HOURS) else {
        return Ok(());
    };
    let bad = |text: &str| (Problem::BadNumber, format!("hours `{text}`"));
    let mut of_days: BTreeMap<String, serde_json::Value> =
        serde_json::from_str(&text).map_err(|_| bad(&text))?;
    let mut texts = Vec::new();
    let mut outcome = Ok(());
    for day in DAYS {
        let Some(hours) = of_days.remove(day) else {
            continue;
        };
        let hours = hours.as_str().unwrap_or_default();
        match well_formed(hours) {
            Some(hours) => texts.push(format!("{day} {hours}")),
            None => outcome = Err(bad(&format!("{day} {hours}"))),
        }
    }
    if let Some((day, _)) = of_days.pop_first() {
        outcome = Err(bad(&day));
    }
    if !texts.is_empty() {
        item.fields.insert(HOURS.to_owned(), Value::TextList(texts));
    }
    outcome
}

/// From when to when, with two digits for each minute: `8:30-17:00` of `8:30-17:0`.
fn well_formed(hours: &str) -> Option<String> {
    let time = |text: &str| {
        let (hour, minute) = text.trim().split_once(':')?;
        let (hour, minute): (u8, u8) = (hour.parse().ok()?, minute.parse().ok()?);
        let is_time = minute < 60 && (hour < 24 || (hour, minute) == (24, 0));
        is_time.then(|| format!("{hour}:{minute:02}"))
    };
    let (from, to) = hours.split_once('-')?;
    Some(format!("{}-{}", time(from)?, time(to)?))
}

fn tidy_price(item: &mut Item) -> Result<(), RowError> {
    if let Some(Value::Text(text)) = item.fields.remove(PRICE)
        && let Some(price) = word(&text)
    {
        let bad = |_| (Problem::BadNumber, format!("price `{price}`"));
        let price = Value::Integer(price.parse().map_err(bad)?);
        item.fields.insert(PRICE.to_owned(), price);
    }
    Ok(())
}

/// A text as Python writes it, such as `u'free'`, without its quotes; `None` for Python's `None`.
fn word(text: &str) -> Option<&str> {
    let text = text.trim();
    let quoted = text.strip_prefix('u').unwrap_or(text);
    let unquoted = ['\'', '"']
        .iter()
        .find_map(|quote| quoted.strip_prefix(*quote)?.strip_suffix(*quote));
    Some(unquoted.unwrap_or(text)).filter(|word| !matches!(*word, "None" | ""))
}

/// The attributes that a business has: `BikeParking`, `WiFi: free`, and of those with parts `BusinessParking: street`. The price is a field of its own.
fn attributes(json: &str) -> Vec<String> {
    // Proof: the text was an object when it was read; were it none, it would say nothing.
    let members: BTreeMap<String, serde_json::Value> =
        serde_json::from_str(json).unwrap_or_default();
    let mut texts = Vec::new();
    for (name, value) in members {
        let value = match value {
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        };
        let parts = value
            .strip_prefix('{')
            .and_then(|parts| parts.strip_suffix('}'));
        match (parts, word(&value)) {
            _ if name == "RestaurantsPriceRange2" => {}
            (Some(parts), _) => texts.extend(parts.split(',').filter_map(|part| {
                let (part, value) = part.split_once(':')?;
                let is_there = value.trim().eq_ignore_ascii_case("true");
                is_there.then(|| word(part).map(|part| format!("{name}: {part}")))?
            })),
            (None, Some(value)) if value.eq_ignore_ascii_case("true") => texts.push(name),
            (None, Some(value))
                if !["false", "no", "none", "null"].contains(&value.to_lowercase().as_str()) =>
            {
                texts.push(format!("{name}: {value}"));
            }
            (None, _) => {}
        }
    }
    texts
}

/// The categories with commas in their names, which is also what stands between categories.
const WITH_COMMAS: [&str; 4] = [
    "Beer, Wine & Spirits",
    "Books, Mags, Music & Video",
    "Used, Vintage & Consignment",
    "Wills, Trusts, & Probates",
];

fn join_categories(categories: &mut Vec<String>) {
    for whole in WITH_COMMAS {
        let parts: Vec<&str> = whole.split(", ").collect();
        let windows = categories.windows(parts.len());
        let found = windows.into_iter().position(|window| window == parts);
        if let Some(start) = found {
            categories.splice(start..start + parts.len(), [whole.to_owned()]);
        }
    }
}

fn read_businesses_of_2014(
    files: &Files<'_>,
    name: &str,
    builder: &mut Builder,
) -> Result<(), ImportError> {
    let wanted = [1, 2, 3].map(|place| Wanted::at(place, Presence::Filled));
    files.read(name, |input| {
        read_table(
            name,
            input,
            Dialect::DoubleColon,
            &wanted,
            builder,
            |builder, cells, line| {
                let list = cells.need(2)?;
                let categories = list
                    .strip_prefix("List(")
                    .and_then(|list| list.strip_suffix(')'))
                    .ok_or_else(|| (Problem::MissingField, format!("List(...) in `{list}`")))?;
                let categories = categories.split(',').map(str::trim);
                let categories = categories.filter(|category| !category.is_empty());
                // The later files write `Beauty & Spas`.
                let mut categories: Vec<String> = categories
                    .map(|category| category.replace(" and ", " & "))
                    .collect();
                join_categories(&mut categories);
                let mut item = place(cells.need(0)?, cells.need(1)?);
                item.fields
                    .insert(CATEGORIES.to_owned(), Value::TextList(categories));
                builder.add_item(item, line);
                Ok(())
            },
        )
    })
}

/// A business of which only the address is known.
fn place(id: &str, address: &str) -> Item {
    let address = on_one_line(address);
    // `CA 90007`, `ON N2G 4H5`, or only `CA`.
    let region = address.rsplit_once(", ").filter(|(_, region)| {
        let (state, _) = region.split_once(' ').unwrap_or((region, ""));
        state.len() == 2 && state.bytes().all(|byte| byte.is_ascii_uppercase())
    });
    let (place, region) = region.unwrap_or((&address, ""));
    let (state, postal_code) = region.split_once(' ').unwrap_or((region, ""));
    let mut lines = unglued(place);
    let title = lines.first().copied().unwrap_or(id).to_owned();
    let city = if region.is_empty() { None } else { lines.pop() };
    let fields = [
        ("address", lines.join(", ")),
        ("city", city.unwrap_or_default().to_owned()),
        ("state", state.to_owned()),
        ("postal_code", postal_code.to_owned()),
    ];
    let fields = fields.into_iter().filter(|(_, text)| !text.is_empty());
    Item {
        id: id.to_owned(),
        title,
        fields: fields
            .map(|(name, text)| (name.to_owned(), Value::Text(text)))
            .collect(),
    }
}

/// The lines of an address that were written one after the other.
fn unglued(text: &str) -> Vec<&str> {
    let letters: Vec<(usize, char)> = text.char_indices().collect();
    let mut lines = Vec::new();
    let mut start = 0;
    for (letter_idx, window) in letters.windows(2).enumerate() {
        let [(_, left), (at, right)] = *window else {
            continue;
        };
        let next = letters.get(letter_idx + 2).map_or(' ', |(_, next)| *next);
        let begins_word = right.is_uppercase() && next.is_lowercase();
        let word = text[start..at].rsplit(' ').next().unwrap_or_default();
        let is_end = match left {
            // McKinley, DeKalb and LaSalle are one word each.
            _ if left.is_lowercase() => {
                (right.is_uppercase() || right.is_ascii_digit())
                    && !["Mc", "De", "La"].contains(&word)
            }
            '.' | ',' | ')' => begins_word,
            // `Ste 108Harvard Square`, and `South East LALos Angeles`.
            _ => begins_word && (left.is_ascii_digit() || left.is_uppercase()),
        };
        if is_end {
            lines.push(text[start..at].trim_end_matches(','));
            start = at;
        }
    }
    lines.push(&text[start..]);
    lines.retain(|line| !line.is_empty());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_an_address_are_found_again() {
        for (address, expected) in [
            (
                "3320 S Hill StSouth East LALos Angeles",
                &["3320 S Hill St", "South East LA", "Los Angeles"][..],
            ),
            (
                "12 Arrow StSte 108Harvard SquareCambridge",
                &["12 Arrow St", "Ste 108", "Harvard Square", "Cambridge"],
            ),
            (
                "19 King St E2nd floorKitchener",
                &["19 King St E2nd floor", "Kitchener"],
            ),
            (
                "University Park350 Massachusetts AveCambridge",
                &["University Park", "350 Massachusetts Ave", "Cambridge"],
            ),
            (
                "430 West State St.Ithaca",
                &["430 West State St.", "Ithaca"],
            ),
            ("150 Remsen St,Cohoes", &["150 Remsen St", "Cohoes"]),
            ("2 McKinley AveLa Jolla", &["2 McKinley Ave", "La Jolla"]),
            (
                "2060 US 52 WWest Lafayette",
                &["2060 US 52 W", "West Lafayette"],
            ),
            ("Ste 313APalo Alto", &["Ste 313A", "Palo Alto"]),
            ("Ä ÖÜber", &["Ä Ö", "Über"]),
            ("", &[]),
        ] {
            assert_eq!(unglued(address), expected, "{address}");
        }
    }

    #[test]
    fn hours_have_two_digits_for_each_minute() {
        for (hours, expected) in [
            ("8:30-17:0", Some("8:30-17:00")),
            ("0:0-0:0", Some("0:00-0:00")),
            ("18:0-2:5", Some("18:00-2:05")),
            ("0:00-24:00", Some("0:00-24:00")),
            ("08:05 - 9:15", Some("8:05-9:15")),
            ("24:1-25:0", None),
            ("8:60-9:0", None),
            ("8-17", None),
            ("8:0", None),
            ("-1:0-2:0", None),
            ("", None),
        ] {
            assert_eq!(well_formed(hours).as_deref(), expected, "{hours}");
        }
    }

    #[test]
    fn words_of_python_lose_their_quotes() {
        for (text, expected) in [
            ("u'free'", Some("free")),
            ("'no'", Some("no")),
            ("\"x\"", Some("x")),
            ("upscale", Some("upscale")),
            ("u'", Some("u'")),
            ("'", Some("'")),
            ("None", None),
            ("u''", None),
            (" ", None),
        ] {
            assert_eq!(word(text), expected, "{text}");
        }
    }
}
