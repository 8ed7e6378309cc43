//! The page, put up: into a bucket of moto, by the outputs of a stack that a script has.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use crate::cloud::PLAIN;
use crate::moto::Moto;
use crate::program::{Place, Run, on_aws};
use crate::scripted::{Scripted, refusal};

const INVALIDATION: &str = "POST /2020-05-31/distribution/E1/invalidation";

/// A stack with these outputs, and a distribution that forgets what it is told to.
fn services(outputs: &[[&str; 2]]) -> Scripted {
    let outputs: Vec<String> = outputs
        .iter()
        .map(|[key, value]| {
            format!(
                "<member><OutputKey>{key}</OutputKey><OutputValue>{value}</OutputValue></member>"
            )
        })
        .collect();
    let stack = format!(
        "<Stacks><member><StackName>kindred-dev</StackName><StackStatus>UPDATE_COMPLETE</StackStatus><Outputs>{}</Outputs></member></Stacks>",
        outputs.concat()
    );
    let script = [
        ("DescribeStacks", vec![stack]),
        (
            INVALIDATION,
            vec!["<Invalidation></Invalidation>".to_owned()],
        ),
    ];
    Scripted::answering(script.into_iter().collect())
}

const SITE: [[&str; 2]; 4] = [
    ["SiteBucket", "site"],
    ["DistributionId", "E1"],
    ["SiteUrl", "https://films.example.org"],
    ["ApiUrl", "https://films.example.org"],
];

/// An environment with a page of three files.
fn place() -> Place {
    let place = Place::new(PLAIN);
    fs::create_dir(place.path("web")).unwrap();
    let page = "<link rel=\"stylesheet\" href=\"a.css\"><script src=\"a.js\"></script>";
    for (name, text) in [("index.html", page), ("a.css", "b{}"), ("a.js", "1")] {
        fs::write(place.path("web").join(name), text).unwrap();
    }
    place
}

#[test]
fn what_changed_is_uploaded_in_order_and_what_nobody_needs_goes() {
    let Some(moto) = Moto::start() else {
        return;
    };
    let made = moto.ask("PUT", "/site");
    assert!(made.starts_with("HTTP/1.1 200"), "{made}");
    let services = services(&SITE);
    let place = place();
    let check = |args: &[&str], expected: &[&str]| {
        let args = [&["site", "--env", "dev"], args].concat();
        let mut command = on_aws(&place, &services.endpoint, &args);
        let run = Run::of(command.env("AWS_ENDPOINT_URL_S3", moto.endpoint()));
        assert_eq!(run.status, Some(0), "{}", run.stderr);
        let lines: Vec<&str> = run.stdout.lines().collect();
        let url = ["https://films.example.org"];
        assert_eq!(lines, [expected, &url].concat(), "{args:?}");
    };
    let num_invalidations = || {
        services
            .asked()
            .iter()
            .filter(|action| *action == INVALIDATION)
            .count()
    };
    let first = [
        "upload     assets/a.6b86b273ff34fce1.js",
        "upload     assets/a.ef2a875407aca2dd.css",
        "upload     config.json",
        "upload     index.html",
        "0 unchanged",
        "invalidate /index.html /",
    ];
    check(&["--dry-run"], &first);
    assert_eq!(num_invalidations(), 0);
    assert!(
        moto.ask("GET", "/site/index.html")
            .starts_with("HTTP/1.1 404")
    );

    check(&[], &first);
    let body = services.last_body(INVALIDATION).unwrap();
    assert!(body.contains("<Paths><Quantity>2</Quantity><Items><Path>/index.html</Path><Path>/</Path></Items></Paths>"), "{body}");
    for (key, kind, keeping) in [
        (
            "assets/a.6b86b273ff34fce1.js",
            "text/javascript; charset=utf-8",
            "public, max-age=31536000, immutable",
        ),
        ("config.json", "application/json", "no-cache"),
        ("index.html", "text/html; charset=utf-8", "no-cache"),
    ] {
        let object = moto.ask("GET", &format!("/site/{key}")).to_lowercase();
        assert!(
            object.contains(&format!("content-type: {kind}\r\n")),
            "{object}"
        );
        assert!(
            object.contains(&format!("cache-control: {keeping}\r\n")),
            "{object}"
        );
    }
    assert!(
        moto.ask("GET", "/site/config.json")
            .ends_with("{\"api\":\"\"}\n")
    );

    check(&["--prune-older-than", "0"], &["4 unchanged"]);
    assert_eq!(num_invalidations(), 1);

    // A listing has times in seconds.
    sleep(Duration::from_millis(1100));
    fs::write(place.path("web/a.js"), "2").unwrap();
    check(
        &["--prune-older-than", "1"],
        &[
            "upload     assets/a.d4735e3a265e16ee.js",
            "upload     index.html",
            "2 unchanged",
            "invalidate /index.html /",
        ],
    );
    let old = || moto.ask("GET", "/site/assets/a.6b86b273ff34fce1.js");
    assert!(old().starts_with("HTTP/1.1 200"));
    check(
        &["--prune-older-than", "0"],
        &["4 unchanged", "prune      assets/a.6b86b273ff34fce1.js"],
    );
    assert!(old().starts_with("HTTP/1.1 404"));
}

#[test]
fn a_folder_for_another_host_has_the_same_files() {
    let place = place();
    let run = place.run(&["site", "--out", "out", "--api", "https://api.example.org"]);
    assert_eq!(
        (run.status, run.stdout.as_str()),
        (Some(0), ""),
        "{}",
        run.stderr
    );
    let text = |name: &str| fs::read_to_string(place.path("out").join(name)).unwrap();
    assert_eq!(
        text("config.json"),
        "{\"api\":\"https://api.example.org\"}\n"
    );
    assert!(text("index.html").contains("src=\"assets/a.6b86b273ff34fce1.js\""));
    assert_eq!(text("assets/a.6b86b273ff34fce1.js"), "1");
}

#[test]
fn a_site_that_cannot_be_put_up_is_refused() {
    let check = |services: &Scripted, args: &[&str], status: i32, expected: &str| {
        let place = place();
        let args = [&["site", "--env", "dev"], args].concat();
        let run = Run::of(&mut on_aws(&place, &services.endpoint, &args));
        assert_eq!(run.status, Some(status), "{args:?}: {}", run.stderr);
        assert!(run.stderr.contains(expected), "{args:?}: {}", run.stderr);
    };
    let without_api = services(&SITE[..3]);
    let expected = "the stack does not say where the functions answer: give `--api URL`";
    check(&without_api, &[], 3, expected);
    check(
        &services(&[]),
        &["--api", "https://a"],
        4,
        "the stack has no output `SiteBucket`",
    );
    check(&without_api, &["--out", "out"], 3, "give `--api URL`");
    check(
        &services(&SITE),
        &["--web", "."],
        3,
        "there is no `index.html`",
    );
    check(
        &without_api,
        &["--web", "none"],
        3,
        "could not read the folder none",
    );
    let absent = refusal(
        "ValidationError",
        "Stack with id kindred-dev does not exist",
    );
    let absent = Scripted::answering([("DescribeStacks", vec![absent])].into_iter().collect());
    check(
        &absent,
        &[],
        4,
        "make it with `infra cloud apply --env dev`",
    );
}
