//! Data that says little, and settings that ask for more than there is, through the program: each has a fallback or an error that says what to do.

use std::fmt::Write as _;

use crate::program::{Place, Run};

/// All that can be learnt of a source, with settings beyond what a small one has.
const EVERYTHING: &str = "[collections.c]\ntitle = \"C\"\nsource = \"source\"\n\
    [collections.c.train]\nregularization = 1.0\nneighbours = 1000\npopular_items = 1000\nonboarding_items = 200\n\
    [collections.c.train.rules]\nminimum_support = 1\n\
    [collections.c.train.content]\ndimensions = 1000\nneighbours = 1000\n\
    [collections.c.train.clusters]\ndimensions = 64\ncount = 255\n\
    [collections.c.train.blend]\n\
    [collections.c.evaluate]\nseeds = [1]\ncutoffs = [100]\n";

/// Builds a source of these files, with an evaluation on the way.
fn build(files: &[(&str, &str)], settings: &str) -> (Place, Run) {
    let place = Place::new();
    for (name, content) in files {
        place.write(&format!("source/{name}"), content);
    }
    place.write("kindred.toml", settings);
    let run = place.run(&["build"]);
    (place, run)
}

/// The same, which must end well; gives what was told of the training.
fn trained(files: &[(&str, &str)], settings: &str) -> (Place, String) {
    let (place, run) = build(files, settings);
    let run = run.done();
    let line = run
        .stderr
        .lines()
        .find(|line| line.starts_with("c: train: "));
    (place, line.unwrap().to_owned())
}

#[test]
fn a_catalogue_of_one_item_is_built_and_nobody_is_left_to_measure_on() {
    let files = [
        (
            "movies.csv",
            "movieId,title,genres\n7,The only one (1999),Drama\n",
        ),
        (
            "ratings.csv",
            "userId,movieId,rating,timestamp\n1,7,5,100\n2,7,4,100\n3,7,4.5,100\n",
        ),
    ];
    let (place, told) = trained(&files, EVERYTHING);
    assert!(
        told.contains("1 clusters of directions")
            && told.contains("0 of 0 association rules of 3 baskets"),
        "{told}"
    );
    place.run(&["verify"]).done();
    let run = place.run(&["evaluate"]);
    assert_eq!(run.status, Some(1));
    assert!(run.stderr.contains("nobody is left"), "{}", run.stderr);
}

#[test]
fn more_than_there_is_means_all_there_is() {
    let place = Place::new();
    let source = |name: &str| std::fs::read_to_string(place.path(&format!("ml/{name}"))).unwrap();
    let (movies, ratings) = (source("movies.csv"), source("ratings.csv"));
    let files = [
        ("movies.csv", movies.as_str()),
        ("ratings.csv", ratings.as_str()),
    ];
    let (place, told) = trained(&files, EVERYTHING);
    // Twenty films in two groups of directions, of which some are the same.
    let clusters = told.split(" clusters of directions").next().unwrap();
    let cluster_count: usize = clusters.rsplit(' ').next().unwrap().parse().unwrap();
    assert!((2..=20).contains(&cluster_count), "{told}");
    assert!(told.contains("implicit ALS, 20 dimensions"), "{told}");
    place.run(&["verify"]).done();
    let report = place.run(&["evaluate"]).done().stdout;
    assert!(
        report.contains("ndcg@100") || report.contains("NDCG@100"),
        "{report}"
    );
}

#[test]
fn baskets_with_nothing_in_common_have_no_rules() {
    let settings = EVERYTHING.replace("minimum_support = 1", "minimum_support = 2")
        + "[collections.c.import]\nfile = \"b.csv\"\n";
    let settings = settings.replace(
        "source = \"source\"\n",
        "source = \"source\"\nlayout = \"baskets\"\n",
    );
    let (place, told) = trained(&[("b.csv", "milk\n\n,,\nbread\ntea, milk\n")], &settings);
    assert!(
        told.contains("0 of 0 association rules of 3 baskets"),
        "{told}"
    );
    place.run(&["verify"]).done();
    let (_, run) = build(&[("b.csv", "\n,,\n\n")], &settings);
    assert_eq!(run.status, Some(1));
    assert!(run.stderr.contains("has no interactions"), "{}", run.stderr);
}

#[test]
fn a_history_of_ten_thousand_items_is_learnt_from() {
    let mut baskets = (0..10_000).fold(String::new(), |mut basket, item| {
        write!(basket, "{item} ").unwrap();
        basket
    });
    for first in 0..50 {
        write!(baskets, "\n{first} {} {}", first + 1, first + 2).unwrap();
    }
    let settings = "[collections.c]\ntitle = \"C\"\nsource = \"source\"\n[collections.c.train.rules]\n\
        [collections.c.train.clusters]\ncount = 16\n";
    let (place, told) = trained(&[("b.dat", &baskets)], settings);
    assert!(told.contains("of 51 baskets"), "{told}");
    assert!(told.contains("of 10000 items"), "{told}");
    place.run(&["verify"]).done();
}

