//! The manifests of the members: what they share, they inherit.
//!
//! Manifests are read line by line. That is enough for the shape that ours have, and spares this crate a TOML parser.

use super::{Finding, Repository};

const INHERITED_FIELDS: [&str; 5] = ["version", "edition", "rust-version", "license", "publish"];

/// The version of every crate of ours: they are released together, as a deployment, and never as packages.
const VERSION: &str = "0.0.0";

/// Members inherit fields and lints, and say what they are.
pub(super) fn inherited_fields(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in &repository.packages {
        let path = format!("{}/Cargo.toml", package.folder);
        let text = repository.text(&path);
        for field in INHERITED_FIELDS {
            if !has_line(text, "[package]", |line| {
                line == format!("{field}.workspace = true")
            }) {
                findings.push(Finding::new(
                    &path,
                    format!("`{field}` is not inherited"),
                    format!("write `{field}.workspace = true` under [package]"),
                ));
            }
        }
        if !has_line(text, "[lints]", |line| line == "workspace = true") {
            findings.push(Finding::new(
                &path,
                "the lints are not inherited",
                "end the file with `[lints]` and `workspace = true`",
            ));
        }
        let is_description =
            |line: &str| line.starts_with("description = ") && line != "description = \"\"";
        if !has_line(text, "[package]", is_description) {
            findings.push(Finding::new(
                &path,
                "there is no description",
                "say in `description` what the crate is for, in one line",
            ));
        }
    }
    if !repository.packages.is_empty()
        && !has_line(
            repository.text("Cargo.toml"),
            "[workspace.package]",
            |line| line == format!("version = \"{VERSION}\""),
        )
    {
        findings.push(Finding::new(
            "Cargo.toml",
            format!("the version of the workspace is not {VERSION}"),
            "our crates are not published; what is released has its version in CHANGELOG.md",
        ));
    }
    findings
}

/// Members take every dependency from the root, where its version and its features are chosen once.
pub(super) fn inherited_dependencies(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in &repository.packages {
        let path = format!("{}/Cargo.toml", package.folder);
        for (section, line) in lines_with_sections(repository.text(&path)) {
            let is_dependency = section.ends_with("dependencies]")
                && line.contains('=')
                && !line.starts_with(['"', '[', ']', '}']);
            let name = line.split(['.', ' ', '=']).next().unwrap_or(line);
            let is_inherited = line.contains("workspace = true");
            if is_dependency && !is_inherited {
                findings.push(Finding::new(
                    &path,
                    format!("`{name}` is not taken from the root"),
                    format!("put `{name}` under [workspace.dependencies] in Cargo.toml and write `{name}.workspace = true` here"),
                ));
            }
        }
    }
    findings
}

fn has_line(text: &str, section: &str, is_wanted: impl Fn(&str) -> bool) -> bool {
    lines_with_sections(text).any(|(of_section, line)| of_section == section && is_wanted(line))
}

/// Every line that is not blank, a comment or a header, with the header above it.
fn lines_with_sections(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut section = "";
    text.lines().map(str::trim).filter_map(move |line| {
        if line.starts_with('[') && line.ends_with(']') {
            section = line;
            return None;
        }
        (!line.is_empty() && !line.starts_with('#')).then_some((section, line))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "[workspace.package]\nversion = \"0.0.0\"\n";
    const GOOD: &str = "[package]\nname = \"index\"\ndescription = \"The index file\"\nversion.workspace = true\n\
        edition.workspace = true\nrust-version.workspace = true\nlicense.workspace = true\npublish.workspace = true\n\
        [dependencies]\nserde.workspace = true\ninsta = { workspace = true, features = [\n  \"a=b\",\n] }\n[lints]\nworkspace = true\n";

    fn check(manifest: &str, expected_problems: &[&str]) {
        let repository =
            Repository::of_files(&[("Cargo.toml", ROOT), ("index/Cargo.toml", manifest)])
                .with_package("index", &[]);
        let mut findings = inherited_fields(&repository);
        findings.extend(inherited_dependencies(&repository));
        let problems: Vec<&str> = findings
            .iter()
            .map(|finding| finding.problem.as_str())
            .collect();
        assert_eq!(problems, expected_problems);
    }

    #[test]
    fn a_good_manifest_has_no_findings() {
        check(GOOD, &[]);
    }

    #[test]
    fn a_version_of_its_own_is_found() {
        check(
            &GOOD.replace(
                "version.workspace = true\nedition",
                "version = \"1.0.0\"\nedition",
            ),
            &["`version` is not inherited"],
        );
    }

    #[test]
    fn an_empty_description_is_found() {
        check(
            &GOOD.replace("The index file", ""),
            &["there is no description"],
        );
    }

    #[test]
    fn lints_of_its_own_are_found() {
        check(
            &GOOD.replace("[lints]\nworkspace = true\n", ""),
            &["the lints are not inherited"],
        );
    }

    #[test]
    fn a_dependency_with_its_own_version_is_found() {
        check(
            &GOOD.replace("serde.workspace = true", "serde = \"1\""),
            &["`serde` is not taken from the root"],
        );
        let target = "[target.'cfg(target_arch = \"wasm32\")'.dependencies]\nspin-sdk = { version = \"5\" }\n[lints]";
        check(
            &GOOD.replace("[lints]", target),
            &["`spin-sdk` is not taken from the root"],
        );
    }

    #[test]
    fn the_version_of_the_root_is_held() {
        let repository = Repository::of_files(&[
            ("Cargo.toml", "[workspace.package]\nversion = \"0.1.0\"\n"),
            ("index/Cargo.toml", GOOD),
        ])
        .with_package("index", &[]);
        assert_eq!(
            inherited_fields(&repository)[0].problem,
            "the version of the workspace is not 0.0.0"
        );
    }
}
