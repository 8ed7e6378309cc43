//! Which crate may depend on which: STYLE's picture of arrows as two tables.

use super::{Finding, Repository};
use crate::workspace::{Dependency, Package};

/// Who may depend on which of our crates. A folder that ends in `/*` stands for all below it that have no line of their own.
const MEMBER_EDGES: [(&str, Edges); 19] = [
    ("analysis", Edges::Only(&[])),
    ("app", Edges::Only(&[])),
    ("artifact", Edges::Only(&["app"])),
    ("bench", Edges::Any),
    ("classification", Edges::Only(&["seeded"])),
    ("config", Edges::Only(&["analysis"])),
    ("demo", Edges::Only(&[])),
    ("e2e", Edges::Any),
    ("factors", Edges::Only(&["seeded"])),
    (
        "functions/*",
        Edges::Only(&["analysis", "kit", "index", "pointer"]),
    ),
    ("functions/kit", Edges::Only(&["index", "pointer"])),
    ("host", Edges::Only(&["app", "artifact"])),
    ("infra", Edges::Only(&["app", "artifact", "config"])),
    ("index", Edges::Only(&["analysis"])),
    ("itemsets", Edges::Only(&[])),
    ("pointer", Edges::Only(&["index"])),
    (
        "precompute",
        Edges::Only(&[
            "analysis",
            "classification",
            "config",
            "factors",
            "index",
            "itemsets",
            "pointer",
            "seeded",
        ]),
    ),
    ("seeded", Edges::Only(&[])),
    ("xtask", Edges::Only(&[])),
];

#[derive(Clone, Copy)]
enum Edges {
    Any,
    Only(&'static [&'static str]),
}

/// Packages of others that only some of our folders may know. A name that ends in `-` stands for all that begin so.
const HOMES: [(&[&str], &[&str], &str); 10] = [
    (
        &["spin-sdk", "wasi"],
        &["functions/"],
        "the functions and their kit alone know Spin, so that their logic is tested natively",
    ),
    (
        &["wasmtime", "wasmtime-", "wit-component", "wasi-preview1-"],
        &["functions/trim", "host"],
        "the host alone runs WebAssembly, and only the trimming of functions looks into it",
    ),
    (
        &["s3s", "s3s-"],
        &["host"],
        "the embedded S3 belongs to the host",
    ),
    (
        &["aws-"],
        &["precompute", "infra"],
        "functions sign by themselves, and everything else reads files",
    ),
    (
        &["rusty-s3"],
        &["functions/"],
        "native code has the AWS SDK",
    ),
    (
        &["kube", "kube-", "k8s-openapi"],
        &["infra"],
        "infra alone talks to a cluster",
    ),
    (
        &["oci-client"],
        &["artifact"],
        "what is pushed and pulled is one format, which one crate knows",
    ),
    (
        &["datafusion", "datafusion-"],
        &["precompute"],
        "heavy joins belong to the job",
    ),
    (
        &["bincode"],
        &["index"],
        "it is no longer maintained, so one module knows it",
    ),
    (
        &["clap"],
        &["demo", "host", "infra", "precompute", "xtask"],
        "libraries have no command line",
    ),
];

/// What a folder may never know, test code included or not.
const FORBIDDEN: [(&str, &[&str], &str); 2] = [
    (
        "index",
        &[
            "serde_json",
            "tokio",
            "rayon",
            "futures",
            "http",
            "hyper",
            "chrono",
            "time",
            "anyhow",
            "tracing",
        ],
        "the index file is bytes in, answers out: no I/O, no threads, no clock, no JSON, no HTTP",
    ),
    (
        "pointer",
        &["anyhow", "tokio", "http", "hyper"],
        "it is read inside of functions: types and their JSON, nothing else",
    ),
];

/// These may use anything, since nothing depends on them.
const UNRESTRICTED: [&str; 2] = ["bench", "e2e"];

/// Our crates depend on each other only along the arrows.
pub(super) fn between_members(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in &repository.packages {
        let Some(edges) = edges_of(package) else {
            findings.push(Finding::new(
                manifest_of(package),
                format!("no rule says what `{}` may depend on", package.name),
                "add a line to MEMBER_EDGES in xtask/src/tidy/edges.rs, with as few edges as will do",
            ));
            continue;
        };
        let Edges::Only(allowed) = edges else {
            continue;
        };
        for dependency in &package.dependencies {
            let is_ours = repository
                .packages
                .iter()
                .any(|other| other.name == dependency.name);
            if is_ours
                && dependency.name != package.name
                && !allowed.contains(&dependency.name.as_str())
            {
                let allowed = if allowed.is_empty() {
                    "none of our crates".to_owned()
                } else {
                    allowed.join(", ")
                };
                findings.push(Finding::new(
                    manifest_of(package),
                    format!("`{}` must not depend on `{}`", package.name, dependency.name),
                    format!("it may depend on {allowed}; move what both need to the side the arrows point to, and tests over both to e2e"),
                ));
            }
        }
    }
    findings
}

