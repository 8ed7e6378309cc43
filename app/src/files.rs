//! Which files a component sees and where: what the manifest's `files` names, as Spin reads it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::{Component, Error, FileMount};

/// Why an entry was refused, until it is known which one it is.
type Cause = Box<dyn std::error::Error + Send + Sync>;

impl Component {
    /// The files that this component sees: under which path below its root, and where each is.
    ///
    /// Sources are relative to `root`, the manifest's folder, and may not leave it. A folder that is missing is an error; a pattern that matches
    /// nothing is not. Of two files under one path the later entry's counts.
    pub fn list_files(&self, root: &Path) -> Result<BTreeMap<PathBuf, PathBuf>, Error> {
        let failed = |entry: &str| {
            let entry = entry.to_owned();
            move |source| Error::Files { entry, source }
        };
        let mut left_out = Vec::with_capacity(self.exclude_files.len());
        for pattern in &self.exclude_files {
            let parsed = glob::Pattern::new(pattern);
            left_out.push(parsed.map_err(|error| failed(pattern)(error.into()))?);
        }
        let mut listing = Listing {
            root,
            left_out,
            files: BTreeMap::new(),
        };
        for mount in &self.files {
            match mount {
                FileMount::Pattern(pattern) => {
                    listing.add_pattern(pattern).map_err(failed(pattern))?;
                }
                FileMount::Placement {
                    source,
                    destination,
                } => {
                    let entry = source.to_string_lossy();
                    listing.add(source, destination).map_err(failed(&entry))?;
                }
            }
        }
        Ok(listing.files)
    }
}

struct Listing<'a> {
    root: &'a Path,
    left_out: Vec<glob::Pattern>,
    files: BTreeMap<PathBuf, PathBuf>,
}

impl Listing<'_> {
    fn add_pattern(&mut self, pattern: &str) -> Result<(), Cause> {
        let relative = inside(Path::new(pattern))?;
        let escaped = glob::Pattern::escape(&self.root.to_string_lossy());
        let pattern = Path::new(&escaped).join(relative);
        for path in glob::glob(&pattern.to_string_lossy())? {
            let path = path?;
            if path.is_file() {
                let relative = path.strip_prefix(self.root)?.to_owned();
                self.add_file(path, &relative, relative.clone());
            }
        }
        Ok(())
    }

    fn add(&mut self, source: &Path, destination: &Path) -> Result<(), Cause> {
        let source = inside(source)?;
        let destination = destination
            .strip_prefix("/")
            .map_err(|_| format!("the destination {} is not absolute", destination.display()))?;
        let destination = inside(destination)?;
        let path = self.root.join(&source);
        // What is neither cannot be read, and it is said here which entry names it.
        if path.metadata()?.is_dir() {
            self.add_folder(&source, &destination)
        } else {
            self.add_file(path, &source, destination);
            Ok(())
        }
    }

    fn add_folder(&mut self, source: &Path, destination: &Path) -> Result<(), Cause> {
        for entry in std::fs::read_dir(self.root.join(source))? {
            let entry = entry?;
            let (source, destination) = (
                source.join(entry.file_name()),
                destination.join(entry.file_name()),
            );
            if entry.path().is_dir() {
                self.add_folder(&source, &destination)?;
            } else {
                self.add_file(entry.path(), &source, destination);
            }
        }
        Ok(())
    }

    fn add_file(&mut self, path: PathBuf, source: &Path, destination: PathBuf) {
        let is_left_out = |pattern: &glob::Pattern| pattern.matches_path(source);
        if !self.left_out.iter().any(is_left_out) {
            self.files.insert(destination, path);
        }
    }
}

/// The path without `.`, provided that it stays below where it starts.
fn inside(path: &Path) -> Result<PathBuf, Cause> {
    use std::path::Component;
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => clean.push(name),
            Component::CurDir => {}
            _ => return Err(format!("{} leads out of its folder", path.display()).into()),
        }
    }
    Ok(clean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Application;

    /// The files that a component with these lines sees in a folder with a few: where, and what each was called.
    fn listed(lines: &str) -> Result<Vec<(String, String)>, Error> {
        let root = tempfile::tempdir().unwrap();
        for file in [
            "idx/a.kdx",
            "idx/deep/b.kdx",
            "static/page.html",
            "static/page.map",
        ] {
            let path = root.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, file).unwrap();
        }
        let manifest = format!(
            "spin_manifest_version = 2\n[application]\nname = \"a\"\n[component.c]\nsource = \"c.wasm\"\n{lines}"
        );
        let application = Application::parse(&manifest).unwrap();
        let files = application.components["c"].list_files(root.path())?;
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        Ok(files
            .iter()
            .map(|(destination, source)| {
                let source = source.strip_prefix(root.path()).unwrap();
                (text(destination), text(source))
            })
            .collect())
    }

    #[test]
    fn files_are_those_that_the_manifest_says() {
        let files = listed(
            r#"files = ["static/**/*", { source = "idx", destination = "/data/index" }, { source = "./static/page.html", destination = "/index.html" }]
            exclude_files = ["static/*.map"]"#,
        );
        let expected = [
            ("data/index/a.kdx", "idx/a.kdx"),
            ("data/index/deep/b.kdx", "idx/deep/b.kdx"),
            ("index.html", "static/page.html"),
            ("static/page.html", "static/page.html"),
        ];
        assert_eq!(
            files.unwrap(),
            expected.map(|(destination, source)| (destination.to_owned(), source.to_owned()))
        );
        assert_eq!(listed("").unwrap(), []);
        assert_eq!(listed("files = [\"nothing/*\"]").unwrap(), []);
    }

    #[test]
    fn what_is_missing_or_outside_is_an_error() {
        for entry in [
            r#"{ source = "absent", destination = "/a" }"#,
            r#"{ source = "../idx", destination = "/a" }"#,
            r#"{ source = "/etc", destination = "/a" }"#,
            r#"{ source = "idx", destination = "relative" }"#,
            r#"{ source = "idx", destination = "/../a" }"#,
            r#""../**/*""#,
        ] {
            let error = listed(&format!("files = [{entry}]")).unwrap_err();
            assert!(matches!(error, Error::Files { .. }), "{entry}: {error:?}");
        }
    }
}
