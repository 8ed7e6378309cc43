//! Layouts whose catalogue says much: books, titles, podcasts, businesses.

use super::*;

pub(super) const ANY_SHARE: &str = "import = { maximum_bad_row_share = 1.0 }\n";

/// Why files cannot be imported.
#[track_caller]
fn check_error(files: &[(&str, &[u8])], settings: &str, expected: &str) {
    let error = import_files(files, settings).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
}

pub(super) const BOOKS: &str = "book_id,goodreads_book_id,isbn,authors,original_publication_year,title,language_code,ratings_count,image_url\n\
    1,77,0439,\"Ann B., Cy D\",2008.0,\"Sea (Waves, #1)\",eng,4780,https://i/1.jpg\n\
    2,78,,Ann B.,-750.0,Old,,12,\n\
    2,79,,Ann B.,1,Again,,1,\n\
    3,80,,Dé,last year,Caf\u{e9},fre,many,\n\
    4,81,,,1999,,eng,1,\n";
pub(super) const RATINGS: &str =
    "user_id,book_id,rating\n5,1,4\n5,2,6\n6,9,3\n6,2,x\n6,2,3\n6,2,5\n6,3\n";

pub(super) const TAGS: &str = "tag_id,tag_name\n1,to-read\n2,Sea\n3,waves\n4,boats\n";

#[test]
fn books_have_authors_years_and_tags() {
    let files: [(&str, &[u8]); 4] = [
        ("books.csv", BOOKS.as_bytes()),
        ("ratings_sample.csv", RATINGS.as_bytes()),
        ("tags.csv", TAGS.as_bytes()),
        (
            "book_tags.csv",
            b"goodreads_book_id,tag_id,count\n77,1,999\n77,2,5\n77,3,7\n77,4,5\n78,3,-1\n99,2,1\n77,9,1\n77,2,few\n",
        ),
    ];
    let (dataset, report) = import_files(&files, ANY_SHARE).unwrap();
    assert_eq!(report.layout, "goodbooks");
    assert_eq!(lines(&dataset), ["5 1 4 0", "6 2 5 0"]);
    let first = item(&dataset, "1");
    assert_eq!(first.title, "Sea (Waves, #1)");
    assert_eq!(first.fields["authors"], texts(&["Ann B.", "Cy D"]));
    assert_eq!(first.fields["year"], Value::Integer(2008));
    assert_eq!(first.fields["language"], text("eng"));
    assert_eq!(first.fields["isbn"], text("0439"));
    assert_eq!(first.fields["image"], text("https://i/1.jpg"));
    assert_eq!(first.fields["ratings_count"], Value::Integer(4780));
    assert_eq!(first.fields["tags"], texts(&["waves", "boats", "sea"]));
    let second = item(&dataset, "2");
    assert_eq!(
        (second.title.as_str(), &second.fields["year"]),
        ("Old", &Value::Integer(-750))
    );
    assert_eq!(item(&dataset, "3").fields.get("year"), None);
    assert_eq!(dataset.items.len(), 3);
    let books = file(&report, "books.csv");
    assert_eq!(problem(books, Problem::Duplicate), (1, vec![4]));
    assert_eq!(problem(books, Problem::BadNumber), (1, vec![5]));
    assert_eq!(problem(books, Problem::MissingField), (1, vec![6]));
    let tags = file(&report, "book_tags.csv");
    assert_eq!(problem(tags, Problem::UnknownItem), (2, vec![7, 8]));
    assert_eq!(problem(tags, Problem::BadNumber), (1, vec![9]));
    let ratings = file(&report, "ratings_sample.csv");
    assert_eq!(problem(ratings, Problem::OutOfScale), (1, vec![3]));
    assert_eq!(problem(ratings, Problem::UnknownItem), (1, vec![4]));
    assert_eq!(problem(ratings, Problem::BadNumber), (1, vec![5]));
    assert_eq!(problem(ratings, Problem::Duplicate), (1, vec![6]));
    assert_eq!(problem(ratings, Problem::MissingField), (1, vec![8]));

    let without_authors = BOOKS.replace("authors", "writers");
    check_error(
        &[("books.csv", without_authors.as_bytes()), files[1]],
        ANY_SHARE,
        "`books.csv` has no column `authors` (it has: book_id, ",
    );
    check_error(
        &[("books.csv", b""), files[1]],
        ANY_SHARE,
        "`books.csv` is empty",
    );
    check_error(
        &files[..1],
        "layout = \"goodbooks\"",
        "is not laid out as \"goodbooks\"",
    );
}

