//! `infra pin`, with a real registry where there is one, and what is refused without it.

use serde_json::Value;

use crate::program::{Place, Run};
use crate::push::{module, place};
use crate::registry::RegistryProcess;
use crate::scripted::Scripted;

#[track_caller]
fn check(run: &Run, status: i32, expected: &str) {
    assert_eq!(run.status, Some(status), "{}", run.stderr);
    let said = format!("{}{}", run.stdout, run.stderr);
    assert!(said.contains(expected), "{said}");
}

fn config(place: &Place) -> String {
    std::fs::read_to_string(place.path("kindred.toml")).unwrap()
}

/// Pushes an application, whose digest is another for another `content`, and gives the digest.
fn push(place: &Place, image: &str, content: u8) -> String {
    // A section that means nothing.
    let mut wasm = module();
    wasm.extend([0, 2, 1, content]);
    std::fs::write(place.path("only.wasm"), wasm).unwrap();
    let run = place.run(&["push", "--tag", image]);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    let (_, digest) = run.stdout.trim_end().split_once('@').unwrap();
    digest.to_owned()
}

#[test]
fn digests_are_written_beside_tags_and_move_with_them() {
    let Some(registry) = RegistryProcess::start() else {
        return;
    };
    let (image, host_image) = (registry.image("kindred:1"), registry.image("host"));
    let environments = |image: &str, host_image: &str| {
        format!(
            "# Ours.\n[environments.dev.application]\nimage = \"{image}\"  # the newest\n\n\
             [environments.prod]\nprotected = true\napplication = {{ form = \"host\", image = \"{image}\", host_image = \"{host_image}\" }}\n"
        )
    };
    let place = place(&environments(&image, &host_image));
    let first = push(&place, &image, b'a');
    // Without a tag it is that of everything.
    let host = push(&place, &host_image, b'h');
    // With an application that has the variables of an environment.
    let application = concat!(env!("CARGO_MANIFEST_DIR"), "/../spin.toml");
    let render = ["render", "--env", "prod", "--application", application];
    check(&place.run(&render), 3, "environment `prod` is protected");

    let requests = registry.count("HEAD", "/kindred/manifests/1");
    let run = place.run(&["pin"]);
    check(&run, 0, "3 pinned, 0 unchanged\n");
    let pinned = format!("{image}@{first}");
    let host_pinned = format!("{host_image}:latest@{host}");
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(
        lines[1],
        format!("pinned     environments.prod.application.image: {pinned}")
    );
    assert!(config(&place).ends_with(&environments(&pinned, &host_pinned)));
    assert_eq!(
        registry.count("HEAD", "/kindred/manifests/1"),
        requests + 1,
        "an image is asked for once"
    );
    check(&place.run(&render), 0, &format!("image: {host_pinned}\n"));

    // Where no tag was moved, nothing is written.
    let before = std::fs::metadata(place.path("kindred.toml")).unwrap();
    check(&place.run(&["pin"]), 0, "0 pinned, 3 unchanged\n");
    let after = std::fs::metadata(place.path("kindred.toml")).unwrap();
    assert_eq!(before.modified().unwrap(), after.modified().unwrap());

    // What is pinned is pushed by its tag.
    std::fs::write(place.path("only.wasm"), module()).unwrap();
    let run = place.run(&["push", "--env", "dev"]);
    check(&run, 0, &format!("{image}: uploaded"));
    let run = place.run(&["pin", "--env", "dev", "--output", "json"]);
    let events: Vec<Value> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let [pin, summary] = events.as_slice() else {
        panic!("{}", run.stdout)
    };
    assert_eq!(pin["before"], pinned);
    assert_ne!(pin["after"], pinned);
    assert_eq!(pin["action"], "pinned");
    assert_eq!(summary["pinned"], 1);
    let text = config(&place);
    assert!(text.contains(&format!("image = {}  # the newest\n", pin["after"])));
    assert!(text.contains(&host_pinned), "the others stay");
}

#[test]
fn what_collects_logs_is_pinned_with_the_cluster() {
    let Some(registry) = RegistryProcess::start() else {
        return;
    };
    let image = registry.image("fluent-bit:1");
    let place = place(&format!(
        "[environments.dev]\n[cluster.logs]\nimage = \"{image}\"\nloki = \"http://loki\"\n"
    ));
    let digest = push(&place, &image, b'a');
    let render = ["render", "--cluster"];
    check(&place.run(&render), 3, "with `infra pin`");
    // Who asks for an environment, asks for no cluster.
    let run = place.run(&["pin", "--env", "dev"]);
    check(&run, 0, "0 pinned, 0 unchanged\n");
    let run = place.run(&["pin"]);
    check(
        &run,
        0,
        &format!("pinned     cluster.logs.image: {image}@{digest}\n1 pinned, "),
    );
    check(
        &place.run(&render),
        0,
        &format!("image: {image}@{digest}\n"),
    );
}