fn edges_of(package: &Package) -> Option<Edges> {
    let exact = MEMBER_EDGES
        .iter()
        .find(|(folder, _)| *folder == package.folder);
    let by_group = || {
        MEMBER_EDGES.iter().find(|(folder, _)| {
            folder
                .strip_suffix('*')
                .is_some_and(|group| package.folder.starts_with(group))
        })
    };
    exact.or_else(by_group).map(|(_, edges)| *edges)
}

/// Only edge crates know the outside world.
pub(super) fn to_the_outside(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in &repository.packages {
        if UNRESTRICTED.contains(&package.folder.as_str()) {
            continue;
        }
        for dependency in package
            .dependencies
            .iter()
            .filter(|dependency| !dependency.only_for_tests)
        {
            findings.extend(outside_its_home(package, dependency));
            findings.extend(forbidden(package, dependency));
        }
    }
    findings
}

fn outside_its_home(package: &Package, dependency: &Dependency) -> Option<Finding> {
    let (_, homes, reason) = HOMES
        .iter()
        .find(|(names, ..)| is_among(&dependency.name, names))?;
    let is_home = |home: &&str| {
        package.folder == *home || (home.ends_with('/') && package.folder.starts_with(*home))
    };
    let remedy = format!("{reason}; only {} may", homes.join(", "));
    (!homes.iter().any(is_home)).then(|| must_not_depend(package, dependency, remedy))
}

fn forbidden(package: &Package, dependency: &Dependency) -> Option<Finding> {
    let (_, names, reason) = FORBIDDEN
        .iter()
        .find(|(folder, ..)| *folder == package.folder)?;
    let remedy = format!("{reason}; do this in the crate that calls it");
    is_among(&dependency.name, names).then(|| must_not_depend(package, dependency, remedy))
}

fn must_not_depend(package: &Package, dependency: &Dependency, remedy: String) -> Finding {
    Finding::new(
        manifest_of(package),
        format!(
            "`{}` must not depend on `{}`",
            package.name, dependency.name
        ),
        remedy,
    )
}

fn is_among(package_name: &str, names: &[&str]) -> bool {
    names.iter().any(|name| {
        package_name == *name || (name.ends_with('-') && package_name.starts_with(*name))
    })
}

fn manifest_of(package: &Package) -> String {
    format!("{}/Cargo.toml", package.folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(check: fn(&Repository) -> Vec<Finding>, repository: &Repository) -> Vec<String> {
        check(repository)
            .into_iter()
            .map(|finding| format!("{}: {}", finding.file, finding.problem))
            .collect()
    }

    #[test]
    fn an_edge_along_the_arrows_is_fine_and_one_against_them_is_found() {
        let repository = Repository::default()
            .with_package("index", &[])
            .with_package("functions/kit", &["index"])
            .with_package("functions/recommend", &["kit", "index"])
            .with_package("host", &["index"])
            .with_package("e2e", &["host", "index"]);
        assert_eq!(
            problems(between_members, &repository),
            ["host/Cargo.toml: `host` must not depend on `index`"]
        );
    }

    #[test]
    fn an_edge_of_tests_counts_too_between_our_crates() {
        let repository = Repository::default()
            .with_package("index", &["test:kit"])
            .with_package("functions/kit", &[]);
        assert_eq!(
            problems(between_members, &repository),
            ["index/Cargo.toml: `index` must not depend on `kit`"]
        );
    }

    #[test]
    fn a_new_folder_needs_a_rule() {
        let repository = Repository::default().with_package("surprise", &[]);
        assert_eq!(
            problems(between_members, &repository),
            ["surprise/Cargo.toml: no rule says what `surprise` may depend on"]
        );
    }

    #[test]
    fn packages_of_others_stay_in_their_homes() {
        let repository = Repository::default()
            .with_package("functions/recommend", &["spin-sdk", "wasi"])
            .with_package("functions/kit", &["aws-sdk-s3"])
            .with_package(
                "precompute",
                &["aws-sdk-s3", "wasmtime-wasi", "clap_complete", "test:s3s"],
            )
            .with_package("index", &["bincode", "rayon"])
            .with_package("bench", &["spin-sdk", "wasmtime"]);
        assert_eq!(
            problems(to_the_outside, &repository),
            [
                "functions/kit/Cargo.toml: `kit` must not depend on `aws-sdk-s3`",
                "precompute/Cargo.toml: `precompute` must not depend on `wasmtime-wasi`",
                "index/Cargo.toml: `index` must not depend on `rayon`",
            ]
        );
    }

    #[test]
    fn a_name_is_exact_unless_it_ends_in_a_hyphen() {
        assert!(is_among("wasi", &["wasi"]));
        assert!(is_among("aws-config", &["s3s", "aws-"]));
        assert!(!is_among("wasip3", &["wasi"]));
        assert!(!is_among("clap_mangen", &["clap"]));
    }
}
