//! Search by places, names, meanings and fields, against what can be seen by looking at every item.

use std::collections::{BTreeMap, BTreeSet};

use index::{
    AskedWord, DISTANCE, Error, Generation, Match, Near, Sort, TextAnswer, TextQuestion,
    catalogue::{CatalogueWriter, Condition, Filter, Record, Value},
    text::{Circle, Point, Rectangle, TextSettings, TextWriter},
};
use proptest::prelude::*;

use crate::fixture::{Files, text_settings, with_pairs_of_titles};

fn point(latitude: f64, longitude: f64) -> Point {
    Point::new(latitude, longitude).unwrap()
}

/// Title, category, city and kilometres to the north of the first.
const RESTAURANTS: [(&str, &str, &str, f64); 9] = [
    ("Pasta Palace", "Italian", "Urbana, IL", 0.0),
    ("Luigi", "Italian", "Urbana, IL", 0.5),
    ("Wok Inn", "Chinese", "Urbana, IL", 0.2),
    ("Mario", "Italian", "Champaign, IL", 4.0),
    ("Garden", "Italian", "Champaign, IL", 3.0),
    ("Far Away", "Italian", "Urbana, OH", 400.0),
    ("Urbana Hotel", "Hotels", "Peoria, IL", 140.0),
    ("Mesa Grill", "American", "Peoria, IL", 141.0),
    ("Pasta Bar", "Italian", "Peoria, IL", 142.0),
];

fn restaurants() -> Generation<'static> {
    restaurants_with(text_settings())
}

fn restaurants_with(settings: TextSettings) -> Generation<'static> {
    let mut catalogue = CatalogueWriter::new();
    let mut text = TextWriter::new(settings);
    let at = |north_km: f64| point(40.1 + north_km / 111.2, -88.2);
    for (number, (title, category, city, north_km)) in RESTAURANTS.into_iter().enumerate() {
        let record = Record {
            id: number.to_string(),
            title: title.to_owned(),
            ..Record::default()
        };
        catalogue.push(record, 0.0);
        text.push([(0, title), (1, category)]);
        text.set_quality(number as f32 / 10.0);
        text.set_point(at(north_km));
        for name in [category, "Restaurants"] {
            if category != "Hotels" {
                text.add_name("categories", name);
            }
        }
        text.add_name("city", city);
    }
    for (city, north_km) in [
        ("Urbana, IL", 0.0),
        ("Champaign, IL", 3.5),
        ("Urbana, OH", 400.0),
        ("Peoria, IL", 141.0),
    ] {
        let circle = Circle {
            center: at(north_km),
            radius_m: 1_000,
        };
        text.set_place("city", city, Some(circle));
        text.add_alias("city", city.split(',').next().unwrap(), city);
    }
    text.add_meaning("pasta", "categories", "Italian", 0.5);
    text.add_meaning("spaghetti", "categories", "Italian", 0.5);
    text.add_broader("categories", "Italian", "Restaurants");
    text.add_synonym("ristorante", "hotel");
    text.pin("best pasta", &[4, 3]);
    Files::of_texts(catalogue, text).open()
}

fn question(words: &str) -> TextQuestion {
    let words = words.split(' ').filter(|word| !word.is_empty());
    TextQuestion {
        words: words
            .map(|word| AskedWord {
                typed: word.to_owned(),
                ..AskedWord::default()
            })
            .collect(),
        count: 9,
        ..TextQuestion::default()
    }
}

/// Which items are found in which step.
fn check(words: &str, expected: &[(u32, Match)]) -> TextAnswer {
    let answer = restaurants().search(&question(words)).unwrap();
    let found: Vec<(u32, Match)> = answer
        .hits
        .iter()
        .map(|hit| (hit.item, hit.found_by))
        .collect();
    assert_eq!(found, expected, "{words}: {answer:?}");
    answer
}

#[test]
fn what_a_word_speaks_of_comes_below_what_has_it() {
    let expected = [8, 0].map(|item| (item, Match::Words));
    let meant = [5, 4, 3, 1].map(|item| (item, Match::Meaning));
    // The two with the word are alike but for their places in the category.
    let mut found = check_any_order("pasta");
    found.sort_unstable();
    let mut all: Vec<(u32, Match)> = expected.into_iter().chain(meant).collect();
    all.sort_unstable();
    assert_eq!(found, all);
    let answer = check(
        "spaghetti",
        &[8, 5, 4, 3, 1, 0].map(|item| (item, Match::Meaning)),
    );
    assert_eq!(answer.words[0].meanings, ["Italian"]);
    check("ristorante", &[(6, Match::Words)]);
}