pub(super) const TITLES: &str = "show_id,type,title,director,casts,country,date_added,release_year,rating,duration,listed_in,description\n\
    s1,Movie,Sea,Ann,\"Bo, Cy\",\", France, Peru,\",2021-Sep-25,2020,PG-13,90 min,\"Dramas, Thrillers\",\"A film, \"\"quoted\"\".\"\n\
    s2,TV Show,Waves,,,,,2019,TV-MA,2 Seasons,\"TV Dramas, Kids' TV\",One\n\
    s3,Movie,Fish,,,,,2018,,,Documentaries,\n\
    s4,TV Show,Boats,,,,,2018,TV-G,1 Season,Docuseries,\n\
    s5,Movie,Set,,,,,2017,74 min,,Movies,\n";

#[test]
fn titles_are_films_series_and_documentaries() {
    let (dataset, report) = import_files(&[("netflix_titles.csv", TITLES.as_bytes())], "").unwrap();
    assert_eq!(
        (report.layout.as_str(), report.interactions),
        ("netflix", 0)
    );
    assert!(dataset.users.is_empty());
    let types = dataset.items.iter().map(|item| &item.fields["type"]);
    assert!(types.eq(&["film", "series", "documentary", "documentary", "film"].map(text)));
    let first = item(&dataset, "s1");
    assert_eq!(first.fields["directors"], texts(&["Ann"]));
    assert_eq!(first.fields["cast"], texts(&["Bo", "Cy"]));
    assert_eq!(first.fields["countries"], texts(&["France", "Peru"]));
    assert_eq!(first.fields["year"], Value::Integer(2020));
    assert_eq!(first.fields["rating"], text("PG-13"));
    assert_eq!(first.fields["duration_min"], Value::Integer(90));
    assert_eq!(first.fields["genres"], texts(&["Dramas", "Thrillers"]));
    assert_eq!(first.fields["description"], text("A film, \"quoted\"."));
    assert_eq!(item(&dataset, "s2").fields["seasons"], Value::Integer(2));
    assert_eq!(item(&dataset, "s4").fields["seasons"], Value::Integer(1));
    let misplaced = &item(&dataset, "s5").fields;
    assert_eq!(misplaced["duration_min"], Value::Integer(74));
    assert_eq!(misplaced.get("rating"), None);
    let renamed = TITLES.replace("casts", "cast");
    let (same, _) = import_files(&[("netflix.csv", renamed.as_bytes())], "").unwrap();
    assert_eq!(same, dataset);
}

#[test]
fn titles_with_something_wrong_are_counted() {
    let header = TITLES.lines().next().unwrap();
    let rows = format!(
        "{header}\ns1,Movie,One,,,,,soon,,,Dramas,\ns1,Movie,Two,,,,,2000,,,Dramas,\ns3,Movie,,,,,,2000,,,,\n\
         s4,Movie,Four,,,,,2000,,long,,\ns5,Movie,\"Five,,,,,2000\n"
    );
    let (dataset, report) = import_files(&[("netflix.csv", rows.as_bytes())], ANY_SHARE).unwrap();
    let titles: Vec<&str> = dataset
        .items
        .iter()
        .map(|item| item.title.as_str())
        .collect();
    assert_eq!(titles, ["One", "Four"]);
    let report = file(&report, "netflix.csv");
    assert_eq!(problem(report, Problem::BadNumber), (2, vec![2, 5]));
    assert_eq!(problem(report, Problem::Duplicate), (1, vec![3]));
    assert_eq!(problem(report, Problem::MissingField), (1, vec![4]));
    assert_eq!(problem(report, Problem::UnclosedQuote), (1, vec![6]));
    check_error(&[("netflix.csv", b"")], "", "`netflix.csv` is empty");
    check_error(&[("netflix.csv", header.as_bytes())], "", "has no items");
    check_error(
        &[("netflix.csv", b"show_id,type\n")],
        "",
        "`netflix.csv` has no column `title` (it has: show_id, type)",
    );
}

