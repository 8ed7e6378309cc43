//! `precompute tune` as a program: what it asks, what it finds, and what becomes of kindred.toml.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use config::Config;

use crate::program::{Place, Run};

/// A regularization that says nothing, among comments that are to stay.
const CONFIG: &str = "# Ours.\n[collections.movies]\ntitle = \"Films\"   # what else\nsource = \"ml\"\n\n\
    [collections.movies.train]\nmodel = \"item-knn\" # to begin with\nneighbours = 1   # too few\nsimilarity = \"cosine\"\n\n\
    [collections.movies.evaluate]\nseeds = [1, 2]\nheld_out_user_share = 0.2\ncutoffs = [5, 20]\nbootstrap_samples = 200\n";

/// Two hundred people who like some of the thirty films of the same parity as their own number.
fn place(config: &str) -> Place {
    let place = Place::new();
    let mut movies = "movieId,title,genres\n".to_owned();
    for film in 1..=60 {
        writeln!(movies, "{film},Film {film} (1950),Drama").unwrap();
    }
    let mut ratings = "userId,movieId,rating,timestamp\n".to_owned();
    for user in 1..=200 {
        let likes = |film: &usize| {
            film % 2 == user % 2 && 1 < (user * user * 7 + film * film * 3 + user * film) % 5
        };
        for film in (1..=60).filter(likes) {
            writeln!(ratings, "{user},{film},4.5,{}", 1_000_000_000 + user * film).unwrap();
        }
    }
    place.write("ml/movies.csv", &movies);
    place.write("ml/ratings.csv", &ratings);
    place.write("kindred.toml", config);
    place.run(&["import"]).done();
    place
}

fn tune(place: &Place, args: &[&str]) -> Run {
    let args: Vec<&str> = ["tune", "--only", "neighbours", "--budget", "6"]
        .iter()
        .chain(args)
        .copied()
        .collect();
    place.run(&args)
}

/// The lines of a table, without the column of seconds, which nobody repeats.
fn without_seconds(text: &str) -> String {
    let is_time = |word: &&str| {
        let is_decimal = word
            .split_once('.')
            .is_some_and(|(_, decimals)| decimals.len() == 1);
        !(is_decimal && word.parse::<f64>().is_ok())
    };
    let words = |line: &str| {
        line.split_whitespace()
            .filter(is_time)
            .collect::<Vec<_>>()
            .join(" ")
    };
    text.lines().map(words).collect::<Vec<_>>().join("\n")
}

fn configuration(place: &Place) -> String {
    fs::read_to_string(place.path("kindred.toml")).unwrap()
}

#[test]
fn what_is_better_is_written_and_all_else_of_the_file_stays() {
    let place = place(CONFIG);
    let dry = tune(&place, &["--dry-run"]).done();
    assert_eq!(configuration(&place), CONFIG, "{}", dry.stdout);
    let (tables, lines) = dry
        .stdout
        .split_once("# to be written into kindred.toml\n")
        .unwrap();
    let run = tune(&place, &[]).done();
    assert_eq!(
        run.stdout,
        format!("{tables}# written into kindred.toml\n{lines}"),
        "nothing is measured twice, and so takes as long as it took"
    );
    assert!(
        run.stderr
            .contains("neighbours: 6 trials are there already"),
        "{}",
        run.stderr
    );
    let after = configuration(&place);
    let config = Config::read(&place.path("kindred.toml")).unwrap();
    let train = &config.collections.values().next().unwrap().train;
    assert!(1 < train.neighbours, "{after}");
    assert!(
        lines.contains(&format!("neighbours = {}", train.neighbours)),
        "{lines}"
    );
    let line = format!("neighbours = {}   # too few\n", train.neighbours);
    let similarity = after
        .lines()
        .find(|line| line.starts_with("similarity"))
        .unwrap();
    assert_eq!(
        after,
        CONFIG
            .replace("neighbours = 1   # too few\n", &line)
            .replace("similarity = \"cosine\"", similarity)
    );
    let page = fs::read_to_string(place.path(".kindred/movies/report/tune.html")).unwrap();
    assert_eq!(page.matches("<svg").count(), 2);
    assert!(
        page.contains("Nothing that evaluate hides with the seeds 1, 2 was seen."),
        "{page}"
    );
    // What was found is what is configured now, and the file stays as it is.
    let rerun = place
        .run(&["tune", "--only", "neighbours", "--budget", "1"])
        .done();
    assert!(
        rerun.stdout.contains("Nothing that was tried is better"),
        "{}",
        rerun.stdout
    );
    assert_eq!(configuration(&place), after);
}