fn check_any_order(words: &str) -> Vec<(u32, Match)> {
    let answer = restaurants().search(&question(words)).unwrap();
    let found = answer.hits.iter().map(|hit| (hit.item, hit.found_by));
    let found: Vec<(u32, Match)> = found.collect();
    assert!(found.is_sorted_by_key(|(_, step)| *step), "{found:?}");
    found
}

#[test]
fn a_place_comes_first_then_what_is_near_then_what_else_is_there() {
    let answer = check(
        "urbana spaghetti",
        &[
            (1, Match::Meaning),
            (0, Match::Meaning),
            (4, Match::Nearby),
            (3, Match::Nearby),
            (2, Match::Broader),
        ],
    );
    let place = answer.place.unwrap();
    assert_eq!((place.name.as_str(), place.words), ("Urbana, IL", 0..1));
    assert_eq!(place.others, ["Urbana, OH"]);
    assert_eq!(answer.broader, ["Restaurants"]);
    let distances = answer
        .hits
        .iter()
        .map(|hit| hit.distance_m.unwrap().round() as u32);
    assert_eq!(distances.collect::<Vec<_>>(), [500, 0, 3000, 4000, 200]);
    // The name of a place may also be a part of a title.
    check("urbana hotel", &[(6, Match::Words)]);
    check("spaghetti urbana oh", &[(5, Match::Meaning)]);
}

#[test]
fn a_mistyped_word_speaks_of_the_same_and_a_mistyped_place_is_one() {
    let of = check_any_order;
    assert_eq!(of("urbana pasat"), of("urbana pasta"));
    assert_eq!(of("urbena pasta"), of("urbana pasta"));
    let answer = restaurants().search(&question("urbena pasat")).unwrap();
    assert_eq!(answer.place.unwrap().name, "Urbana, IL");
    assert_eq!(answer.words[1].meanings, ["Italian"]);
    // What stands before a place only says that it is one.
    assert_eq!(of("pasta in urbana"), of("pasta urbana"));
    assert_eq!(of("pasta near urbana oh"), of("pasta urbana oh"));
}

#[test]
fn where_one_is_limits_orders_and_gives_way() {
    let generation = restaurants();
    let near = |north_km: f64, is_limit: bool| {
        let center = point(40.1 + north_km / 111.2, -88.2);
        let radius_m = 1_000;
        let circle = Circle { center, radius_m };
        Some(Near { circle, is_limit })
    };
    let found = |question: TextQuestion| -> Vec<(u32, Match)> {
        let answer = generation.search(&question).unwrap();
        let found = answer.hits.iter().map(|hit| (hit.item, hit.found_by));
        found.collect()
    };
    // A radius holds where the words name another place, too.
    let limited = TextQuestion {
        near: near(0.0, true),
        ..question("spaghetti peoria")
    };
    let all_near = found(limited).into_iter();
    assert!(all_near.map(|(item, _)| item).all(|item| item < 3));
    // Nothing has it near there, nor near that.
    let lost = |is_limit| TextQuestion {
        near: near(-200.0, is_limit),
        ..question("mesa")
    };
    assert_eq!(found(lost(false)), [(7, Match::Elsewhere)]);
    assert_eq!(found(lost(true)), []);

    let ordered = |is_descending| {
        let sort = Some(Sort {
            field: DISTANCE.to_owned(),
            is_descending,
        });
        let near = near(0.0, false);
        let question = question("restaurants");
        let question = TextQuestion {
            near,
            sort,
            ..question
        };
        let items = found(question).into_iter().map(|(item, _)| item);
        items.collect::<Vec<_>>()
    };
    assert_eq!(ordered(false), [0, 2, 1]);
    assert_eq!(ordered(true), [1, 2, 0]);
}

