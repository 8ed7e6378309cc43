//! Known counts of data sets that may not be passed on. They are looked for in `KINDRED_DATA`, or else in `../shared/data` beside the workspace; where
//! they are absent the tests say so and pass.

use std::collections::HashSet;
use std::env;
use std::path::{Path, PathBuf};

use precompute::dataset::Dataset;
use precompute::import::{Problem, import, import_split};
use precompute::meanings::{broader, meanings};
use precompute::places::{Coordinates, PlaceFields, PlaceKind, places};

use super::{collection, item, text, texts};
use index::catalogue::Value;

#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn real_data(name: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let folder = env::var_os("KINDRED_DATA")
        .map_or_else(beside, PathBuf::from)
        .join(name);
    if !folder.exists() {
        eprintln!(
            "SKIPPED: {} is absent; KINDRED_DATA names the folder that has it",
            folder.display()
        );
        return None;
    }
    Some(folder)
}

/// Interactions, users, items, and items that somebody touched.
fn counts(dataset: &Dataset) -> [usize; 4] {
    let touched: HashSet<u32> = dataset
        .interactions
        .iter()
        .map(|interaction| interaction.item)
        .collect();
    [
        dataset.interactions.len(),
        dataset.users.len(),
        dataset.items.len(),
        touched.len(),
    ]
}

/// What [`Dataset`] promises of its order.
fn check_order(dataset: &Dataset) {
    assert!(
        dataset
            .interactions
            .is_sorted_by(|left, right| (left.user, left.item) < (right.user, right.item))
    );
    let number = |id: &String| id.parse::<u64>().unwrap();
    assert!(dataset.users.is_sorted_by_key(number));
    assert!(dataset.items.is_sorted_by_key(|item| number(&item.id)));
}

#[test]
fn ml_latest_small() {
    let Some(folder) = real_data("ml-latest-small") else {
        return;
    };
    let (dataset, report) = import(&collection(&folder, ""), None).unwrap();
    assert_eq!(counts(&dataset), [100_836, 610, 9742, 9724]);
    assert_eq!(report.layout, "ml-latest");
    assert_eq!(
        report.files.iter().map(|file| file.bad_rows).sum::<u64>(),
        0,
        "{report}"
    );
    check_order(&dataset);
    let first = item(&dataset, "1");
    assert_eq!(first.title, "Toy Story");
    assert_eq!(first.fields["year"], Value::Integer(1995));
    assert_eq!(first.fields["imdb_id"], text("tt0114709"));
    assert_eq!(first.fields["tmdb_id"], text("862"));
    assert_eq!(first.fields.get("image"), None);
    assert_eq!(
        item(&dataset, "171749").fields["year"],
        Value::Integer(2006)
    );
    assert_eq!(item(&dataset, "171749").fields["genres"], texts(&[]));
}

#[test]
fn ml_latest_small_as_parquet() {
    let Some(folder) = real_data("ml-latest-small") else {
        return;
    };
    let settings = "[collections.c.import.interactions]\nfile = \"as-parquet/ratings.parquet\"\n\
        columns = { user = \"userId\", item = \"movieId\", value = \"rating\", time = \"timestamp\" }\n";
    let (from_parquet, _) = import(&collection(&folder, settings), None).unwrap();
    let (from_csv, _) = import(
        &collection(
            &folder,
            &settings.replace("as-parquet/ratings.parquet", "ratings.csv"),
        ),
        None,
    )
    .unwrap();
    assert_eq!(counts(&from_parquet), [100_836, 610, 9724, 9724]);
    assert_eq!(from_parquet, from_csv);
}