pub(super) const SHOWS: &str = "Parent_Category,Category,Podcast_Name,Description,Publisher,Episode_Count,ID,Cover_URL\n\
              Arts,entertainment,Sea Talk,About seas.,Ann,12,s1,https://i/1\n\
              Health,culture,Sea Talk,Other words.,Ann,12,s1,https://i/1\n\
              Arts,culture,Sea Talk,Other words.,Ann,12,s1,https://i/1\n\
              Arts,entertainment,,No name.,Ann,1,s2,\n\
              Arts,entertainment,Waves (2019),,Bo,many,s3,\n";
pub(super) const EPISODES: &str = "Podcast Name,Podcast ID,Episode Name,Description\n\
             Sea Talk,s1,#7 - First: Ébb & Flow!,The show description is: About seas. The episode description is: Of tides.\n\
             Sea Talk,s1,7 First Ébb Flow,Plain\n\
             Sea Talk,s1,#7 - First: Ébb & Flow!,Again\n\
             Sea Talk,s1,🌊,\n\
             Elsewhere,s9,7 first ébb flow,The show description is: Half of it\n";

#[test]
fn podcasts_are_shows_and_their_episodes() {
    let files = [
        ("shows.csv", SHOWS.as_bytes()),
        ("episodes.csv", EPISODES.as_bytes()),
    ];
    let (dataset, report) = import_files(&files, ANY_SHARE).unwrap();
    let ids: Vec<&str> = dataset.items.iter().map(|item| item.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "s1",
            "s1/7-first-ébb-flow",
            "s1/7-first-ébb-flow-2",
            "s1/episode",
            "s3",
            "s9/7-first-ébb-flow"
        ]
    );
    let show = &item(&dataset, "s1").fields;
    assert_eq!(
        show["categories"],
        texts(&["Arts", "entertainment", "Health", "culture"])
    );
    assert_eq!(show["type"], text("show"));
    assert_eq!(show["description"], text("About seas."));
    assert_eq!(show["publisher"], text("Ann"));
    assert_eq!(show["episode_count"], Value::Integer(12));
    assert_eq!(show.get("category"), None);
    assert_eq!(item(&dataset, "s3").title, "Waves (2019)");
    let episode = item(&dataset, "s1/7-first-ébb-flow");
    assert_eq!(episode.title, "#7 - First: Ébb & Flow!");
    assert_eq!(episode.fields["type"], text("episode"));
    assert_eq!(episode.fields["show"], text("Sea Talk"));
    assert_eq!(episode.fields["description"], text("Of tides."));
    assert_eq!(episode.fields["image"], text("https://i/1"));
    assert_eq!(episode.fields["categories"], show["categories"]);
    let elsewhere = &item(&dataset, "s9/7-first-ébb-flow").fields;
    assert_eq!(
        elsewhere["description"],
        text("The show description is: Half of it")
    );
    assert_eq!(elsewhere.get("categories"), None);
    let shows = file(&report, "shows.csv");
    assert_eq!(problem(shows, Problem::Duplicate), (2, vec![3, 4]));
    assert_eq!(problem(shows, Problem::MissingField), (1, vec![5]));
    assert_eq!(problem(shows, Problem::BadNumber), (1, vec![6]));
    let episodes = file(&report, "episodes.csv");
    assert_eq!(problem(episodes, Problem::Duplicate), (1, vec![4]));
    check_error(
        &[("shows.csv", b"ID,Podcast_Name\n")],
        "",
        "`shows.csv` has no column `Parent_Category`",
    );
    check_error(&[("shows.csv", b"")], "", "`shows.csv` is empty");
}

