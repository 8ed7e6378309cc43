//! What makes no sense is refused with status 3, and it is said what to write instead.

use serde_json::{Value, json};

use crate::environments::{LOGS, PLAIN};
use crate::program::Place;

const IMAGE: &str = "application = { image = \"ghcr.io/example/kindred:1\" }\n";

fn check(environments: &str, args: &[&str], expected: &str) {
    let place = Place::new(environments);
    let run = place.run(args);
    assert_eq!(run.status, Some(3), "{args:?}: {}", run.stderr);
    assert_eq!(run.stdout, "", "{args:?}");
    assert!(run.stderr.contains(expected), "{args:?}: {}", run.stderr);
    // A program is told the same in one line, and people as before.
    let for_program = place.run(&[args, &["--output", "json"]].concat());
    assert_eq!(for_program.status, Some(3), "{args:?}");
    let first = |text: &str| text.lines().next().unwrap().to_owned();
    let sentence = first(&run.stderr);
    assert_eq!(first(&for_program.stderr), sentence, "{args:?}");
    let error: Value = serde_json::from_str(&for_program.stdout).unwrap();
    assert_eq!(error["type"], "error", "{args:?}: {error}");
    assert_eq!(error["code"], "invalid", "{args:?}: {error}");
    let begins = first(error["message"].as_str().unwrap());
    let told = sentence.strip_prefix("error: ").unwrap();
    assert!(
        told.starts_with(&begins) || begins.starts_with(told),
        "{args:?}: {error}"
    );
}

#[test]
fn an_environment_has_to_be_named_and_known() {
    let render = ["render"];
    check("", &render, "give `--env NAME`, or set KINDRED_ENVIRONMENT");
    let render = ["render", "--env", "prod"];
    check("", &render, "write a table `[environments.dev]`");
    let environments = "[environments.dev]\n[environments.test]\n";
    check(
        environments,
        &render,
        "there is no environment `prod`: known are dev, test",
    );
    for command in ["render", "status", "pin", "push"] {
        check(
            environments,
            &[command, "--env", "dve"],
            "there is no environment `dve`: known are dev, test; did you mean `dev`?",
        );
    }
    check(
        environments,
        &["cloud", "render", "--env", "tests"],
        "did you mean `test`?",
    );
}

#[test]
fn an_image_has_to_be_named() {
    let render = ["render", "--env", "dev"];
    check(
        "[environments.dev]\n",
        &render,
        "write `image` under `[environments.dev.application]`, or give `--image`",
    );
    let image = format!("ghcr.io/example/kindred@sha256:{}", "0".repeat(64));
    let run = Place::new("[environments.dev]\n").run(&[&render[..], &["--image", &image]].concat());
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    assert!(run.stdout.contains(&format!("image: {image}\n")));
}

#[test]
fn what_is_no_name_of_an_image_is_refused() {
    let args = ["render", "--env", "dev", "--image", "bad image:::"];
    check(
        &format!("[environments.dev]\n{IMAGE}"),
        &args,
        "bad image:::",
    );
}

#[test]
fn a_host_without_an_image_of_its_own_is_refused() {
    let environments =
        "[environments.dev.application]\nform = \"host\"\nimage = \"ghcr.io/example/kindred:1\"\n";
    check(
        environments,
        &["render", "--env", "dev"],
        "environment `dev`: it is not said which image has `host`: write `host_image` under `application`",
    );
}

#[test]
fn variables_have_to_be_those_of_the_application() {
    let render = ["render", "--env", "dev"];
    let dev = format!("[environments.dev]\n{IMAGE}");
    check(
        &format!("{dev}variables = {{ bucket = \"a\" }}\n"),
        &render,
        "environment `dev`: the application has no variable `bucket`: known are block_cache, ",
    );
    check(
        &format!("{dev}variables = {{ cors_origin = \"a\" }}\n"),
        &render,
        "s3_total_timeout_ms; did you mean `cors_origins`?",
    );
    check(
        &format!("{dev}secrets = {{ s3_acess_key_id = {{ environment = \"KEY\" }} }}\n"),
        &render,
        "did you mean `s3_access_key_id`?",
    );
    check(
        &format!("{dev}secrets = {{ password = {{ environment = \"PASSWORD\" }} }}\n"),
        &render,
        "the application has no variable `password`",
    );
    check(
        &format!("{dev}variables = {{ s3_secret_access_key = \"a\" }}\n"),
        &render,
        "`variables.s3_secret_access_key` is a secret, whose value stands in no file that is committed",
    );
}