#[test]
fn what_is_put_in_order_is_the_same_on_every_page() {
    let generation = restaurants();
    let page = |count| {
        let near = Near {
            circle: Circle {
                center: point(40.1, -88.2),
                radius_m: 1_000,
            },
            is_limit: false,
        };
        let answer = generation.search(&TextQuestion {
            near: Some(near),
            count,
            sort: Some(Sort {
                field: DISTANCE.to_owned(),
                is_descending: false,
            }),
            ..question("italian")
        });
        answer.unwrap()
    };
    let all = page(9);
    assert!(1 < all.hits.len());
    for count in 1..9 {
        assert_eq!(page(count).hits[..], all.hits[..count.min(all.hits.len())]);
        assert_eq!(page(count).total, all.total);
    }
}

#[test]
fn chosen_items_come_first_for_exactly_their_words() {
    let found = check_any_order("best pasta");
    assert_eq!(found[..2], [(4, Match::Pinned), (3, Match::Pinned)]);
    assert!(
        !check_any_order("pasta")
            .iter()
            .any(|(_, step)| *step == Match::Pinned)
    );
}

#[test]
fn words_that_are_terms_may_be_typos_too() {
    // "mesa" is right, and "hotel" too, but nothing has both.
    let answer = restaurants().search(&question("mesa gril")).unwrap();
    assert_eq!(answer.hits[0].item, 7);
    let found = check_any_order("wok hotel");
    assert!(
        found.iter().all(|(_, step)| *step == Match::AnyWord),
        "{found:?}"
    );
}

#[test]
fn names_are_suggested_as_they_are_written() {
    let generation = restaurants();
    let suggested = |words: &str| -> Vec<(String, u32)> {
        let suggestions = generation.suggestions(&question(words).words, 5).unwrap();
        let suggestions = suggestions.into_iter();
        suggestions
            .map(|found| (found.name, found.item_count))
            .collect()
    };
    let named = |name: &str, count| (name.to_owned(), count);
    assert_eq!(suggested("ita"), [named("Italian", 6)]);
    assert_eq!(
        suggested("good urb"),
        [named("Urbana, IL", 3), named("Urbana, OH", 1)]
    );
    assert_eq!(suggested("urbana o"), [named("Urbana, OH", 1)]);
    // What is finished has another stem than letters.
    assert_eq!(suggested("chinese"), [named("Chinese", 1)]);
    assert_eq!(suggested("peoria"), [named("Peoria, IL", 3)]);
    assert_eq!(suggested("xyz"), []);
}

#[test]
fn the_words_are_marked_in_texts_that_are_safe_in_pages() {
    let generation = restaurants();
    let answer = generation.search(&question("spaghetti bar")).unwrap();
    let highlighter = generation.highlighter(&answer).unwrap();
    assert!(highlighter.reads("title") && !highlighter.reads("city"));
    let marked = highlighter.mark("<b>Bars</b> & \"Italian\"").unwrap();
    assert_eq!(
        marked,
        "&lt;b&gt;<mark>Bars</mark>&lt;/b&gt; &amp; &quot;<mark>Italian</mark>&quot;"
    );
    assert_eq!(highlighter.mark("Wok"), None);
    let long = format!("{}bar {}", "no ".repeat(100), "yes ".repeat(100));
    let marked = highlighter.mark(&long).unwrap();
    assert!(
        marked.starts_with("…no ") && marked.ends_with("yes…"),
        "{marked}"
    );
    assert!(marked.contains("no <mark>bar</mark> yes") && marked.chars().count() < 230);
}

/// Items with a word, a category, a number and a place.
type Items = Vec<(usize, usize, i64, Option<(f64, f64)>)>;

const WORDS: [&str; 4] = ["babo", "kuku", "limi", "zozo"];

fn items() -> impl Strategy<Value = Items> {
    let place = prop::option::of((30.0..31.0, -90.0..-89.0));
    let item = (0..WORDS.len(), 0..3_usize, 0..50_i64, place);
    prop::collection::vec(item, 12..700)
}

