//! Where items are: coordinates of their own, or borrowed from what is near them, and the places whose names people write.
//!
//! An item lies in *areas*, from the narrowest to the widest: its postal code; for a Canadian code the district that its first three characters name; its city. Where an area
//! has items with coordinates of their own, their mean is its centre. An item without coordinates has those of its narrowest area that has a centre: so a file
//! without any borrows the centres of another file of the same collection.
//!
//! Everything is computed on vectors from the middle of the globe to its surface, which have neither poles nor a line where the date changes.

use std::collections::BTreeMap;

use analysis::fold;
use index::catalogue::Value;

use crate::dataset::Item;

/// The fields that say where an item is; what is `None` is in no field. By default each has the name that it has here.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PlaceFields {
    /// Degrees north, a number.
    pub latitude: Option<String>,
    /// Degrees east, a number.
    pub longitude: Option<String>,
    /// A postal code, a text.
    pub postal_code: Option<String>,
    /// A city, a text.
    pub city: Option<String>,
    /// The state or province that tells cities of one name apart, a text.
    pub state: Option<String>,
}

impl Default for PlaceFields {
    fn default() -> Self {
        let named = |name: &str| Some(name.to_owned());
        Self {
            latitude: named("latitude"),
            longitude: named("longitude"),
            postal_code: named("postal_code"),
            city: named("city"),
            state: named("state"),
        }
    }
}

impl PlaceFields {
    /// The field that names places of a kind.
    pub fn tag(&self, kind: PlaceKind) -> &str {
        let field = match kind {
            PlaceKind::PostalCode => &self.postal_code,
            PlaceKind::City => &self.city,
        };
        field.as_deref().unwrap_or_default()
    }
}

/// A point on the globe.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coordinates {
    /// Degrees north, from -90 to 90.
    pub latitude: f64,
    /// Degrees east, from -180 to 180.
    pub longitude: f64,
}

impl Coordinates {
    /// A point of the globe; `None` outside of it, and where both are 0, in the sea, which is what many programs write for "unknown".
    pub fn new(latitude: f64, longitude: f64) -> Option<Self> {
        let is_on_globe = latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
        let is_unknown = latitude == 0.0 && longitude == 0.0;
        (is_on_globe && !is_unknown).then_some(Self {
            latitude,
            longitude,
        })
    }

    /// How far it is over the surface, on a sphere of the mean radius of the Earth.
    pub fn distance_km(self, other: Self) -> f64 {
        let (from, to) = (vector(self), vector(other));
        let chord = (0..3)
            .map(|axis| (from[axis] - to[axis]).powi(2))
            .sum::<f64>()
            .sqrt();
        2.0 * EARTH_RADIUS_KM * (chord / 2.0).min(1.0).asin()
    }
}

/// The mean radius of the Earth.
const EARTH_RADIUS_KM: f64 = 6371.0;

/// What kind of place a name is of.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum PlaceKind {
    /// A postal code, or the first three characters of Canadian ones.
    PostalCode,
    /// A city in its state.
    City,
}

/// A place that people write.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// As most items spell it: `61820`, or `Champaign, IL`.
    pub name: String,
    /// What it is.
    pub kind: PlaceKind,
    /// Where it is; `None` where neither an item of it nor one of its city has coordinates.
    pub circle: Option<Circle>,
    /// How many items it has, with coordinates or without.
    pub item_count: usize,
}

/// A centre and what is around it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Circle {
    /// The mean of the coordinates from which it was made.
    pub centre: Coordinates,
    /// Holds nine of ten of them; at least [`RADIUS_MIN_KM`].
    pub radius_km: f64,
}

/// Places are not smaller than this.
pub const RADIUS_MIN_KM: f64 = 1.0;

/// Where items are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Places {
    /// Of each item in turn, its own coordinates or borrowed ones.
    pub coordinates: Vec<Option<Coordinates>>,
    /// The places by kind, and within it by folded name and state. Two may have one name, in two states.
    pub list: Vec<Place>,
    /// The places of each item in turn, by their positions in the list, the narrowest first.
    pub of_items: Vec<Vec<usize>>,
}

/// Coordinates so far from the middle of what others call the same city are a mistake, and make no centre.
const CITY_RADIUS_MAX_KM: f64 = 200.0;