#[test]
fn ml_100k_and_its_splits() {
    let Some(folder) = real_data("ml-100k") else {
        return;
    };
    let collection = collection(&folder, "");
    let (dataset, report) = import(&collection, None).unwrap();
    assert_eq!(counts(&dataset), [100_000, 943, 1682, 1682]);
    assert_eq!(
        report.files.iter().map(|file| file.bad_rows).sum::<u64>(),
        0,
        "{report}"
    );
    check_order(&dataset);
    for (name, num_train, num_test) in [
        ("u1", 80_000, 20_000),
        ("u5", 80_000, 20_000),
        ("ua", 90_570, 9430),
    ] {
        let (split, _) = import_split(&collection, None, name).unwrap();
        assert_eq!(
            (split.train.interactions.len(), split.test.len()),
            (num_train, num_test),
            "{name}"
        );
        assert_eq!(split.train.items.len(), 1682);
        check_order(&split.train);
    }
}

#[test]
fn ml_1m_as_pairs() {
    let Some(folder) = real_data("ml-1m") else {
        return;
    };
    let (dataset, report) = import(&collection(&folder, ""), None).unwrap();
    assert_eq!(counts(&dataset), [1_000_209, 6040, 3883, 3706]);
    assert_eq!(report.values, None);
    assert!(
        dataset
            .interactions
            .iter()
            .all(|interaction| interaction.value.to_bits() == 1.0_f32.to_bits())
    );
    check_order(&dataset);
}

#[test]
fn ml_1m_as_lists() {
    let Some(folder) = real_data("ml-1m-ultragcn-split") else {
        return;
    };
    let collection = collection(&folder, "");
    let (split, _) = import_split(&collection, None, "lists").unwrap();
    let (dataset, report) = import(&collection, None).unwrap();
    assert_eq!(report.layout, "lists");
    assert_eq!(split.train.users.len(), 6022);
    assert_eq!(
        dataset.interactions.len(),
        split.train.interactions.len() + split.test.len()
    );
}

fn num_bad_rows(report: &precompute::import::ImportReport) -> u64 {
    report.files.iter().map(|file| file.bad_rows).sum()
}

#[test]
fn goodbooks() {
    let Some(folder) = real_data("goodbooks-10k") else {
        return;
    };
    let (dataset, report) = import(&collection(&folder, ""), None).unwrap();
    assert_eq!(report.layout, "goodbooks");
    assert_eq!(counts(&dataset), [298_176, 2672, 10_000, 9990]);
    assert_eq!(num_bad_rows(&report), 0, "{report}");
    check_order(&dataset);
    let book = item(&dataset, "2");
    assert_eq!(
        book.title,
        "Harry Potter and the Sorcerer's Stone (Harry Potter, #1)"
    );
    assert_eq!(
        book.fields["authors"],
        texts(&["J.K. Rowling", "Mary GrandPré"])
    );
    assert_eq!(book.fields["year"], Value::Integer(1997));
    assert_eq!(book.fields["language"], text("eng"));
    assert_eq!(book.fields["ratings_count"], Value::Integer(4_602_479));
}

#[test]
fn netflix_titles() {
    let Some(folder) = real_data("netflix-titles") else {
        return;
    };
    let (dataset, report) = import(&collection(&folder, ""), None).unwrap();
    assert_eq!(report.layout, "netflix");
    assert_eq!(counts(&dataset), [0, 0, 8807, 0]);
    assert_eq!(num_bad_rows(&report), 0, "{report}");
    let of_type = |kind: &str| {
        let items = dataset.items.iter();
        items
            .filter(|item| item.fields["type"] == text(kind))
            .count()
    };
    assert_eq!(
        ["film", "series", "documentary"].map(of_type),
        [5262, 2281, 1264]
    );
    let first = item(&dataset, "s1");
    assert_eq!(first.title, "Dick Johnson Is Dead");
    assert_eq!(first.fields["type"], text("documentary"));
    assert_eq!(first.fields["year"], Value::Integer(2020));
    assert_eq!(first.fields["duration_min"], Value::Integer(90));
    let misplaced = item(&dataset, "s5542");
    assert_eq!(misplaced.fields["duration_min"], Value::Integer(74));
    assert_eq!(misplaced.fields.get("rating"), None);
}