fn generation(items: &Items) -> Generation<'static> {
    let mut sorted = items.clone();
    let on_curve = |place: &(f64, f64)| point(place.0, place.1).on_curve();
    sorted.sort_by_key(|(.., place)| place.as_ref().map(on_curve));
    assert_eq!(&sorted, items, "the items come by their places");
    let mut catalogue = CatalogueWriter::new();
    let mut text = TextWriter::new(text_settings());
    for (number, (word, category, stars, place)) in items.iter().enumerate() {
        let category = format!("kind {category}");
        let record = Record {
            id: number.to_string(),
            title: WORDS[*word].to_owned(),
            fields: [
                ("category".into(), Value::Text(category.clone())),
                ("stars".into(), Value::Integer(*stars)),
            ]
            .into(),
        };
        catalogue.push(record, 0.0);
        text.push([(0, WORDS[*word])]);
        if let Some((latitude, longitude)) = place {
            text.set_point(point(*latitude, *longitude));
        }
    }
    Files::of_texts(catalogue, text).open()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn limits_orders_and_counts_are_those_of_a_scan(
        mut items in items(),
        word in 0..WORDS.len(),
        center in (30.0..31.0, -90.0..-89.0),
        radius_m in 100..80_000_u32,
        corner in (30.0..31.0, -90.0..-89.0),
        filtered in prop::option::of(0..3_usize),
        by in 0..3_u8,
    ) {
        items.sort_by_key(|(.., place)| place.map(|(latitude, longitude)| point(latitude, longitude).on_curve()));
        let generation = generation(&items);
        let center = point(center.0, center.1);
        let corner = point(corner.0, corner.1);
        let limits = |is_circle: bool, item: &(usize, usize, i64, Option<(f64, f64)>)| {
            let Some((latitude, longitude)) = item.3 else { return false };
            let place = point(latitude, longitude);
            if is_circle {
                return center.distance_m(place) <= f64::from(radius_m);
            }
            let between = |low: f64, middle: f64, high: f64| low <= middle && middle <= high;
            between(center.latitude_degrees(), place.latitude_degrees(), corner.latitude_degrees())
                && between(center.longitude_degrees(), place.longitude_degrees(), corner.longitude_degrees())
        };
        let mut filter = Filter::default();
        if let Some(category) = filtered {
            filter.fields.insert("category".to_owned(), Condition::AnyOf(vec![format!("kind {category}")]));
        }
        for is_circle in [true, false] {
            let within = Rectangle::new(center, corner);
            if !is_circle && within.is_none() {
                continue;
            }
            let answer = generation.search(&TextQuestion {
                near: is_circle.then_some(Near { circle: Circle { center, radius_m }, is_limit: true }),
                within: within.filter(|_| !is_circle),
                filter: filter.clone(),
                facets: vec!["category".to_owned(), "stars".to_owned()],
                sort: (by < 2).then(|| Sort { field: "stars".to_owned(), is_descending: by == 1 }),
                count: 1_000,
                limits: None,
                ..question(WORDS[word])
            }).unwrap();
            let is_wanted = |item: &(usize, usize, i64, Option<(f64, f64)>)| {
                item.0 == word && limits(is_circle, item) && filtered.is_none_or(|category| category == item.1)
            };
            let expected: BTreeSet<u32> = (0..).zip(&items).filter(|(_, item)| is_wanted(item)).map(|(number, _)| number).collect();
            let found: Vec<u32> = answer.hits.iter().map(|hit| hit.item).collect();
            prop_assert_eq!(found.iter().copied().collect::<BTreeSet<u32>>(), expected.clone());
            prop_assert_eq!(answer.total, expected.len());
            let stars: Vec<i64> = found.iter().map(|&item| items[item as usize].2).collect();
            prop_assert!(by != 0 || stars.is_sorted());
            prop_assert!(by != 1 || stars.iter().rev().is_sorted());
            if is_circle && by == 2 {
                let distances: Vec<f64> = answer.hits.iter().map(|hit| hit.distance_m.unwrap()).collect();
                let is_near = |pair: &[f64]| pair[0] <= pair[1] + 1.0;
                prop_assert!(distances.windows(2).all(is_near), "the nearer comes first: {:?}", distances);
            }
            let mut counts: BTreeMap<String, usize> = BTreeMap::new();
            for &item in &expected {
                *counts.entry(format!("kind {}", items[item as usize].1)).or_default() += 1;
            }
            let told: BTreeMap<String, usize> = answer.facets[0].values.iter().cloned().collect();
            prop_assert_eq!(told, counts);
            let stars = expected.iter().map(|&item| items[item as usize].2 as f64);
            let range = stars.clone().reduce(f64::min).zip(stars.reduce(f64::max));
            prop_assert_eq!(answer.facets[1].range, range);
        }
    }
}

