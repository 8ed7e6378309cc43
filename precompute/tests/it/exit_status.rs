use crate::program::Place;

/// A line of JSON progress with the error, from a run that must end with `status`.
fn check(args: &[&str], status: i32, expected: &str) {
    let place = Place::new();
    place.write(
        "kindred.toml",
        "[collections.movies]\ntitle = \"Films\"\nsource = \"ml\"\n",
    );
    let run = place.run(args);
    assert_eq!(run.status, Some(status), "{args:?}: {}", run.stderr);
    assert!(run.stderr.contains(expected), "{args:?}: {}", run.stderr);
    assert_eq!(run.stdout, "", "{args:?}");
}

#[test]
fn wrong_usage_is_2() {
    check(&["trian"], 2, "unrecognized subcommand");
    check(&["train", "--neighbours", "0"], 2, "0 is not in 1..");
    check(
        &["train", "--regularization", "-1"],
        2,
        "unexpected argument",
    );
    check(
        &["train", "--regularization=-1"],
        2,
        "write a number above 0",
    );
    check(
        &["rollback", "--to", "latest"],
        2,
        "a generation's name has 16 hexadecimal digits",
    );
}

#[test]
fn failures_say_what_and_what_to_do() {
    check(
        &["train"],
        1,
        "there is no data set in .kindred/movies: `precompute import` makes it",
    );
    check(&["evaluate"], 1, "`precompute import` makes it");
    check(&["write"], 1, "`precompute import` makes it");
    check(
        &["verify"],
        1,
        "there is no generation in .kindred/movies/generation: `precompute build` makes one",
    );
    check(
        &["build", "--collection", "films"],
        1,
        "has no collection `films`; it has: movies",
    );
    check(
        &["build", "--config", "other.toml"],
        1,
        "name another file with --config",
    );
    check(&["import", "--source", "elsewhere"], 1, "elsewhere");
    check(&["inspect", "ml/movies.csv"], 1, "ml/movies.csv");
}

#[test]
fn a_run_asks_the_bucket_before_it_computes() {
    let place = Place::new();
    let args = "run --collection movies --source ml --endpoint http://127.0.0.1:1";
    let run = place
        .command(&args.split(' ').collect::<Vec<_>>())
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(1));
    let told = String::from_utf8(run.stderr).unwrap();
    assert!(told.contains("cannot reach http://127.0.0.1:1"), "{told}");
    assert!(!place.path(".kindred/movies").exists());
}

#[test]
fn too_many_bad_rows_are_3_and_leave_nothing() {
    let place = Place::new();
    place.write(
        "ml/ratings.csv",
        "userId,movieId,rating,timestamp\n1,1,five,0\n1,2,4,0\n2,1,4,0\n",
    );
    let run = place.run(&["build", "--collection", "movies", "--source", "ml"]);
    assert_eq!(run.status, Some(3), "{}", run.stderr);
    assert!(run.stderr.contains("1 of 3 rows"), "{}", run.stderr);
    assert!(!place.path(".kindred/movies/dataset").exists());
}

#[test]
fn an_error_in_json_carries_its_status() {
    let place = Place::new();
    let run = place.run(&[
        "build",
        "--progress",
        "json",
        "--collection",
        "movies",
        "--source",
        "no",
    ]);
    let last: serde_json::Value = serde_json::from_str(run.stderr.lines().last().unwrap()).unwrap();
    assert_eq!(last["event"], "error");
    assert_eq!(last["exit_status"], 1);
}

#[test]
#[cfg(unix)]
fn an_interrupt_is_130() {
    // A store that never answers: once it is asked, the program waits.
    let silent_store = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let place = Place::new();
    place.write(
        "kindred.toml",
        &format!(
            "[storage]\nendpoint = \"http://{}\"\n[collections.movies]\ntitle = \"Films\"\nsource = \"ml\"\n",
            silent_store.local_addr().unwrap()
        ),
    );
    let mut child = place
        .command(&["rollback"])
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .spawn()
        .unwrap();
    let _connection = silent_store.accept().unwrap();
    let id = child.id().to_string();
    std::process::Command::new("kill")
        .args(["-INT", &id])
        .status()
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
}