#[test]
fn where_one_image_is_not_there_nothing_is_written() {
    let Some(registry) = RegistryProcess::start() else {
        return;
    };
    let (image, absent) = (registry.image("kindred:1"), registry.image("host:1"));
    let place = place(&format!(
        "[environments.dev.application]\nimage = \"{image}\"\nhost_image = \"{absent}\"\n"
    ));
    push(&place, &image, b'a');
    let before = config(&place);
    let run = place.run(&["pin"]);
    check(&run, 1, &format!("{absent} is not in its registry"));
    assert_eq!((config(&place), run.stdout.as_str()), (before, ""));
}

#[test]
fn the_checksum_of_a_shim_is_written_once() {
    let files = [
        ("GET /shim.tar.gz", vec!["abc".to_owned()]),
        ("GET /other.tar.gz", vec!["abd".to_owned()]),
    ];
    let server = Scripted::answering(files.into());
    let location = format!("{}/shim.tar.gz", server.endpoint);
    let place = Place::new(&format!(
        "[cluster.shim.x86_64]\nlocation = \"{location}\" # ours\n"
    ));
    // As `sha256sum` has it.
    let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let run = place.run(&["pin"]);
    check(
        &run,
        0,
        &format!("pinned     cluster.shim.x86_64.sha256: {sha256}\n1 pinned, "),
    );
    let pinned = config(&place);
    assert!(
        pinned.ends_with(&format!("\" # ours\nsha256 = \"{sha256}\"\n")),
        "{pinned}"
    );
    check(&place.run(&["render", "--cluster"]), 0, sha256);
    check(&place.run(&["pin"]), 0, "0 pinned, 1 unchanged\n");

    let exchanged = pinned.replace("/shim.tar.gz", "/other.tar.gz");
    std::fs::write(place.path("kindred.toml"), &exchanged).unwrap();
    let run = place.run(&["pin"]);
    check(
        &run,
        3,
        &format!("and `[cluster.shim.x86_64]` says {sha256}"),
    );
    assert_eq!(config(&place), exchanged);
    let absent = pinned.replace("/shim.tar.gz", "/none.tar.gz");
    std::fs::write(place.path("kindred.toml"), &absent).unwrap();
    check(&place.run(&["pin"]), 1, "/none.tar.gz for its checksum");
    // Who asks for an environment, asks for no cluster.
    place.configure(
        "[environments.dev]\n[cluster.shim.x86_64]\nlocation = \"http://127.0.0.1:1\"\n",
    );
    check(
        &place.run(&["pin", "--env", "dev"]),
        0,
        "0 pinned, 0 unchanged\n",
    );
}

#[test]
fn a_digest_without_a_tag_asks_nobody() {
    let image = format!("registry.invalid/kindred@sha256:{}", "0".repeat(64));
    let place = Place::new(&format!(
        "[environments.dev]\napplication = {{ image = \"{image}\" }}\n"
    ));
    check(&place.run(&["pin"]), 0, "0 pinned, 1 unchanged\n");
    check(&Place::new("").run(&["pin"]), 0, "0 pinned, 0 unchanged\n");
}

#[test]
fn a_protected_environment_takes_only_digests() {
    let digest = format!("@sha256:{}", "0".repeat(64));
    let pinned = format!("ghcr.io/example/kindred:1{digest}");
    let check = |application: &str, args: &[&str], expected: &str| {
        let place = Place::new(&format!(
            "[environments.prod]\nprotected = true\napplication = {{ {application} }}\n"
        ));
        check(&place.run(args), 3, expected);
    };
    let unpinned = "its `application.image`, ghcr.io/example/kindred:1, may be another image tomorrow: \
        write its digest beside it with `infra pin --env prod`, or give `--image REFERENCE@DIGEST`";
    let image = "image = \"ghcr.io/example/kindred:1\"";
    // Before anybody asks for a cluster, which is not there.
    for command in ["render", "plan", "apply"] {
        check(image, &[command, "--env", "prod"], unpinned);
    }
    let args = [
        "render",
        "--env",
        "prod",
        "--image",
        "ghcr.io/example/kindred:1",
    ];
    check(&format!("image = \"{pinned}\""), &args, unpinned);
    check("", &args, unpinned);
    let host = "form = \"host\", host_image = \"ghcr.io/example/host:1\"";
    let args = ["render", "--env", "prod", "--image", &pinned];
    check(
        host,
        &args,
        "its `application.host_image`, ghcr.io/example/host:1, may be another image tomorrow: \
         write its digest beside it with `infra pin --env prod`",
    );
    check(
        "image = \"kindred@sha256:0\"",
        &["render", "--env", "prod"],
        "environment `prod`: `application.image`: \"kindred@sha256:0\" does not name an artifact",
    );

    let place = Place::new("[environments.prod]\nprotected = true\n");
    let run = place.run(&args);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    assert!(run.stdout.contains(&format!("image: {pinned}\n")));
}

#[test]
fn what_cannot_be_pinned_is_wrong_input() {
    let place = Place::new("[environments.dev]\napplication = { image = \"kindred:1\" }\n");
    check(&place.run(&["pin"]), 3, "it has to begin with the registry");
    check(
        &place.run(&["pin", "--env", "prod"]),
        3,
        "there is no environment `prod`",
    );
    check(
        &place.run(&["pin", "--config", "none.toml"]),
        3,
        "none.toml",
    );
}