/// Finds out where items are.
///
/// Names that differ only by case, accents, spaces or punctuation are one. Takes O(n log n) for n items, and gives the same for the same items in the same order.
pub fn places(items: &[Item], fields: &PlaceFields) -> Places {
    let mut areas: BTreeMap<AreaKey, Area> = BTreeMap::new();
    let mut own = Vec::with_capacity(items.len());
    let mut keys_of_items = Vec::with_capacity(items.len());
    for (item_idx, item) in items.iter().enumerate() {
        own.push(own_coordinates(item, fields));
        let names = area_names(item, fields);
        for (key, name) in &names {
            let area = areas.entry(key.clone()).or_default();
            area.items.push(item_idx);
            *area.spellings.entry(name.clone()).or_default() += 1;
        }
        keys_of_items.push(names.into_iter().map(|(key, _)| key).collect::<Vec<_>>());
    }

    let mut is_trusted: Vec<bool> = own.iter().map(Option::is_some).collect();
    for (_, city) in areas.iter().filter(|(key, _)| key.kind == PlaceKind::City) {
        for stray in strays(&city.items, &own) {
            is_trusted[stray] = false;
        }
    }
    let circles: BTreeMap<&AreaKey, Circle> = areas
        .iter()
        .filter_map(|(key, area)| {
            let trusted = area.items.iter().filter(|item| is_trusted[**item]);
            let points: Vec<Coordinates> = trusted.filter_map(|item| own[*item]).collect();
            Some((key, circle(&points)?))
        })
        .collect();
    let narrowest = |keys: &[AreaKey]| keys.iter().find_map(|key| circles.get(key).copied());
    let coordinates = own.iter().zip(&keys_of_items).map(|(own, keys)| {
        let borrowed = || narrowest(keys).map(|circle| circle.centre);
        own.or_else(borrowed)
    });
    let list = areas.iter().map(|(key, area)| Place {
        name: most_frequent(&area.spellings),
        kind: key.kind,
        circle: circles.get(key).copied().or_else(|| {
            let around = area.items.iter().map(|item| &keys_of_items[*item]);
            let mut counts: BTreeMap<&AreaKey, usize> = BTreeMap::new();
            for wider in around.filter_map(|keys| keys.iter().find(|key| circles.contains_key(key)))
            {
                *counts.entry(wider).or_default() += 1;
            }
            circles.get(most_frequent_key(&counts)?).copied()
        }),
        item_count: area.items.len(),
    });
    let positions: BTreeMap<&AreaKey, usize> = areas.keys().zip(0..).collect();
    let of_items = keys_of_items.iter().map(|keys| {
        let positions = keys.iter().filter_map(|key| positions.get(key));
        positions.copied().collect()
    });
    Places {
        coordinates: coordinates.collect(),
        list: list.collect(),
        of_items: of_items.collect(),
    }
}

/// What makes two names one place.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct AreaKey {
    kind: PlaceKind,
    name: String,
    state: String,
}

#[derive(Default)]
struct Area {
    /// Ascending.
    items: Vec<usize>,
    /// How often each name was written.
    spellings: BTreeMap<String, usize>,
}

fn own_coordinates(item: &Item, fields: &PlaceFields) -> Option<Coordinates> {
    let number = |field: &Option<String>| match item.fields.get(field.as_ref()?)? {
        Value::Real(number) => Some(*number),
        Value::Integer(number) => Some(*number as f64),
        Value::Text(_) | Value::TextList(_) => None,
    };
    Coordinates::new(number(&fields.latitude)?, number(&fields.longitude)?)
}

/// The areas of an item, the narrowest first, with the names that it has for them.
fn area_names(item: &Item, fields: &PlaceFields) -> Vec<(AreaKey, String)> {
    let text = |field: &Option<String>| match field.as_ref().and_then(|name| item.fields.get(name))
    {
        Some(Value::Text(text)) => text.trim(),
        _ => "",
    };
    let [code, city, state] = [&fields.postal_code, &fields.city, &fields.state].map(text);
    let key = |kind, name: &str| AreaKey {
        kind,
        name: fold(name),
        state: fold(state),
    };
    let mut names = vec![(key(PlaceKind::PostalCode, code), code.to_owned())];
    if let Some(district) = canadian_district(code) {
        let district = (key(PlaceKind::PostalCode, &district), district);
        names.push(district);
    }
    let in_state = [city, state];
    let in_state = in_state.into_iter().filter(|name| !name.is_empty());
    let in_state = in_state.collect::<Vec<_>>().join(", ");
    names.push((key(PlaceKind::City, city), in_state));
    names.retain(|(key, _)| !key.name.is_empty());
    // A district may be all that is written of a code.
    names.dedup_by(|wider, narrower| wider.0 == narrower.0);
    names
}