#[test]
fn a_database_is_told_by_a_secret_variable_of_the_application() {
    let render = ["render", "--env", "dev"];
    let database = |variable: &str| {
        format!(
            "[environments.dev]\n{IMAGE}database = {{ variable = \"{variable}\", cluster = {{}} }}\n"
        )
    };
    check(
        &database("database_url"),
        &render,
        "environment `dev`: the application has no variable `database_url`, which `database.variable` names: \
         declare it in spin.toml as a secret and hand it to a component, or write one of those that are known, block_cache, ",
    );
    check(
        &database("s3_sesion_token"),
        &render,
        "did you mean `s3_session_token`?",
    );
    check(
        &database("s3_region"),
        &render,
        "`database.variable` names `s3_region`, which is no secret in spin.toml, and the address of a database has a password in it: write `secret = true` there",
    );
    check(
        &format!(
            "{}secrets = {{ s3_session_token = {{ environment = \"TOKEN\" }} }}\n",
            database("s3_session_token")
        ),
        &render,
        "`s3_session_token` has the address of the database, as `database.variable` says: remove its other value",
    );
}

#[test]
fn wrong_files_and_options_are_wrong_input() {
    check("", &["render", "--config", "none.toml"], "none.toml");
    check("", &["render", "--application", "none.toml"], "none.toml");
    check("x", &["render"], "kindred.toml:");
    check("", &["rendre"], "a similar subcommand exists: 'render'");
    check(
        "",
        &["render", "--evn", "dev"],
        "unexpected argument '--evn'",
    );
}

#[test]
fn a_volume_is_for_programs_that_see_it() {
    check(
        &format!("[environments.dev]\nindex = \"volume\"\n{IMAGE}"),
        &["render", "--env", "dev"],
        "environment `dev`: functions of a shim see no volume: write `form = \"host\"`, or `index = \"s3\"` or \"sealed\"",
    );
    let host = "application = { form = \"host\", image = \"a/b\", host_image = \"a/host\" }\n";
    check(
        &format!(
            "[collections.shop]\ntitle = \"Shop\"\nsource = \"s3://exports/shop\"\n\
            [environments.dev]\nindex = \"volume\"\ncollections = [\"shop\"]\n{host}jobs = {{ image = \"a/p\" }}\n"
        ),
        &["render", "--env", "dev"],
        "jobs that write to a volume read no bucket: write under `jobs` the `data = \"s3://bucket/prefix\"`",
    );
}

#[test]
fn jobs_need_data_that_is_in_a_bucket() {
    check(
        &format!("[environments.dev]\n{IMAGE}jobs = {{ image = \"a/precompute\" }}\n"),
        &["render", "--env", "dev"],
        "environment `dev`: the data of collection `books` is in a folder, which the jobs do not have",
    );
}

#[test]
fn an_operator_needs_a_repository_and_a_folder_in_it() {
    let dev = format!("[environments.dev]\n{IMAGE}");
    let render = ["render", "--env", "dev", "--gitops", "flux"];
    check(&dev, &render, "--repository <URL>");
    let render = [&render[..], &["--repository", "https://a/b.git"]].concat();
    check(&dev, &render, "--out <FOLDER>");
    check(
        &dev,
        &[&render[..], &["--out", "../deploy"]].concat(),
        "../deploy is no folder of a repository: give the one that it is there as `--path`",
    );
}