#[test]
fn one_thread_and_two_try_the_same_with_the_same_result_and_another_seed_others() {
    let run = |args: &[&str]| {
        let place = place(CONFIG);
        let all = ["tune", "--budget", "4", "--dry-run"].iter().chain(args);
        let text = place.run(&all.copied().collect::<Vec<_>>()).done().stdout;
        without_seconds(&text)
    };
    let one = run(&["--threads", "1"]);
    assert_eq!(one, run(&["--threads", "2"]));
    assert_ne!(one, run(&["--threads", "2", "--seed", "2"]));
    for line in ["Films: neighbours\n4 trials;", "Films: clusters\n4 trials;"] {
        assert!(one.contains(line), "{one}");
    }
}

#[test]
fn without_a_file_the_lines_are_printed() {
    let place = place(CONFIG);
    fs::remove_file(place.path("kindred.toml")).unwrap();
    let args = "tune --collection movies --only clusters --budget 2 --progress none";
    let run = place.run(&args.split(' ').collect::<Vec<_>>()).done();
    assert!(run.stdout.contains("clusters\n2 trials;"), "{}", run.stdout);
    assert_eq!(run.stderr, "");
    assert!(!place.path("kindred.toml").exists());
}

#[test]
fn what_cannot_be_tuned_says_why() {
    let check = |config: &str, args: &[&str], status: i32, expected: &str| {
        let place = Place::new();
        place.write("kindred.toml", config);
        place.run(&["import"]);
        let run = place.run(args);
        assert_eq!(run.status, Some(status), "{args:?}: {}", run.stderr);
        assert!(run.stderr.contains(expected), "{args:?}: {}", run.stderr);
        assert_eq!(configuration(&place), config);
    };
    check(CONFIG, &["tune", "--budget", "0"], 2, "0 is not in 1..");
    check(CONFIG, &["tune", "--minutes", "0"], 2, "0 is not in 1..");
    check(
        CONFIG,
        &["tune", "--only", "everything"],
        2,
        "[possible values: neighbours, clusters, rules, content, prediction]",
    );
    check(
        CONFIG,
        &["tune", "--only", "rules"],
        1,
        "no collection has a model that --only names",
    );
    check(
        CONFIG,
        &["tune"],
        1,
        "8 people or rows are left to measure on, and 20 are needed",
    );
    check(
        CONFIG,
        &["tune", "--collection", "films"],
        1,
        "has no collection `films`",
    );
    let unread = Place::new();
    unread.write("kindred.toml", CONFIG);
    let run = unread.run(&["tune"]);
    assert!(
        run.stderr.contains("`precompute import` makes it"),
        "{}",
        run.stderr
    );

    let titles = "[collections.titles]\ntitle = \"Titles\"\nsource = \"titles\"\n[collections.titles.train.content]\n";
    let sharks =
        |id: u32| format!("s{id},Movie,Sharks {id},,,,,2020,PG,90 min,Documentaries,Sharks.\n");
    for rows in [sharks(1), sharks(1) + &sharks(2)] {
        let place = Place::new();
        let header = "show_id,type,title,director,cast,country,date_added,release_year,rating,duration,listed_in,description";
        place.write("titles/netflix_titles.csv", &format!("{header}\n{rows}"));
        place.write("kindred.toml", titles);
        place.run(&["import"]).done();
        let run = place.run(&["tune"]);
        assert_eq!(run.status, Some(1));
        assert!(
            run.stderr
                .contains("there is nothing to tune with: the data set has no interactions"),
            "{}",
            run.stderr
        );
    }
    // One item that everybody likes: nobody has something to show and something to find.
    let place = place(CONFIG);
    let mut ratings = "userId,movieId,rating,timestamp\n".to_owned();
    for user in 1..=50 {
        writeln!(ratings, "{user},1,4.5,0").unwrap();
    }
    place.write("ml/ratings.csv", &ratings);
    place.write(
        "ml/movies.csv",
        "movieId,title,genres\n1,Film (1950),Drama\n",
    );
    place.run(&["import"]).done();
    let run = place.run(&["tune"]);
    assert_eq!(run.status, Some(1));
    assert!(
        run.stderr.contains("0 people or rows are left"),
        "{}",
        run.stderr
    );
}