/// The first three characters of a Canadian postal code, in which letters and digits alternate: `N2G` of `N2G 4H5`.
fn canadian_district(code: &str) -> Option<String> {
    let code = fold(code).to_ascii_uppercase();
    let alternates = code.bytes().enumerate().all(|(place, byte)| {
        if place % 2 == 0 {
            byte.is_ascii_uppercase()
        } else {
            byte.is_ascii_digit()
        }
    });
    (alternates && (3..=6).contains(&code.len())).then(|| code[..3].to_owned())
}

/// Those of a city's items whose coordinates are too far from its middle.
fn strays<'a>(
    items: &'a [usize],
    own: &'a [Option<Coordinates>],
) -> impl Iterator<Item = usize> + 'a {
    let located = items.iter().filter_map(|item| Some((*item, own[*item]?)));
    let located: Vec<(usize, Coordinates)> = located.collect();
    let middle = median(located.iter().map(|(_, point)| *point));
    let is_far = move |point: Coordinates| {
        middle.is_some_and(|middle| CITY_RADIUS_MAX_KM < middle.distance_km(point))
    };
    let strays = located.into_iter().filter(move |(_, point)| is_far(*point));
    strays.map(|(item, _)| item)
}

/// The mean of some points, and what is around it. `None` where there are no points, or where they lie all around the globe and have no middle.
fn circle(points: &[Coordinates]) -> Option<Circle> {
    let mut sum = [0.0; 3];
    for point in points {
        let point = vector(*point);
        for (axis, sum) in sum.iter_mut().enumerate() {
            *sum += point[axis];
        }
    }
    let centre = point_of(sum)?;
    let mut distances: Vec<f64> = points
        .iter()
        .map(|point| centre.distance_km(*point))
        .collect();
    distances.sort_unstable_by(f64::total_cmp);
    // Nine of ten, rounded up.
    let radius_km = distances[(distances.len() * 9).div_ceil(10) - 1];
    Some(Circle {
        centre,
        radius_km: radius_km.max(RADIUS_MIN_KM),
    })
}

/// The point whose vector has the medians of each axis.
fn median(points: impl Iterator<Item = Coordinates>) -> Option<Coordinates> {
    let vectors: Vec<[f64; 3]> = points.map(vector).collect();
    let mut middle = [0.0; 3];
    for (axis, middle) in middle.iter_mut().enumerate() {
        let mut along: Vec<f64> = vectors.iter().map(|vector| vector[axis]).collect();
        along.sort_unstable_by(f64::total_cmp);
        *middle = *along.get(along.len() / 2)?;
    }
    point_of(middle)
}

fn vector(point: Coordinates) -> [f64; 3] {
    let (north, east) = (point.latitude.to_radians(), point.longitude.to_radians());
    [
        north.cos() * east.cos(),
        north.cos() * east.sin(),
        north.sin(),
    ]
}

fn point_of([x, y, z]: [f64; 3]) -> Option<Coordinates> {
    let around = x.hypot(y);
    if around.hypot(z) < 1e-9 {
        return None;
    }
    Some(Coordinates {
        latitude: z.atan2(around).to_degrees(),
        longitude: y.atan2(x).to_degrees(),
    })
}

/// The name that was written most often; of several the first of the alphabet.
fn most_frequent(spellings: &BTreeMap<String, usize>) -> String {
    let counts = spellings.iter().map(|(name, count)| (name, *count));
    let name = most_frequent_key(&counts.collect());
    name.cloned().unwrap_or_default()
}