#[test]
fn podcasts() {
    let Some(folder) = real_data("podcasts") else {
        return;
    };
    let (dataset, report) = import(&collection(&folder, ""), None).unwrap();
    assert_eq!(report.layout, "podcasts");
    assert_eq!(counts(&dataset), [0, 0, 2430 + 960, 0]);
    assert_eq!(num_bad_rows(&report), 0, "{report}");
    let show = item(&dataset, "0XrOqvxlqQI6bmdYHuIVnr");
    assert_eq!(show.title, "Modern Wisdom");
    assert_eq!(show.fields["type"], text("show"));
    assert_eq!(
        show.fields["categories"],
        texts(&[
            "Arts & Entertainment",
            "entertainment",
            "Business & Technology",
            "business",
            "science",
            "Lifestyle & Health",
            "health",
            "culture"
        ])
    );
    let episode = item(&dataset, "4rOoJ6Egrf8K2IrywzwOMk/2104-chris-williamson");
    assert_eq!(episode.title, "#2104 - Chris Williamson");
    assert_eq!(episode.fields["show"], text("The Joe Rogan Experience"));
    let Value::Text(description) = &episode.fields["description"] else {
        panic!("{episode:?}")
    };
    assert!(
        description.starts_with("Chris Williamson is a podcaster"),
        "{description}"
    );
}

/// A folder with some of a folder's files, since Yelp's releases lie in one here.
fn linked(folder: &Path, names: &[&str]) -> tempfile::TempDir {
    let linked = tempfile::tempdir().unwrap();
    for name in names {
        std::fs::copy(folder.join(name), linked.path().join(name)).unwrap();
    }
    linked
}

#[test]
fn yelp() {
    let Some(folder) = real_data("yelp") else {
        return;
    };
    for (name, num_items, id, city, price) in [
        (
            "business_2018_sample1496.json",
            1497,
            "Apn5Q_b6Nz61Tq4XzPdf9A",
            "Calgary",
            Some(2),
        ),
        (
            "business_2019_sample1500.json",
            1500,
            "1SWheh84yJXfytovILXOAQ",
            "Phoenix",
            None,
        ),
        (
            "business_2022_first1000.json",
            1000,
            "Pns2l4eNsfO8kk83dixA6A",
            "Santa Barbara",
            None,
        ),
    ] {
        let folder = linked(&folder, &[name]);
        let (dataset, report) = import(&collection(folder.path(), ""), None).unwrap();
        assert_eq!(report.layout, "yelp");
        assert_eq!(counts(&dataset), [0, 0, num_items, 0], "{name}");
        assert_eq!(num_bad_rows(&report), 0, "{report}");
        let business = &item(&dataset, id).fields;
        assert_eq!(business["city"], text(city));
        assert_eq!(
            business.get("price"),
            price.map(Value::Integer).as_ref(),
            "{name}"
        );
    }

    let linked_2014 = linked(&folder, &["business_2014_academic.csv"]);
    let (dataset, report) = import(&collection(linked_2014.path(), ""), None).unwrap();
    assert_eq!(counts(&dataset), [0, 0, 13_490, 0]);
    assert_eq!(num_bad_rows(&report), 0, "{report}");
    let business = item(&dataset, "Iu-oeVzv8ZgP18NIB0UMqg");
    assert_eq!(business.title, "3320 S Hill St");
    assert_eq!(business.fields["city"], text("Los Angeles"));
    assert_eq!(business.fields["state"], text("CA"));
    assert_eq!(business.fields["postal_code"], text("90007"));
    let in_champaign = dataset.items.iter().filter(|item| {
        let is = |name: &str, value: &str| item.fields.get(name) == Some(&text(value));
        is("city", "Champaign") && is("state", "IL")
    });
    assert_eq!(in_champaign.count(), 351);

    let names = ["business_2022_first1000.json", "review_2022_first1000.json"];
    let both = linked(&folder, &names);
    let (dataset, report) = import(&collection(both.path(), ""), None).unwrap();
    assert_eq!(counts(&dataset)[0], 77);
    let elsewhere = &report.files[1].problems[&Problem::ItemOfOtherFiles];
    assert_eq!(
        elsewhere.count,
        999 - 77,
        "most reviews are of businesses that are not in the sample"
    );
    assert_eq!(num_bad_rows(&report), 0, "{report}");
    assert_eq!(report.meanings, [], "77 reviews say too little");
    let reviews = linked(&folder, &names[1..]);
    let (dataset, _) = import(&collection(reviews.path(), "layout = \"yelp\""), None).unwrap();
    assert_eq!(counts(&dataset), [999, 993, 822, 822]);
}