#[test]
fn a_field_that_does_not_exist_is_refused_with_those_that_do() {
    let items = vec![(0, 0, 1, None), (0, 0, 1, None)];
    let generation = generation(&items);
    let facet = TextQuestion {
        facets: vec!["colour".to_owned()],
        ..question("babo")
    };
    let sort = TextQuestion {
        sort: Some(Sort {
            field: "colour".to_owned(),
            is_descending: false,
        }),
        ..question("babo")
    };
    for question in [facet, sort] {
        let Err(Error::UnknownFilterField { field, known }) = generation.search(&question) else {
            panic!("the field is unknown");
        };
        assert_eq!(field, "colour");
        assert_eq!(known, ["category", "stars"]);
    }
}

#[test]
fn without_words_and_without_what_is_popular_nothing_is_found() {
    let answer = restaurants().search(&question("")).unwrap();
    assert_eq!((answer.hits, answer.total), (vec![], 9));
}

#[test]
fn words_between_quotation_marks_stand_one_behind_the_other() {
    let asked = |words: &str, follows: &[usize]| {
        let mut question = question(words);
        for &number in follows {
            question.words[number].follows = true;
        }
        let with_pairs = with_pairs_of_titles(text_settings());
        let [answer, other] = [text_settings(), with_pairs]
            .map(|settings| restaurants_with(settings).search(&question).unwrap());
        assert_eq!(answer, other, "{words}");
        let items: Vec<u32> = answer.hits.iter().map(|hit| hit.item).collect();
        (items, answer.is_phrase_ignored)
    };
    assert_eq!(asked("pasta palace", &[1]), (vec![0], false));
    assert_eq!(asked("palace pasta", &[1]), (vec![0], true), "in no title");
    assert_eq!(asked("bar pasta", &[]), (vec![8], false));
    assert!(asked("pasta italian", &[1]).1, "in two fields");
}

#[test]
fn words_that_say_nothing_in_a_place_leave_what_kind_of_thing_is_wanted() {
    let generation = restaurants();
    let found = |words: &str| {
        let answer = generation.search(&question(words)).unwrap();
        let hits = answer.hits.iter();
        hits.map(|hit| (hit.item, hit.found_by)).collect::<Vec<_>>()
    };
    // In Urbana are two Italian places, and nothing far away says "garden" and "pasta" of one there.
    let italian = [0, 1].map(|item| (item, Match::AnyWord));
    for words in ["garden pasta urbana", "mesa italian in urbana"] {
        let mut found = found(words);
        found.sort_by_key(|(item, _)| *item);
        assert_eq!(found, italian, "{words}");
    }
    // Words of which only one is known there.
    assert_eq!(found("wok garden urbana"), [(2, Match::AnyWord)]);
}

#[test]
fn a_place_of_which_nobody_knows_where_it_is_has_its_items() {
    let mut catalogue = CatalogueWriter::new();
    let mut text = TextWriter::new(text_settings());
    for (number, (title, code)) in [("Pasta", "94720"), ("Wok", "94720"), ("Pasta", "10027")]
        .into_iter()
        .enumerate()
    {
        let record = Record {
            id: number.to_string(),
            title: title.to_owned(),
            ..Record::default()
        };
        catalogue.push(record, 0.0);
        text.push([(0, title)]);
        text.set_point(point(40.0, -88.0));
        text.add_name("postal_code", code);
    }
    for code in ["94720", "10027"] {
        text.set_place("postal_code", code, None);
    }
    let generation = Files::of_texts(catalogue, text).open();
    let answer = generation.search(&question("94720 pasta")).unwrap();
    let place = answer.place.unwrap();
    assert_eq!((place.name.as_str(), place.circle), ("94720", None));
    let near = Near {
        circle: Circle {
            center: point(40.0, -88.0),
            radius_m: 1_000,
        },
        is_limit: false,
    };
    let by_distance = TextQuestion {
        near: Some(near),
        sort: Some(Sort {
            field: DISTANCE.to_owned(),
            is_descending: false,
        }),
        ..question("94720 pasta")
    };
    let sorted = generation.search(&by_distance).unwrap();
    assert!(sorted.hits[0].distance_m.unwrap() < 1.0, "{sorted:?}");
    let hits: Vec<(u32, Option<f64>)> = answer
        .hits
        .iter()
        .map(|hit| (hit.item, hit.distance_m))
        .collect();
    assert_eq!(hits, [(0, None)]);
}