fn most_frequent_key<K: Copy + Ord>(counts: &BTreeMap<K, usize>) -> Option<K> {
    let most = counts.iter().rev().max_by_key(|(_, count)| **count);
    most.map(|(key, _)| *key)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fields() -> PlaceFields {
        let named = |name: &str| Some(name.to_owned());
        PlaceFields {
            latitude: named("latitude"),
            longitude: named("longitude"),
            postal_code: named("code"),
            city: named("city"),
            state: named("state"),
        }
    }

    fn item(point: Option<(f64, f64)>, [code, city, state]: [&str; 3]) -> Item {
        let texts = [("code", code), ("city", city), ("state", state)];
        let texts = texts.map(|(name, text)| (name.to_owned(), Value::Text(text.to_owned())));
        let mut fields = BTreeMap::from(texts);
        if let Some((latitude, longitude)) = point {
            fields.insert("latitude".to_owned(), Value::Real(latitude));
            fields.insert("longitude".to_owned(), Value::Real(longitude));
        }
        Item {
            id: String::new(),
            title: String::new(),
            fields,
        }
    }

    #[track_caller]
    fn check_point(found: Option<Coordinates>, expected: (f64, f64)) {
        let found = found.expect("there are coordinates");
        let expected = Coordinates::new(expected.0, expected.1).expect("on the globe");
        assert!(
            found.distance_km(expected) < 0.01,
            "{found:?} is not {expected:?}"
        );
    }

    fn place<'a>(places: &'a Places, name: &str) -> &'a Place {
        let mut list = places.list.iter();
        list.find(|place| place.name == name).expect(name)
    }

    #[test]
    fn coordinates_are_borrowed_of_the_narrowest_area_that_has_some() {
        let items = [
            item(Some((40.10, -88.2)), ["61820", "Champaign", "IL"]),
            item(Some((40.12, -88.2)), ["61820", "CHAMPAIGN", "IL"]),
            item(Some((40.06, -88.2)), ["61822", "Champaign", "IL"]),
            item(None, ["61820", "Champaign", "IL"]),
            item(None, ["61821", "champaign", "il"]),
            item(None, ["61820", "Elsewhere", "MO"]),
            item(Some((43.5, -80.5)), ["N2G 4H5", "Kitchener", "ON"]),
            item(None, ["n2g1a1", "Waterloo", "ON"]),
            item(None, ["N2G", "", "ON"]),
            item(None, ["", "", ""]),
        ];
        let places = places(&items, &fields());
        check_point(places.coordinates[3], (40.11, -88.2));
        check_point(places.coordinates[4], (40.0933, -88.2));
        assert_eq!(
            places.coordinates[5], None,
            "another state is another place"
        );
        check_point(places.coordinates[7], (43.5, -80.5));
        check_point(places.coordinates[8], (43.5, -80.5));
        assert_eq!(places.coordinates[9], None);

        let names: Vec<(&str, usize)> = places
            .list
            .iter()
            .map(|place| (place.name.as_str(), place.item_count))
            .collect();
        assert_eq!(
            names,
            [
                ("61820", 3),
                ("61820", 1),
                ("61821", 1),
                ("61822", 1),
                ("N2G", 3),
                ("n2g1a1", 1),
                ("N2G 4H5", 1),
                ("Champaign, IL", 5),
                ("Elsewhere, MO", 1),
                ("Kitchener, ON", 1),
                ("Waterloo, ON", 1),
            ]
        );
        let city = place(&places, "Champaign, IL").circle.unwrap();
        assert!((3.7..3.8).contains(&city.radius_km), "{}", city.radius_km);
        let code = place(&places, "61820").circle.unwrap();
        assert!((1.1..1.2).contains(&code.radius_km), "{}", code.radius_km);
        assert_eq!(place(&places, "61822").circle.unwrap().radius_km, 1.0);
        assert_eq!(
            place(&places, "61821").circle,
            Some(city),
            "a code is where its city is"
        );
        let district = place(&places, "N2G").circle;
        assert_eq!(place(&places, "n2g1a1").circle, district);
        assert_eq!(place(&places, "Elsewhere, MO").circle, None);
    }

    #[test]
    fn names_are_one_place_whatever_their_case_and_accents_and_the_usual_spelling_is_shown() {
        let items = ["Montréal", "MONTREAL", "Montréal", "Montreal"];
        let items = items.map(|city| item(None, ["", city, "QC"]));
        let places = places(&items, &fields());
        assert_eq!(places.list.len(), 1);
        assert_eq!(places.list[0].name, "Montréal, QC");
        assert_eq!(places.list[0].item_count, 4);
    }

    #[test]
    fn coordinates_far_from_their_city_make_no_centre() {
        let in_city = |point| item(Some(point), ["90210", "Beverly Hills", "CA"]);
        let items = [
            in_city((34.1, -118.4)),
            in_city((34.1, -118.4)),
            in_city((51.5, -0.1)),
        ];
        let places = places(&items, &fields());
        for place in &places.list {
            check_point(place.circle.map(|circle| circle.centre), (34.1, -118.4));
        }
        check_point(places.coordinates[2], (51.5, -0.1));
    }

    #[test]
    fn what_is_not_on_the_globe_is_nowhere() {
        for (latitude, longitude) in [
            (0.0, 0.0),
            (90.1, 0.0),
            (1.0, -180.5),
            (f64::NAN, 1.0),
            (1.0, f64::INFINITY),
        ] {
            assert_eq!(Coordinates::new(latitude, longitude), None);
            let items = [item(Some((latitude, longitude)), ["1", "A", "B"])];
            assert_eq!(places(&items, &fields()).coordinates, [None]);
        }
        let opposite = [(10.0, 20.0), (-10.0, -160.0)];
        let opposite = opposite.map(|point| item(Some(point), ["1", "", ""]));
        assert_eq!(places(&opposite, &fields()).list[0].circle, None);
        let date_line = [(10.0, 179.0), (10.0, -179.0)];
        let date_line = date_line.map(|point| item(Some(point), ["1", "", ""]));
        let circle = places(&date_line, &fields()).list[0].circle.unwrap();
        assert_eq!(circle.centre.longitude.abs(), 180.0);
    }

    #[test]
    fn without_fields_and_without_items_there_are_no_places() {
        let somewhere = [item(Some((1.0, 2.0)), ["1", "A", "B"])];
        let no_fields = PlaceFields {
            latitude: None,
            longitude: None,
            postal_code: None,
            city: None,
            state: None,
        };
        let nowhere = places(&somewhere, &no_fields);
        assert_eq!((nowhere.coordinates, nowhere.list), (vec![None], vec![]));
        assert_eq!(places(&[], &fields()), Places::default());
    }

    #[test]
    fn distances_are_those_of_the_globe() {
        let [paris, new_york] = [(48.8566, 2.3522), (40.7128, -74.006)]
            .map(|(latitude, longitude)| Coordinates::new(latitude, longitude).unwrap());
        assert!((paris.distance_km(new_york) - 5837.0).abs() < 1.0);
    }

    /// The coordinates of an item by looking at all others, for each area anew.
    fn naive(items: &[Item], item_idx: usize) -> Option<Coordinates> {
        let fields = fields();
        let text = |item: &Item, name: &str| match &item.fields[name] {
            Value::Text(text) => fold(text),
            _ => unreachable!("made above"),
        };
        let same_city = |left: &Item, right: &Item| {
            let city = text(left, "city");
            !city.is_empty()
                && (city, text(left, "state")) == (text(right, "city"), text(right, "state"))
        };
        let is_trusted = |item: &&Item| {
            let Some(point) = own_coordinates(item, &fields) else {
                return false;
            };
            let of_city = items.iter().filter(|other| same_city(item, other));
            let of_city = of_city.filter_map(|other| own_coordinates(other, &fields));
            let middle = median(of_city);
            middle.is_none_or(|middle| middle.distance_km(point) <= CITY_RADIUS_MAX_KM)
        };
        let district = |item: &Item| {
            let code = text(item, "code");
            code.starts_with('n').then(|| code[..3].to_owned())
        };
        let item = &items[item_idx];
        let same_code = |other: &Item| {
            let code = text(item, "code");
            // A district alone stands for all its codes.
            !code.is_empty()
                && code != "n2g"
                && (code, text(item, "state")) == (text(other, "code"), text(other, "state"))
        };
        let same_district = |other: &Item| {
            let districts = (district(item), district(other));
            districts.0.is_some()
                && districts.0 == districts.1
                && text(item, "state") == text(other, "state")
        };
        let areas: [&dyn Fn(&Item) -> bool; 3] =
            [&same_code, &same_district, &|other| same_city(item, other)];
        let centre = |is_in_area: &&dyn Fn(&Item) -> bool| {
            let others = items.iter().filter(|other| is_in_area(other));
            let points = others.filter(is_trusted);
            let vectors = points.filter_map(|other| Some(vector(own_coordinates(other, &fields)?)));
            let sum = vectors.fold([0.0; 3], |[a, b, c], [x, y, z]| [a + x, b + y, c + z]);
            point_of(sum)
        };
        own_coordinates(item, &fields).or_else(|| areas.iter().find_map(centre))
    }

    proptest! {
        #[test]
        fn items_are_where_looking_at_all_others_puts_them(
            rows in prop::collection::vec(
                (
                    prop::option::of((-95.0..95.0_f64, 0.0..3.0_f64)),
                    prop::sample::select(vec!["", "61820", "61821", "N2G", "n2g 1a1", "N2G 4H5"]),
                    prop::sample::select(vec!["", "Troy", "TROY", "Ünal"]),
                    prop::sample::select(vec!["NY", "il", "IL"]),
                ),
                0..14,
            ),
        ) {
            let items: Vec<Item> = rows
                .into_iter()
                .map(|(point, code, city, state)| item(point, [code, city, state]))
                .collect();
            let places = places(&items, &fields());
            for item_idx in 0..items.len() {
                let (found, expected) = (places.coordinates[item_idx], naive(&items, item_idx));
                prop_assert_eq!(found.is_some(), expected.is_some());
                if let (Some(found), Some(expected)) = (found, expected) {
                    prop_assert!(found.distance_km(expected) < 1e-6);
                }
            }
            for place in &places.list {
                prop_assert!(0 < place.item_count && place.item_count <= items.len());
                prop_assert!(place.circle.is_none_or(|circle| RADIUS_MIN_KM <= circle.radius_km));
            }
        }
    }
}
