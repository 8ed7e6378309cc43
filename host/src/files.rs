//! Lays out what a component sees as its file system: a copy of what the manifest's `files` names, as Spin makes it.

use std::path::Path;

use tempfile::TempDir;

use crate::Error;
use crate::error::Cause;

/// Copies the files of the component `id` into a temporary folder; `None` when it has none. Their paths begin in `root`.
pub(crate) fn lay_out(
    id: &str,
    component: &app::Component,
    root: &Path,
) -> Result<Option<TempDir>, Error> {
    let failed = |source: Cause| Error::Files {
        component: id.to_owned(),
        source,
    };
    if component.files.is_empty() {
        return Ok(None);
    }
    let files = component
        .list_files(root)
        .map_err(|error| failed(error.into()))?;
    let folder = tempfile::Builder::new()
        .prefix("kindred-files-")
        .tempdir()
        .map_err(|error| failed(error.into()))?;
    for (destination, source) in &files {
        copy(source, &folder.path().join(destination))
            .map_err(|error| failed(format!("cannot copy {}: {error}", source.display()).into()))?;
    }
    Ok(Some(folder))
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    if let Some(parent) = to.parent() {
        std::fs::create_dir_all(parent)?;
    }
    std::fs::copy(from, to)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_lie_where_the_component_sees_them() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("idx/deep")).unwrap();
        std::fs::write(root.path().join("idx/deep/b.kdx"), "b").unwrap();
        let manifest = "spin_manifest_version = 2\n[application]\nname = \"a\"\n[component.none]\nsource = \"c.wasm\"\n\
            [component.some]\nsource = \"c.wasm\"\nfiles = [{ source = \"idx\", destination = \"/data\" }]\n";
        let application = app::Application::parse(manifest).unwrap();
        let lay_out = |id: &str| lay_out(id, &application.components[id], root.path()).unwrap();
        let folder = lay_out("some").unwrap();
        let read = std::fs::read_to_string(folder.path().join("data/deep/b.kdx"));
        assert_eq!(read.unwrap(), "b");
        assert!(lay_out("none").is_none());
    }
}