pub(super) const BUSINESSES: &str = r#"[{"business_id":"a","name":"Sea","address":"1 Main St","city":"Troy","state":"NY","postal_code":"12180","latitude":42.5,"longitude":-73,"stars":4.5,"review_count":7,"is_open":1,"attributes":{"RestaurantsPriceRange2":"2","WiFi":"u'free'","Alcohol":"u'none'","BikeParking":"True","HasTV":"False","Smoking":null,"BusinessParking":"{'garage': False, 'street': True, 'valet': True}","NoiseLevel":"quiet","Ambience":"None"},"categories":"Food, Beer, Wine & Spirits, Books, Mags, Music & Video, Bars","hours":{"Monday":"8:0-17:0"}}
,{"business_id":"b","name":"Waves","address":"","city":"","attributes":null,"categories":["Pizza","Wills, Trusts, & Probates"]}
,{"business_id":"c","name":"Fish","stars":"many","attributes":{"RestaurantsPriceRange2":"None"},"categories":null}
,{"business_id":"d","name":"Boats","attributes":{"RestaurantsPriceRange2":"cheap"}}
,{"business_id":"e"}
,{"business_id":"a","name":"Again"}
oops
]
"#;

#[test]
fn businesses_are_places_with_attributes() {
    let reviews = "{\"user_id\":\"u\",\"business_id\":\"a\",\"stars\":5.0,\"text\":\"Good.\\nVery.\",\"date\":\"2012-01-03 15:28:18\"}\n\
        {\"user_id\":\"u\",\"business_id\":\"zz\",\"stars\":5,\"date\":\"2012-01-03\"}\n\
        {\"user_id\":\"u\",\"business_id\":\"b\",\"stars\":9,\"date\":\"2012-01-03\"}\n\
        {\"user_id\":\"u\",\"business_id\":\"b\",\"stars\":2,\"date\":\"soon\"}\n\
        {\"user_id\":\"u\",\"stars\":2,\"date\":\"2012-01-03\"}\n";
    let files = [
        ("yelp_academic_dataset_business.json", BUSINESSES.as_bytes()),
        ("yelp_academic_dataset_review.json", reviews.as_bytes()),
    ];
    let (dataset, report) = import_files(&files, ANY_SHARE).unwrap();
    assert_eq!(report.layout, "yelp");
    assert_eq!(lines(&dataset), ["u a 5 1325604498"]);
    let first = item(&dataset, "a");
    assert_eq!(first.title, "Sea");
    assert_eq!(first.fields["address"], text("1 Main St"));
    assert_eq!(first.fields["postal_code"], text("12180"));
    assert_eq!(first.fields["latitude"], Value::Real(42.5));
    assert_eq!(first.fields["longitude"], Value::Real(-73.0));
    assert_eq!(first.fields["stars"], Value::Real(4.5));
    assert_eq!(first.fields["review_count"], Value::Integer(7));
    assert_eq!(first.fields["is_open"], Value::Integer(1));
    assert_eq!(first.fields["price"], Value::Integer(2));
    assert_eq!(
        first.fields["categories"],
        texts(&[
            "Food",
            "Beer, Wine & Spirits",
            "Books, Mags, Music & Video",
            "Bars"
        ])
    );
    assert_eq!(
        first.fields["attributes"],
        texts(&[
            "BikeParking",
            "BusinessParking: street",
            "BusinessParking: valet",
            "NoiseLevel: quiet",
            "WiFi: free"
        ])
    );
    assert_eq!(first.fields["hours"], texts(&["Monday 8:00-17:00"]));
    let second = &item(&dataset, "b").fields;
    assert_eq!(
        second["categories"],
        texts(&["Pizza", "Wills, Trusts, & Probates"])
    );
    assert_eq!(second.get("city"), None);
    assert_eq!(item(&dataset, "c").fields.get("price"), None);
    let businesses = file(&report, files[0].0);
    assert_eq!(problem(businesses, Problem::BadNumber), (2, vec![3, 4]));
    assert_eq!(problem(businesses, Problem::MissingField), (1, vec![5]));
    assert_eq!(problem(businesses, Problem::Duplicate), (1, vec![6]));
    assert_eq!(problem(businesses, Problem::NotAnObject), (1, vec![7]));
    let reviewed = file(&report, files[1].0);
    assert_eq!(problem(reviewed, Problem::ItemOfOtherFiles), (1, vec![2]));
    assert_eq!(problem(reviewed, Problem::OutOfScale), (1, vec![3]));
    assert_eq!(problem(reviewed, Problem::BadNumber), (1, vec![4]));
    assert_eq!(problem(reviewed, Problem::MissingField), (1, vec![5]));

    let (alone, report) = import_files(&files[..1], ANY_SHARE).unwrap();
    assert_eq!((alone.items.len(), report.values), (4, None));
    let settings = format!("layout = \"yelp\"\n{ANY_SHARE}");
    let (alone, _) = import_files(&files[1..], &settings).unwrap();
    assert_eq!(lines(&alone), ["u a 5 1325604498", "u zz 5 1325548800"]);
    check_error(
        &files[1..],
        ANY_SHARE,
        "has the files of no layout that is known",
    );
    check_error(&[("business.json", b"\n")], "", "has no items");
}

