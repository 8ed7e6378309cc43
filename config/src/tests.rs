mod environments;

use std::path::Path;

use super::*;

const EXAMPLE: &str = include_str!("../kindred.example.toml");

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(text, Path::new("site/kindred.toml"))
}

fn one(text: &str) -> Collection {
    let text = format!("[collections.c]\ntitle = \"C\"\nsource = \"data\"\n{text}");
    parse(&text).unwrap().collections.remove("c").unwrap()
}

#[track_caller]
fn check_error(text: &str, expected: &str) {
    let error = parse(text).unwrap_err().to_string();
    assert_eq!(error.replace('\n', " "), expected);
}

#[test]
fn the_example_shows_every_default() {
    let config = parse(EXAMPLE).unwrap();
    let movies = &config.collections["movies"];
    let bare = one("");
    assert_eq!(
        config.storage,
        Storage {
            endpoint: config.storage.endpoint.clone(),
            ..Storage::default()
        }
    );
    assert_eq!(movies.synthetic, bare.synthetic);
    assert_eq!(movies.import, bare.import);
    let clusters = Clusters {
        count: Some(64),
        ..bare.train.clusters
    };
    assert_eq!(
        movies.train,
        Train {
            clusters,
            popularity_field: Some("ratings_count".to_owned()),
            content: Some(Content::default()),
            blend: Some(Blend::default()),
            ..bare.train
        }
    );
    assert_eq!(
        movies.evaluate,
        Evaluate {
            split: Some("u1".to_owned()),
            search: Some(JudgedTopics {
                topics: "site/topics.tsv".into(),
                judgments: "site/qrels.txt".into(),
            }),
            ..bare.evaluate
        }
    );
    assert_eq!(movies.publish, bare.publish);
    assert_eq!(
        movies.search,
        Search {
            categories: Some(vec!["genres".to_owned()]),
            synonyms: vec![vec!["film".to_owned(), "movie".to_owned()]],
            pinned: [("space opera".to_owned(), vec!["260".to_owned()])].into(),
            ..bare.search.clone()
        }
    );
    let media = &config.collections["media"];
    assert_eq!(media.source, Source::Parts);
    assert_eq!(media.parts[0].name, "films");
    assert_eq!(media.parts[0].kind, None);
    assert_eq!(media.parts[1].kind.as_deref(), Some("book"));
    let baskets = &config.collections["baskets"];
    assert_eq!(baskets.layout, Some(Layout::Baskets));
    let rules = Rules {
        publish_baskets: Some(false),
        ..Rules::default()
    };
    assert_eq!(baskets.train.rules, Some(rules));
    assert_eq!(baskets.import.file.as_deref(), Some("groceries.csv"));
    for layout in Layout::ALL {
        let name = format!("\"{}\"", layout.name());
        assert!(EXAMPLE.contains(&name), "{name} is not in the example");
    }
    let bare = one(
        "[collections.c.predict]\nfile = \"Placement_Data_Full_Class.csv\"\ntarget = \"status\"\npositive = \"Placed\"\n",
    );
    assert_eq!(config.collections["placement"].predict, bare.predict);
    let shop = &config.collections["shop"].import;
    assert_eq!(
        shop.interactions.as_ref().unwrap().columns.user,
        Column::Name("customer".to_owned())
    );
    assert_eq!(shop.items.as_ref().unwrap().columns.id, Column::Place(1));
    assert_eq!(
        shop.items.as_ref().unwrap().fields["genres"].kind,
        FieldType::TextList
    );
    assert_eq!(
        shop.items.as_ref().unwrap().fields["brand"].kind,
        FieldType::Text
    );
}

