//! Lays out what a component sees as its file system: a copy of what the manifest's `files` names, as Spin makes it.

use std::path::{Component, Path, PathBuf};

use app::FileMount;
use tempfile::TempDir;

use crate::Error;
use crate::error::Cause;

/// Copies a component's files into a temporary folder; `None` when it has none.
///
/// Sources are relative to `root`, the manifest's folder, and may not leave it. A folder that is missing is an error; a pattern
/// that matches nothing is not.
pub(crate) fn lay_out(
    component: &str,
    root: &Path,
    mounts: &[FileMount],
    exclude_files: &[String],
) -> Result<Option<TempDir>, Error> {
    if mounts.is_empty() {
        return Ok(None);
    }
    let failed = |what: &str| {
        let (component, what) = (component.to_owned(), what.to_owned());
        move |source: Cause| Error::Files {
            component,
            what,
            source,
        }
    };
    let folder = tempfile::Builder::new()
        .prefix("kindred-files-")
        .tempdir()
        .map_err(|error| failed("a temporary folder")(error.into()))?;
    let mut left_out = Vec::with_capacity(exclude_files.len());
    for pattern in exclude_files {
        left_out.push(glob::Pattern::new(pattern).map_err(|error| failed(pattern)(error.into()))?);
    }
    let layout = Layout {
        root,
        target: folder.path(),
        left_out,
    };
    for mount in mounts {
        match mount {
            FileMount::Pattern(pattern) => {
                layout.place_pattern(pattern).map_err(failed(pattern))?;
            }
            FileMount::Placement {
                source,
                destination,
            } => {
                let what = source.to_string_lossy();
                layout.place(source, destination).map_err(failed(&what))?;
            }
        }
    }
    Ok(Some(folder))
}

struct Layout<'a> {
    root: &'a Path,
    target: &'a Path,
    left_out: Vec<glob::Pattern>,
}

impl Layout<'_> {
    fn place_pattern(&self, pattern: &str) -> Result<(), Cause> {
        let relative = inside(Path::new(pattern))?;
        let escaped = glob::Pattern::escape(&self.root.to_string_lossy());
        let pattern = Path::new(&escaped).join(relative);
        for path in glob::glob(&pattern.to_string_lossy())? {
            let path = path?;
            if path.is_file() {
                let relative = path.strip_prefix(self.root)?;
                self.copy(&path, relative, relative)?;
            }
        }
        Ok(())
    }

    fn place(&self, source: &Path, destination: &Path) -> Result<(), Cause> {
        let source = inside(source)?;
        let destination = destination
            .strip_prefix("/")
            .map_err(|_| format!("the destination {} is not absolute", destination.display()))?;
        let destination = inside(destination)?;
        let path = self.root.join(&source);
        if path.is_dir() {
            self.place_folder(&source, &destination)
        } else {
            self.copy(&path, &source, &destination)
        }
    }

    fn place_folder(&self, source: &Path, destination: &Path) -> Result<(), Cause> {
        for entry in std::fs::read_dir(self.root.join(source))? {
            let entry = entry?;
            let (source, destination) = (
                source.join(entry.file_name()),
                destination.join(entry.file_name()),
            );
            if entry.path().is_dir() {
                self.place_folder(&source, &destination)?;
            } else {
                self.copy(&entry.path(), &source, &destination)?;
            }
        }
        Ok(())
    }

    fn copy(&self, from: &Path, source: &Path, destination: &Path) -> Result<(), Cause> {
        if self
            .left_out
            .iter()
            .any(|pattern| pattern.matches_path(source))
        {
            return Ok(());
        }
        let to = self.target.join(destination);
        if let Some(parent) = to.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::copy(from, to)?;
        Ok(())
    }
}

/// The path without `.`, provided that it stays below where it starts.
fn inside(path: &Path) -> Result<PathBuf, Cause> {
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

    fn placement(source: &str, destination: &str) -> FileMount {
        FileMount::Placement {
            source: source.into(),
            destination: destination.into(),
        }
    }

    fn application() -> TempDir {
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
        root
    }

    #[test]
    fn files_are_laid_out_as_the_manifest_says() {
        let root = application();
        let mounts = [
            FileMount::Pattern("static/**/*".to_owned()),
            placement("idx", "/data/index"),
            placement("./static/page.html", "/index.html"),
        ];
        let folder = lay_out("c", root.path(), &mounts, &["static/*.map".to_owned()])
            .unwrap()
            .unwrap();
        for (path, content) in [
            ("static/page.html", "static/page.html"),
            ("data/index/deep/b.kdx", "idx/deep/b.kdx"),
            ("index.html", "static/page.html"),
        ] {
            assert_eq!(
                std::fs::read_to_string(folder.path().join(path)).unwrap(),
                content
            );
        }
        assert!(!folder.path().join("static/page.map").exists());
        assert!(lay_out("c", root.path(), &[], &[]).unwrap().is_none());
    }

    #[test]
    fn what_is_missing_or_outside_is_an_error() {
        let root = application();
        for mount in [
            placement("absent", "/a"),
            placement("../idx", "/a"),
            placement("/etc", "/a"),
            placement("idx", "relative"),
            placement("idx", "/../a"),
            FileMount::Pattern("../**/*".to_owned()),
        ] {
            assert!(
                lay_out("c", root.path(), std::slice::from_ref(&mount), &[]).is_err(),
                "{mount:?}"
            );
        }
        let unmatched = FileMount::Pattern("nothing/*".to_owned());
        assert!(lay_out("c", root.path(), &[unmatched], &[]).is_ok());
    }
}