#[test]
fn hours_and_coordinates_that_are_none_are_left_out_and_told_of() {
    let rows = r#"{"business_id":"a","name":"A","hours":{"Sunday":"10:0-2:0","Monday":"8:30-17:0"},"latitude":1.5,"longitude":0}
{"business_id":"b","name":"B","hours":{"Monday":"9:0-25:0","Tuesday":"9:0-12:5"},"latitude":0.0,"longitude":0}
{"business_id":"c","name":"C","hours":{"Someday":"9:0-12:0"},"latitude":91,"longitude":1}
{"business_id":"d","name":"D","hours":"always","latitude":5}
{"business_id":"e","name":"E","hours":{},"latitude":1,"longitude":-181}
{"business_id":"f","name":"F","hours":null,"latitude":null,"longitude":null}
{"business_id":"g","name":"G","hours":{"Monday":8}}
"#;
    let files = [("business.json", rows.as_bytes())];
    let (dataset, report) = import_files(&files, ANY_SHARE).unwrap();
    let first = &item(&dataset, "a").fields;
    assert_eq!(
        first["hours"],
        texts(&["Monday 8:30-17:00", "Sunday 10:00-2:00"])
    );
    assert_eq!(first["longitude"], Value::Real(0.0));
    let second = &item(&dataset, "b").fields;
    assert_eq!(second["hours"], texts(&["Tuesday 9:00-12:05"]));
    for id in ["b", "c", "d", "e", "f"] {
        let fields = &item(&dataset, id).fields;
        assert!(!fields.contains_key("latitude"), "{id}");
        assert!(!fields.contains_key("longitude"), "{id}");
    }
    for id in ["c", "d", "e", "f", "g"] {
        assert!(!item(&dataset, id).fields.contains_key("hours"), "{id}");
    }
    // A row is counted once, for what is wrong with it first.
    let report = file(&report, "business.json");
    assert_eq!(problem(report, Problem::NoSuchPlace), (4, vec![2, 3, 4, 5]));
    assert_eq!(problem(report, Problem::BadNumber), (1, vec![7]));
    check_error(&files, "", "coordinates of no place: 4");
}