#[test]
fn settings_of_clusters_that_no_index_file_can_have_are_refused() {
    for (line, expected) in [
        ("dimensions = 65", "write a number from 1 to 64, not 65"),
        ("count = 0", "write a number from 1 to 255, not 0"),
        ("confidence = 0.5", "write a number from 1 to 1e12, not 0.5"),
        ("confidence = 1e38", "write a number from 1 to 1e12, not 1"),
        (
            "regularization = 1e300",
            "write a number from 1e-12 to 1e12, not 1e300",
        ),
        (
            "regularization = 1e-300",
            "write a number from 1e-12 to 1e12, not 1e-300",
        ),
        (
            "regularization = 0.0",
            "0 is too small: write a number above 0",
        ),
    ] {
        let text = format!(
            "[collections.c]\ntitle = \"C\"\nsource = \"c\"\n[collections.c.train.clusters]\n{line}\n"
        );
        let error = parse(&text).unwrap_err();
        let error = std::error::Error::source(&error)
            .map_or_else(|| error.to_string(), ToString::to_string);
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn the_latent_space_of_content_has_a_thousand_dimensions_at_most() {
    let dimensions = |number: u32| {
        parse(&format!(
            "[collections.c]\ntitle = \"C\"\nsource = \"c\"\n[collections.c.train.content]\ndimensions = {number}\n"
        ))
    };
    assert!(dimensions(0).is_ok() && dimensions(1000).is_ok());
    let error = dimensions(1001).unwrap_err();
    let reason =
        std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
    assert!(
        reason.contains("write a number from 0 to 1000, not 1001"),
        "{reason}"
    );
}

/// Asks the reader itself for the names it knows, by writing one that it does not know into every table of the example.
#[test]
fn the_example_shows_every_knob() {
    let mut num_tables = 0;
    let lines: Vec<&str> = EXAMPLE.lines().collect();
    for (line_idx, line) in lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.starts_with('['))
    {
        if [".fields]", ".secrets]"]
            .iter()
            .any(|own| line.contains(own))
        {
            continue; // its names are the reader's own
        }
        let mut with_unknown = lines.clone();
        with_unknown.insert(line_idx + 1, "zzzzzzzzzzzzzz = 1");
        let message = parse(&with_unknown.join("\n")).unwrap_err().to_string();
        let table = line.split(']').next().unwrap().trim_start_matches('[');
        assert!(message.contains("unknown field"), "{message}");
        for known in message.split('`').skip(3).step_by(2) {
            let is_shown = EXAMPLE
                .lines()
                .any(|line| line.starts_with(&format!("{known} =")))
                || EXAMPLE.contains(&format!(".{known}]"))
                || EXAMPLE.contains(&format!(".{known}."));
            assert!(is_shown, "`{known}` of [{table}] is not in the example");
        }
        num_tables += 1;
    }
    assert!(8 < num_tables);
}

#[test]
fn a_collection_may_have_parts() {
    let media = "[collections.c]\ntitle = \"C\"\n[[collections.c.parts]]\nname = \"books\"\nsource = \"b\"\n";
    let collection = &parse(media).unwrap().collections["c"];
    assert_eq!(collection.source, Source::Parts);
    assert_eq!(collection.parts[0].source, Path::new("site/b"));
    check_error(
        &media.replace("\"b\"", "\"s3://bucket/b\""),
        "site/kindred.toml:5:10: a part cannot be read from `s3://bucket/b`: write a folder or a .zip; a bucket can only be a collection's one source",
    );
    let check = |text: &str, expected: &str| {
        check_error(
            text,
            &format!("site/kindred.toml:1:1: collection `c`: {expected}"),
        );
    };
    check(
        &media.replace("\"C\"", "\"C\"\nsource = \"a\""),
        "`source` and `parts` exclude each other: remove one of them",
    );
    check(
        &media.replace("\"C\"", "\"C\"\nlayout = \"lists\""),
        "a collection in parts has `layout` and `import` in each part, and only `import.posters` for all",
    );
    check(
        &media.replace(
            "\"C\"",
            "\"C\"\nevaluate = { protocol = \"fixed-split\", split = \"u1\" }",
        ),
        "protocol \"fixed-split\" is for a collection with one `source`",
    );
    check(
        &format!("{media}[[collections.c.parts]]\nname = \"books\"\nsource = \"d\"\n"),
        "there are two parts `books`: rename one of them",
    );
    check(
        &media.replace("books", "Books"),
        "`Books` is not a part's name: write 1 to 64 lower-case letters, digits and hyphens",
    );
    check(
        &format!("{media}import = {{ posters = {{ maximum_requests = 1 }} }}\n"),
        "posters are asked for all parts: write `import.posters` of part `books` beside `parts`",
    );
    check(
        &format!("{media}import = {{ file = \"x\" }}\n"),
        "part `books`: `import.file` is for layouts \"baskets\" and \"playlists\": write one of them as `layout`",
    );
}

#[test]
fn sources_start_at_the_folder_of_the_file() {
    assert_eq!(one("").source, Source::Path("site/data".into()));
    let text = "[collections.c]\ntitle = \"C\"\nsource = \"s3://bucket/a/b\"\n";
    let source = &parse(text).unwrap().collections["c"].source;
    assert_eq!(
        *source,
        Source::S3 {
            bucket: "bucket".to_owned(),
            prefix: "a/b".to_owned()
        }
    );
    assert_eq!(source.to_string(), "s3://bucket/a/b");
}

#[test]
fn an_empty_file_is_a_configuration_without_collections() {
    assert_eq!(
        parse("").unwrap(),
        Config {
            storage: Storage::default(),
            collections: BTreeMap::new(),
            default_collection: None,
            cluster: Cluster::default(),
            environments: BTreeMap::new(),
        }
    );
}

#[test]
fn errors_say_where_and_what_to_write() {
    check_error(
        "[storage]\nbuckett = \"a\"\n",
        "site/kindred.toml:2:1: unknown field `buckett`, expected one of `endpoint`, `bucket`, `region`, `prefix`; did you mean `bucket`?",
    );
    check_error(
        "[storage]\nbucket = \"No\"\n",
        "site/kindred.toml:2:10: `No` is not a bucket's name: write 3 to 63 lower-case letters, digits, dots and hyphens",
    );
    check_error(
        "[storage]\nendpoint = \"localhost:9000\"\n",
        "site/kindred.toml:2:12: `localhost:9000` is not a web address: write one such as `http://127.0.0.1:9000`",
    );
    check_error(
        "[collections.Movies]\ntitle = \"M\"\nsource = \"m\"\n",
        "site/kindred.toml:1:14: `Movies` is not a collection's name: write 1 to 64 lower-case letters, digits and hyphens",
    );
    check_error(
        "[collections.m]\ntitle = \"M\"\n",
        "site/kindred.toml:1:1: collection `m`: write where the data is: `source`, or `parts` with a `source` each",
    );
    check_error(
        "[collections.m]\ntitle = \"M\"\nsource = \"http://x/y.zip\"\n",
        "site/kindred.toml:3:10: `http://x/y.zip` cannot be read: write a folder, a .zip or s3://bucket/prefix",
    );
    check_error(
        "[collections.m]\ntitle = \"M\"\nsource = \"m\"\nvalues = { minimum = 1, maximum = 5, neutral = 7 }\n",
        "site/kindred.toml:4:10: the scale is not in order: write minimum <= neutral < maximum, such as 0.5, 3.0 and 5.0",
    );
    check_error(
        "[collections.m]\ntitle = \"M\"\nsource = \"m\"\n[collections.m.import]\nmaximum_bad_row_share = 5\n",
        "site/kindred.toml:5:25: 5 is not a share: write a number from 0 to 1, such as 0.1 for 10 %",
    );
    check_error(
        "[collections.m]\ntitle = \"M\"\nsource = \"m\"\n[collections.m.evaluate]\ncutoffs = [0, 20]\n",
        "site/kindred.toml:5:11: 0 is too small: write whole numbers from 1",
    );
    check_error(
        "[collections.m]\ntitle = \"M\"\nsource = \"m\"\nlayout = \"movie-lens\"\n",
        "site/kindred.toml:4:10: unknown variant `movie-lens`, expected one of `movielens`, `lists`, `playlists`, `baskets`, `goodbooks`, `netflix`, `podcasts`, `yelp`, `table`; did you mean `movielens`?",
    );
    check_error(
        "[collections.m]\ntitle = \"M\"\nsource = \"m\"\nlayout = \"table\"\n",
        "site/kindred.toml:1:1: collection `m`: layout \"table\" needs `import.interactions` or `import.items`, or both, with `file` and `columns`",
    );
    check_error(
        "[collections.m]\ntitle = \"M\"\nsource = \"m\"\nimport = { file = \"a.dat\" }\n",
        "site/kindred.toml:1:1: collection `m`: `import.file` is for layouts \"baskets\" and \"playlists\": write one of them as `layout`",
    );
    check_error(
        "[collections.m]\ntitle = \"M\"\nsource = \"m\"\n[collections.m.evaluate]\nprotocol = \"fixed-split\"\n",
        "site/kindred.toml:1:1: collection `m`: protocol \"fixed-split\" needs `evaluate.split`, such as \"u1\"",
    );
}

#[test]
fn text_that_is_not_toml_has_a_place_too() {
    let error = parse("[storage]\nbucket = \"é\" oops\n").unwrap_err();
    assert!(
        matches!(error, ConfigError::Invalid { line: 2, .. }),
        "{error}"
    );
}

#[test]
fn a_file_that_is_absent_is_named() {
    let error = Config::read(Path::new("nowhere/kindred.toml")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "reading the configuration nowhere/kindred.toml"
    );
}

#[test]
fn a_support_is_a_count_or_a_share() {
    let support = |text: &str| {
        let text = format!("[collections.c.train.rules]\nminimum_support = {text}");
        let text = format!("[collections.c]\ntitle = \"C\"\nsource = \"data\"\n{text}");
        let config = parse(&text).map_err(|error| error.to_string())?;
        let rules = config.collections["c"].train.rules.clone().unwrap();
        Ok::<Support, String>(rules.minimum_support)
    };
    assert_eq!(support("1"), Ok(Support::Count(1)));
    assert_eq!(support("0.001"), Ok(Support::Share(0.001)));
    for wrong in ["0", "-1", "0.0", "1.0", "1.5", "nan", "inf", "\"2\""] {
        let error = support(wrong).unwrap_err();
        assert!(
            error.contains("site/kindred.toml:5") && error.contains("baskets"),
            "{error}"
        );
    }
}

#[test]
fn a_prediction_has_a_table_of_its_own_and_knobs_within_bounds() {
    let predict = "[collections.c.predict]\nfile = \"t.csv\"\ntarget = \"y\"\npositive = \"1\"\n";
    let header = "[collections.c]\ntitle = \"C\"\nsource = \"data\"\n";
    let config = parse(&format!("{header}{predict}")).unwrap();
    let defaults = Predict::new("t.csv", "y", "1");
    assert_eq!(config.collections["c"].predict, Some(defaults));
    for (text, expected) in [
        (
            format!("{header}layout = \"lists\"\n{predict}"),
            "`predict` reads a table of its own",
        ),
        (
            format!("{header}{predict}trees = 0\n"),
            "0 is too small: write a whole number from 1",
        ),
        (
            format!("{header}{predict}maximum_depth = 201\n"),
            "201 is too large: write a whole number up to 200",
        ),
        (
            format!("{header}{predict}folds = 1\n"),
            "1 is too small: write a whole number from 2",
        ),
        (
            format!("{header}{predict}penalty = 0.0\n"),
            "0 is too small: write a number above 0",
        ),
        (
            format!("{header}{predict}model = \"forst\"\n"),
            "did you mean `forest`?",
        ),
    ] {
        let error = parse(&text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

/// Each collection says what its use case is about; that it builds and answers is tested over everything, where the data sets are there.
#[test]
fn the_use_cases_are_a_configuration() {
    let config = parse(include_str!("../use-cases.toml")).unwrap();
    let names: Vec<&str> = config
        .collections
        .keys()
        .map(CollectionName::as_str)
        .collect();
    assert_eq!(
        names,
        [
            "films",
            "groceries",
            "media",
            "placement",
            "places",
            "playlists"
        ]
    );
    let films = &config.collections["films"].train;
    assert!(films.content.is_some() && films.blend.is_some());
    let media = &config.collections["media"];
    let parts: Vec<&str> = media.parts.iter().map(|part| part.name.as_str()).collect();
    assert_eq!(parts, ["books", "films", "netflix", "podcasts"]);
    let content = media.train.content.as_ref().unwrap();
    assert!(0 < content.dimensions, "the space that types share");
    for name in ["playlists", "groceries"] {
        assert!(config.collections[name].train.rules.is_some(), "{name}");
    }
    assert!(config.collections["placement"].predict.is_some());
    for collection in config.collections.values() {
        let sources = match &collection.source {
            Source::Path(path) => vec![path],
            _ => collection.parts.iter().map(|part| &part.source).collect(),
        };
        for source in sources {
            assert!(source.starts_with("site/data"), "{}", source.display());
        }
    }
}

#[test]
fn a_cloud_says_what_is_on_aws() {
    let example = parse(EXAMPLE).unwrap();
    let shown = example.environments["prod"].cloud.as_ref().unwrap();
    let bare = parse(
        "[environments.dev.cloud]\n\
        [environments.dev.cloud.api]\nhost = \"api.example.org\"\n\
        [environments.dev.cloud.github]\nrepository = \"you@1/films@2\"\n\
        [environments.dev.application]\nhost_image = \"a\"\n\
        [environments.dev.cloud.cluster]\nsubnets = [\"subnet-a\", \"subnet-b\"]\n",
    )
    .unwrap();
    let bare = bare.environments["dev"].cloud.as_ref().unwrap();
    assert_eq!((&bare.stack, &bare.domain), (&None, &None));
    assert_eq!(shown.public_index, bare.public_index);
    let gateway = |cloud: &Cloud| cloud.api.as_ref().unwrap().gateway;
    assert_eq!(gateway(shown), gateway(bare));
    let make_provider = |cloud: &Cloud| cloud.github.as_ref().unwrap().make_provider;
    assert_eq!(make_provider(shown), make_provider(bare));
    let nodes = |cloud: &Cloud| EksCluster {
        subnets: Vec::new(),
        ..cloud.cluster.clone().unwrap()
    };
    let shown = example.environments["box"].cloud.as_ref().unwrap();
    assert_eq!(nodes(shown), nodes(bare));
}

#[test]
fn a_cloud_that_makes_no_sense_is_refused() {
    let check = |text: &str, expected: &str| {
        let error = parse(&format!("[environments.dev.cloud]\n{text}\n"))
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{text}: {error}");
    };
    for (text, expected) in [
        ("stak = \"a\"", "did you mean `stack`?"),
        (
            "stack = \"1a\"",
            "`1a` is no name of a stack: write 1 to 40 lower-case letters, digits and hyphens, with a letter first",
        ),
        ("stack = \"A b\"", "`A b` is no name of a stack"),
        (
            "domain = { name = \"films.example.org\" }",
            "missing field `certificate`",
        ),
        (
            "domain = { name = \"a.b\", certificate = \"arn:aws:acm:eu-central-1:123456789012:certificate/a\" }",
            "is no certificate for CloudFront: write the ARN of one that ACM has in us-east-1",
        ),
        (
            "api = { host = \"https://api.example.org\" }",
            "`https://api.example.org` is not the name of a host",
        ),
        ("api = { gateway = true }", "missing field `host`"),
        (
            "github = { repository = \"films\" }",
            "`films` is no repository: write `owner/name`",
        ),
        (
            "github = { repository = \"you/films:*\" }",
            "`you/films:*` is no repository",
        ),
        (
            "cluster = { subnets = [\"subnet-a\"] }",
            "write at least two",
        ),
        (
            "cluster = { subnets = [\"vpc-a\", \"subnet-a\"] }",
            "`vpc-a` is no subnet",
        ),
        (
            "cluster = { subnets = [\"subnet-a\", \"subnet-b\"], minimum_nodes = 3 }",
            "environment `dev`: there cannot be 3 nodes at least and 2 at most",
        ),
        (
            "cluster = { subnets = [\"subnet-a\", \"subnet-b\"] }",
            "environment `dev`: the nodes of `cloud.cluster` are of Amazon Linux 2023, on which no shim runs: write `host_image` under `application`, with the form `spin-app` or `host`",
        ),
    ] {
        check(text, expected);
    }
    check(
        "[storage]\nendpoint = \"http://127.0.0.1:9000\"",
        "environment `dev`: `cloud` makes the bucket of `storage` on AWS, and that one is at http://127.0.0.1:9000: give the environment a `storage` without `endpoint`",
    );
}