#[test]
fn of_several_collections_those_that_have_nobody_are_passed_over() {
    let few = "[collections.few]\ntitle = \"Few\"\nsource = \"few\"\n";
    let place = place(CONFIG);
    place.write(
        "few/movies.csv",
        "movieId,title,genres\n1,Film (1950),Drama\n",
    );
    place.write(
        "few/ratings.csv",
        "userId,movieId,rating,timestamp\n1,1,4.5,0\n",
    );
    place.write("kindred.toml", &format!("{few}{CONFIG}"));
    place.run(&["import"]).done();
    let run = tune(&place, &[]).done();
    assert!(
        run.stderr.contains("there is too little to tune with"),
        "{}",
        run.stderr
    );
    assert!(run.stdout.contains("6 trials;"), "{}", run.stdout);
    // What was found is written, after the one that was passed over.
    let written = configuration(&place);
    assert!(
        written.starts_with(few) && written != format!("{few}{CONFIG}"),
        "{written}"
    );
}

#[test]
fn a_file_that_was_changed_in_the_meantime_is_left_as_it_is() {
    use clap::Parser;
    use precompute::cli::{Cli, TrainArgs};
    use precompute::settings::Settings;
    use precompute::stages::{Tuned, write_settings};

    let place = place(CONFIG);
    let path = place.path("kindred.toml");
    let cli = Cli::parse_from(["precompute", "--config", path.to_str().unwrap(), "tune"]);
    let settings = Settings::resolve_imported(&cli.global, &TrainArgs::default()).unwrap();
    let found = || {
        let tuned = Tuned {
            text: String::new(),
            changes: vec![("train.neighbours", config::Setting::Whole(7))],
        };
        [(&settings.collections[0], tuned)]
    };
    let written = |is_dry_run| write_settings(&found(), &path, is_dry_run).unwrap();
    let lines = "\n[collections.movies.train]\nneighbours = 7\n";
    assert_eq!(
        written(true),
        format!("# to be written into {}{lines}", path.display())
    );
    assert_eq!(configuration(&place), CONFIG);
    let changed = CONFIG.replace("neighbours = 1 ", "neighbours = 2 ");
    place.write("kindred.toml", &changed);
    let error = write_settings(&found(), &path, false).unwrap_err();
    assert!(
        error.to_string().contains("run `precompute tune` again"),
        "{error}"
    );
    assert_eq!(configuration(&place), changed);
    // What is said of others may change.
    let with_others = format!("{CONFIG}[storage]\nbucket = \"films\" # ours\n");
    place.write("kindred.toml", &with_others);
    assert_eq!(
        written(false),
        format!("# written into {}{lines}", path.display())
    );
    assert_eq!(
        configuration(&place),
        with_others.replace("neighbours = 1 ", "neighbours = 7 ")
    );
}

#[test]
fn a_table_is_tuned_by_its_rows() {
    let place = crate::prediction::jobs();
    place.run(&["import"]).done();
    let args = ["tune", "--budget", "5", "--dry-run"];
    let run = place.run(&args).done();
    assert!(
        run.stdout
            .contains("Jobs: prediction\n5 trials; 60 rows, 2 times 5 stratified folds, seed 1"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("1 - Brier score"), "{}", run.stdout);
    let page = fs::read_to_string(place.path(".kindred/jobs/report/tune.html")).unwrap();
    assert_eq!(page.matches("<svg").count(), 3);
}

#[test]
fn poor_settings_of_a_real_data_set_become_better() {
    let data = std::env::var_os("KINDRED_DATA")
        .map(PathBuf::from)
        .unwrap_or_default()
        .join("ml-latest-small");
    if !data.exists() {
        eprintln!("NOT TESTED: KINDRED_DATA names no folder with `ml-latest-small` in it");
        return;
    }
    let place = Place::new();
    let config = format!(
        "[collections.movies]\ntitle = \"Films\"\nsource = {:?}\n[collections.movies.train]\nmodel = \"item-knn\"\nneighbours = 2 # too few\n",
        data.to_str().unwrap()
    );
    place.write("kindred.toml", &config);
    place.run(&["import"]).done();
    let run = tune(&place, &[]).done();
    eprintln!("{}", run.stdout);
    assert!(
        run.stdout.contains("the chosen values are better"),
        "{}",
        run.stdout
    );
    let tuned = Config::read(&place.path("kindred.toml")).unwrap();
    let train = &tuned.collections.values().next().unwrap().train;
    assert!(2 < train.neighbours && configuration(&place).contains(" # too few\n"));
}