#[test]
fn what_words_mean_is_learnt_from_reviews() {
    let about = |number: usize| match number % 6 {
        0 => ("Italian", "Great gnocchi, and a friendly waiter!"),
        _ => ("Barbers", "A good cut, and a friendly barber."),
    };
    let business = |number| {
        let (category, _) = about(number);
        format!("{{\"business_id\":\"b{number}\",\"name\":\"B\",\"categories\":\"{category}\"}}\n")
    };
    let review = |number| {
        let (_, text) = about(number);
        format!(
            "{{\"review_id\":\"r{number}\",\"user_id\":\"u{number}\",\"business_id\":\"b{number}\",\"stars\":5,\"date\":\"2012-01-03\",\"text\":\"{text}\"}}\n"
        )
    };
    let businesses: String = (0..60).map(business).collect();
    let reviews: String = (0..60).map(review).collect();
    let files = [
        ("business.json", businesses.as_bytes()),
        ("review.json", reviews.as_bytes()),
    ];
    let (_, report) = import_files(&files, "").unwrap();
    let meanings = report.meanings.iter();
    let meanings = meanings.map(|meaning| (meaning.word.as_str(), meaning.value.as_str()));
    let expected = ["gnocchi", "great", "waiter"].map(|word| (word, "Italian"));
    assert_eq!(meanings.collect::<Vec<_>>(), expected);
    let text = report.to_string();
    assert!(
        text.ends_with("learnt from what was written: 3 meanings of words"),
        "{text}"
    );
    // Without texts there is nothing to learn.
    let silent = reviews.replace("text", "said");
    let (_, report) = import_files(&[files[0], ("review.json", silent.as_bytes())], "").unwrap();
    assert_eq!(report.meanings, []);
    assert_eq!(report.interactions, 60);
}

#[test]
fn a_business_of_2014_is_named_by_its_street() {
    let rows = "x1::3320 S Hill StSouth East LALos Angeles, CA 90007::List(Health and Medical, Beer, Wine & Spirits)\n\
        x2::19 King St E2nd floorKitchener, ON N2G 4H5::List()\n\
        x3::Troy, NY::List(Bars)\n\
        x4::Somewhere else::List(Bars)\n\
        x5::1 Main St::Bars\n\
        x6::::List(Bars)\n\
        x7\n\
        x1::3320 S Hill St::List(Bars)\n";
    let files = [("business_2014.csv", rows.as_bytes())];
    let (dataset, report) = import_files(&files, ANY_SHARE).unwrap();
    let first = item(&dataset, "x1");
    assert_eq!(first.title, "3320 S Hill St");
    assert_eq!(
        first.fields["address"],
        text("3320 S Hill St, South East LA")
    );
    assert_eq!(first.fields["city"], text("Los Angeles"));
    assert_eq!(first.fields["state"], text("CA"));
    assert_eq!(first.fields["postal_code"], text("90007"));
    assert_eq!(
        first.fields["categories"],
        texts(&["Health & Medical", "Beer, Wine & Spirits"])
    );
    let second = &item(&dataset, "x2").fields;
    assert_eq!(second["city"], text("Kitchener"));
    assert_eq!(second["postal_code"], text("N2G 4H5"));
    let third = item(&dataset, "x3");
    assert_eq!(
        (third.title.as_str(), &third.fields["city"]),
        ("Troy", &text("Troy"))
    );
    assert_eq!(third.fields.get("postal_code"), None);
    let fourth = item(&dataset, "x4");
    assert_eq!(fourth.fields["address"], text("Somewhere else"));
    assert_eq!(fourth.fields.get("city"), None);
    let report = file(&report, "business_2014.csv");
    assert_eq!(problem(report, Problem::MissingField), (3, vec![5, 6, 7]));
    assert_eq!(problem(report, Problem::Duplicate), (1, vec![8]));
}