/// All files as they are given, the businesses of 2014 without coordinates among them.
#[test]
fn yelp_as_it_is() {
    let Some(folder) = real_data("yelp") else {
        return;
    };
    let (dataset, report) = import(&collection(&folder, ""), None).unwrap();
    assert_eq!(counts(&dataset), [85, 85, 17_450, 69]);
    assert_eq!(num_bad_rows(&report), 0, "{report}");

    let named = |name: &str| Some(name.to_owned());
    let fields = PlaceFields {
        latitude: named("latitude"),
        longitude: named("longitude"),
        postal_code: named("postal_code"),
        city: named("city"),
        state: named("state"),
    };
    let places = places(&dataset.items, &fields);
    let located = places.coordinates.iter().flatten().count();
    let own = dataset.items.iter();
    let own = own.filter(|item| item.fields.contains_key("latitude"));
    // Of 13,461 businesses of 2014 without coordinates 1,476 borrow those of the later files.
    assert_eq!((own.count(), located), (3989, 5465));
    let of_kind = |kind| places.list.iter().filter(move |place| place.kind == kind);
    assert_eq!(of_kind(PlaceKind::PostalCode).count(), 2240);
    assert_eq!(of_kind(PlaceKind::City).count(), 574);
    let mut list = places.list.iter();
    let campus = list.find(|place| place.name == "61820").unwrap();
    assert_eq!(campus.item_count, 352);
    let circle = campus.circle.unwrap();
    let champaign = Coordinates::new(40.115, -88.243).unwrap();
    assert!(circle.centre.distance_km(champaign) < 1.0, "{circle:?}");
    assert!((2.0..4.0).contains(&circle.radius_km), "{circle:?}");

    // 85 reviews teach nothing that is sure, so the list speaks alone.
    assert_eq!(report.meanings, []);
    let words = meanings(&dataset.items, "categories", &report.meanings);
    let mut of_pasta = words.iter().filter(|meaning| meaning.word == "pasta");
    assert_eq!(of_pasta.next().unwrap().value, "Italian");
    let broader = broader(&dataset.items, "categories");
    for (value, wider) in [
        ("Italian", "Restaurants"),
        ("Szechuan", "Chinese"),
        ("Barbers", "Beauty & Spas"),
        ("Burmese", "Restaurants"),
    ] {
        assert_eq!(broader[value], wider, "{value}");
    }
}

#[test]
fn media_of_four_sources() {
    let names = [
        "movietweetings",
        "goodbooks-10k",
        "netflix-titles",
        "podcasts",
    ];
    let folders: Vec<PathBuf> = names.into_iter().filter_map(real_data).collect();
    let [films, books, titles, podcasts] = &folders[..] else {
        return;
    };
    let part = |name: &str, folder: &Path| {
        let source = folder.display().to_string();
        format!("[[collections.c.parts]]\nname = \"{name}\"\nsource = {source:?}\n")
    };
    let settings = format!(
        "[collections.c]\ntitle = \"Media\"\n{}type = \"film\"\n{}type = \"book\"\n{}{}type = \"podcast\"\n",
        part("films", films),
        part("books", books),
        part("netflix", titles),
        part("podcasts", podcasts)
    );
    let mut config = config::Config::parse(&settings, Path::new("/kindred.toml")).unwrap();
    let collection = config.collections.remove("c").unwrap();
    let (dataset, report) = import(&collection, None).unwrap();
    assert_eq!(
        counts(&dataset),
        [
            100_000 + 298_176,
            16_554 + 2672,
            10_506 + 10_000 + 8807 + 3390,
            10_506 + 9990
        ]
    );
    assert_eq!(num_bad_rows(&report), 0, "{report}");
    assert_eq!(
        item(&dataset, "netflix:s1").fields["type"],
        text("documentary")
    );
    assert!(dataset.items.is_sorted_by_key(|item| &item.id));
}

