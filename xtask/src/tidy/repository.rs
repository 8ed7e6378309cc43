//! The snapshot that the checks look at.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;
use crate::workspace::{Package, Workspace};

/// The members of the workspace and the text of every file that git tracks or would track.
#[derive(Debug, Default)]
pub(crate) struct Repository {
    pub(crate) packages: Vec<Package>,
    /// By path relative to the root. A file that is not UTF-8 has an empty text: it exists, and no check reads it.
    pub(crate) files: BTreeMap<String, String>,
}

impl Repository {
    pub(crate) fn read(workspace: &Workspace) -> Result<Repository> {
        let mut command = Command::new("git");
        command.current_dir(&workspace.root).args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ]);
        let listing = process::output_of(&mut command).context("tidy looks at what git tracks")?;
        let mut files = BTreeMap::new();
        for path in listing.split('\0').filter(|path| !path.is_empty()) {
            match std::fs::read(workspace.root.join(path)) {
                Ok(bytes) => files.insert(
                    path.to_owned(),
                    String::from_utf8(bytes).unwrap_or_default(),
                ),
                // Deleted in the checkout, but not yet in git; or a link to a folder.
                Err(error)
                    if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::IsADirectory) =>
                {
                    None
                }
                Err(error) => return Err(error).with_context(|| format!("could not read {path}")),
            };
        }
        Ok(Repository {
            packages: workspace.packages.clone(),
            files,
        })
    }

    /// The text of a file, empty when there is none.
    pub(crate) fn text(&self, path: &str) -> &str {
        self.files.get(path).map_or("", String::as_str)
    }

    /// The files of this extension, with their texts.
    pub(crate) fn files_with_extension(
        &self,
        extension: &str,
    ) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .filter(move |(path, _)| has_extension(path, extension))
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Whether a file or a folder of this path exists.
    pub(crate) fn exists(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let as_folder = format!("{path}/");
        path.is_empty()
            || self.files.contains_key(path)
            || self
                .files
                .range(as_folder.clone()..)
                .next()
                .is_some_and(|(file, _)| file.starts_with(&as_folder))
    }

    /// A repository of these files, for tests.
    #[cfg(test)]
    pub(crate) fn of_files(files: &[(&str, &str)]) -> Repository {
        let files = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
            .collect();
        Repository {
            packages: Vec::new(),
            files,
        }
    }

    /// The same with a member of the workspace more, for tests.
    #[cfg(test)]
    pub(crate) fn with_package(mut self, folder: &str, dependencies: &[&str]) -> Repository {
        use crate::workspace::Dependency;
        let name = folder.rsplit('/').next().unwrap_or(folder).to_owned();
        let dependencies = dependencies
            .iter()
            .map(|name| match name.strip_prefix("test:") {
                Some(name) => Dependency {
                    name: name.to_owned(),
                    only_for_tests: true,
                },
                None => Dependency {
                    name: (*name).to_owned(),
                    only_for_tests: false,
                },
            })
            .collect();
        self.packages.push(Package {
            name,
            folder: folder.to_owned(),
            dependencies,
            crate_types: Vec::new(),
        });
        self
    }
}

/// Whether a file name ends in a dot and this extension.
pub(crate) fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path)
        .extension()
        .is_some_and(|found| found == extension)
}