#[test]
fn all_environments_are_at_least_one_and_all_right() {
    let render = ["render", "--all-environments"];
    let dev = format!("[environments.dev]\n{IMAGE}");
    check(&dev, &render, "--out <FOLDER>");
    let render = [&render[..], &["--out", "deploy"]].concat();
    check("", &render, "write a table `[environments.dev]`");
    check(
        &format!("{dev}[environments.prod]\nprotected = true\n{IMAGE}"),
        &render,
        "the environment `prod` is protected, and its `application.image`",
    );
    check(
        &dev,
        &[&render[..], &["--image", "ghcr.io/example/kindred:2"]].concat(),
        "cannot be used with",
    );
}

#[test]
fn a_shim_that_is_not_pinned_is_not_rendered() {
    check(
        "",
        &["render", "--cluster"],
        "it is not said which shim the nodes get: write its `location` under `[cluster.shim.x86_64]`",
    );
    check(
        "[cluster.shim.aarch64]\nlocation = \"https://example.org/shim.tar.gz\"\n",
        &["render", "--cluster"],
        "the shim at https://example.org/shim.tar.gz has no checksum, and may be another file tomorrow: \
         write its `sha256` under `[cluster.shim.aarch64]` with `infra pin`",
    );
}

#[test]
fn logs_are_collected_by_a_pinned_image_of_environments_that_there_are() {
    let render = ["render", "--cluster"];
    let digest = format!("@sha256:{}", "0".repeat(64));
    let logs = format!("{PLAIN}{LOGS}");
    check(
        &logs.replace(&digest, ""),
        &render,
        "the collector of logs, docker.io/fluent/fluent-bit:4.2, may be another image tomorrow: \
         write its digest beside it under `[cluster.logs]` with `infra pin`",
    );
    check(
        &logs.replace("docker.io/", ""),
        &render,
        "`image` of `[cluster.logs]`: ",
    );
    check(
        LOGS,
        &render,
        "there is none: write a table `[environments.dev]`",
    );
    check(
        &logs.replace("environments.dev", "environments.logs"),
        &render,
        "give that one another `namespace`",
    );
    for (loki, expected) in [
        (
            "http://loki:port",
            "http://loki:port is no address of a server",
        ),
        ("http://me:secret@loki", "has a name and a password in it"),
    ] {
        check(
            &logs.replace("https://logs.example.org/films/", loki),
            &render,
            expected,
        );
    }
}

#[test]
fn what_to_do_next_is_told_apart_to_programs() {
    let of_env = "give `--env NAME`, or set KINDRED_ENVIRONMENT";
    for (args, message, hint) in [
        (
            &["render", "--output", "json"][..],
            "it is not said for which environment",
            of_env,
        ),
        (
            &["--output=json", "status"],
            "it is not said for which environment",
            of_env,
        ),
        (
            &["--output", "json", "rendre"],
            "unrecognized subcommand 'rendre'",
            "a similar subcommand exists: 'render'",
        ),
        (
            &["render", "--output", "json", "--gitops", "flux"],
            "the following required arguments were not provided: --out <FOLDER> --repository <URL>",
            "see `--help`",
        ),
        (
            &["-qv", "status", "--output=json"],
            "the argument '--quiet' cannot be used with '--verbose'",
            "see `--help`",
        ),
        (
            &["render", "--config", "none.toml", "--output", "json"],
            "could not read none.toml: No such file or directory (os error 2)",
            "write it, or name another one by `--config FILE`",
        ),
        (
            &[
                "push",
                "--tag",
                "a.b/c:1",
                "--application",
                "none.toml",
                "--output",
                "json",
            ],
            "cannot read the manifest none.toml: No such file or directory (os error 2)",
            "name another one by `--application FILE`",
        ),
        (
            &["apply", "none.json", "--env", "dev", "--output", "json"],
            "could not read the plan none.json: No such file or directory (os error 2)",
            "make one with `infra plan --out FILE`",
        ),
    ] {
        let run = Place::new(PLAIN).run(args);
        assert_eq!(run.status, Some(3), "{args:?}: {}", run.stderr);
        let error: Value = serde_json::from_str(&run.stdout).unwrap();
        let expected =
            json!({ "type": "error", "code": "invalid", "message": message, "hint": hint });
        assert_eq!(error, expected, "{args:?}");
    }
}