#[test]
fn movietweetings() {
    let Some(folder) = real_data("movietweetings") else {
        return;
    };
    let (dataset, report) = import(&collection(&folder, ""), None).unwrap();
    assert_eq!(report.layout, "movietweetings");
    assert_eq!(counts(&dataset), [100_000, 16_554, 10_506, 10_506]);
    assert!(
        report.files.iter().all(|file| file.bad_rows == 0),
        "{report}"
    );
    let first = item(&dataset, "0002844");
    assert_eq!(first.title, "Fantômas - À l'ombre de la guillotine");
    assert_eq!(first.fields["year"], Value::Integer(1913));
    assert_eq!(first.fields["genres"], texts(&["Crime", "Drama"]));
}

#[test]
fn spotify_playlists() {
    let Some(folder) = real_data("spotify-playlists") else {
        return;
    };
    let (dataset, report) = import(&collection(&folder, ""), None).unwrap();
    assert_eq!(report.layout, "playlists");
    assert_eq!(counts(&dataset), [21_534, 500, 16_439, 16_439]);
    let [report] = &report.files[..] else {
        panic!("{report}")
    };
    assert_eq!((report.rows, report.bad_rows), (21_761, 0), "{report}");
    assert_eq!(dataset.users[0], "241");
    assert_eq!(dataset.user_names[0], "Tegan and Sara");
    let song = item(&dataset, "1-800-273-8255 - Logic");
    assert_eq!(song.fields["album"], text("Everybody"));
    assert_eq!(song.fields["artist"], text("Logic"));
}

#[test]
fn baskets_of_a_grocery_and_of_a_retailer() {
    if let Some(folder) = real_data("groceries") {
        let settings = "layout = \"baskets\"";
        let (dataset, report) = import(&collection(&folder, settings), None).unwrap();
        assert_eq!(counts(&dataset), [43_367, 9835, 169, 169]);
        assert_eq!(report.files[0].bad_rows, 0, "{report}");
        assert_eq!(item(&dataset, "cream cheese").title, "cream cheese");
    }
    let Some(folder) = real_data("fimi") else {
        return;
    };
    for (file, expected) in [
        ("retail.dat", [908_576, 88_162, 16_470, 16_470]),
        ("T10I4D100K.dat", [1_010_228, 100_000, 870, 870]),
    ] {
        let settings = format!("layout = \"baskets\"\nimport = {{ file = \"{file}\" }}");
        let (dataset, report) = import(&collection(&folder, &settings), None).unwrap();
        assert_eq!(counts(&dataset), expected, "{file}");
        assert_eq!(report.files[0].bad_rows, 0, "{report}");
        check_order(&dataset);
    }
}

/// Saving and loading gives back the same; sorted files import fast, so this takes a second.
#[test]
fn a_real_data_set_survives_the_working_folder() {
    let Some(folder) = real_data("ml-latest-small") else {
        return;
    };
    let (dataset, _) = import(&collection(&folder, ""), None).unwrap();
    let working_folder = tempfile::tempdir().unwrap();
    let saved = working_folder.path().join("dataset");
    dataset.save(&saved).unwrap();
    assert_eq!(Dataset::load(&saved).unwrap(), dataset);
}