#[test]
fn a_table_that_nothing_can_be_learnt_of_is_refused_and_columns_that_say_nothing_are_not() {
    const TABLE: &str = "[collections.c]\ntitle = \"C\"\nsource = \"source\"\n[collections.c.predict]\nfile = \"t.csv\"\ntarget = \"y\"\n\
        positive = \"b\"\ntrees = 5\nrepeats = 1\nfolds = 2\n";
    // Twelve rows, of two classes in turns unless they say theirs.
    let rows = |cells: fn(usize) -> [String; 2]| {
        let class = |row: usize| ["a", "b"][row % 2];
        (0..12).fold("x,z,y\n".to_owned(), |table, row| {
            let [x, z] = cells(row);
            format!("{table}{x},{z},{}\n", class(row))
        })
    };
    let refused = |table: &str, settings: &str, command: &str, expected: &str| {
        let (place, _) = build(&[("t.csv", table)], settings);
        let run = place.run(&[command]);
        assert_eq!(run.status, Some(1), "{}", run.stderr);
        assert!(run.stderr.contains(expected), "{}", run.stderr);
    };
    let marks = rows(|row| [(row % 5).to_string(), "NaN".to_owned()]);
    let one_class = marks.replace(",a\n", ",b\n");
    refused(&one_class, TABLE, "build", "every row has the class \"b\"");
    let infinite = rows(|row| ["inf".to_owned(), row.to_string()]);
    refused(&infinite, TABLE, "build", "which is no finite number");
    let same_name = marks.replace("x,z,y", "x,x,y");
    refused(&same_name, TABLE, "build", "\"x\"");
    refused("x,z,y\n", TABLE, "build", "no rows");
    let folds = TABLE.replace("folds = 2", "folds = 100");
    refused(
        &marks,
        &folds,
        "build",
        "too few for 100 folds: take fewer folds",
    );

    let constant = rows(|_| ["1".to_owned(), "NaN".to_owned()]);
    refused(
        &constant,
        TABLE,
        "build",
        "no column is left to learn from: all are the target, constant or left out",
    );
    let one_constant = rows(|row| ["1".to_owned(), (row % 5).to_string()]);
    for model in ["forest", "logistic"] {
        let settings = format!("{TABLE}model = \"{model}\"\n");
        for table in [&one_constant, &marks] {
            let (place, run) = build(&[("t.csv", table)], &settings);
            run.done();
            let report = place.run(&["evaluate"]).done().stdout;
            assert!(report.contains("accuracy"), "{report}");
        }
    }
}

#[test]
fn a_search_that_names_what_is_not_there_says_what_to_correct() {
    let place = Place::new();
    let told = |search: &str| {
        place.write(
            "kindred.toml",
            &format!(
                "[collections.c]\ntitle = \"C\"\nsource = \"ml\"\n[collections.c.search]\n{search}\n"
            ),
        );
        let run = place.run(&["build"]);
        (run.status, run.stderr)
    };
    for (search, expected) in [
        (
            "fields = { plot = 1.0 }",
            "no item has a text in `plot`: correct `search.fields`",
        ),
        (
            "phrases = [\"plot\"]",
            "`plot` is not searched: correct `search.phrases`",
        ),
        (
            "fields = { title = 1.0 }\nphrases = [\"genres\"]",
            "`genres` is not searched: correct `search.phrases`, or add it to `search.fields`",
        ),
        (
            "categories = [\"plot\"]",
            "no item has a text in `plot`: correct `search.categories`",
        ),
        (
            "pinned = { best = [\"nothing\"] }",
            "there is no item `nothing`: correct what is pinned for `best`",
        ),
    ] {
        let (status, stderr) = told(search);
        assert_eq!(status, Some(1), "{search}: {stderr}");
        assert!(stderr.contains(expected), "{search}: {stderr}");
    }
    let (status, stderr) = told("phrases = [\"title\", \"genres\"]");
    assert_eq!(status, Some(0), "{stderr}");
    place.run(&["verify"]).done();
}

#[test]
fn what_is_brought_is_in_a_bucket() {
    let run = Place::new().run(&["fetch", "films", "--into", "data"]);
    assert_eq!(run.status, Some(1));
    assert!(
        run.stderr
            .contains("`films` is not in a bucket: write s3://bucket/prefix"),
        "{}",
        run.stderr
    );
}
