//! The definitions of the custom resources that `infra` renders, from the modules of those who defined them: a cluster that has them checks objects as it would where their operators run.
//!
//! The versions are fixed, as those of `tools` are.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::{self, output_of, run, say, timed};
use crate::workspace::Workspace;

/// Somebody who defined custom resources.
struct Definer {
    name: &'static str,
    /// Whose Go module it is, with its version. No newer ones than Go 1.26 can take.
    module: &'static str,
    /// Where the module has the definitions of the kinds that are rendered.
    folder: &'static str,
    files: &'static [&'static str],
}

const DEFINERS: [Definer; 11] = [
    Definer {
        name: "Argo CD",
        module: "github.com/argoproj/argo-cd/v3@v3.5.7",
        folder: "manifests/crds",
        files: &["application-crd.yaml", "applicationset-crd.yaml"],
    },
    Definer {
        name: "cert-manager",
        module: "github.com/cert-manager/cert-manager@v1.21.2",
        folder: "deploy/crds",
        files: &[
            "cert-manager.io_certificates.yaml",
            "cert-manager.io_issuers.yaml",
        ],
    },
    Definer {
        name: "CloudNativePG",
        module: "github.com/cloudnative-pg/cloudnative-pg@v1.30.0",
        folder: "config/crd/bases",
        files: &["postgresql.cnpg.io_clusters.yaml"],
    },
    Definer {
        name: "External Secrets",
        module: "github.com/external-secrets/external-secrets@v1.3.2",
        folder: "config/crds/bases",
        files: &["external-secrets.io_externalsecrets.yaml"],
    },
    Definer {
        name: "Flux's kustomize-controller",
        module: "github.com/fluxcd/kustomize-controller@v1.9.6",
        folder: "config/crd/bases",
        files: &["kustomize.toolkit.fluxcd.io_kustomizations.yaml"],
    },
    Definer {
        name: "Flux's source-controller",
        module: "github.com/fluxcd/source-controller@v1.9.6",
        folder: "config/crd/bases",
        files: &["source.toolkit.fluxcd.io_gitrepositories.yaml"],
    },
    Definer {
        name: "the Gateway API",
        module: "sigs.k8s.io/gateway-api@v1.6.3",
        folder: "config/crd/standard",
        files: &[
            "gateway.networking.k8s.io_httproutes.yaml",
            "gateway.networking.k8s.io_referencegrants.yaml",
        ],
    },
    Definer {
        name: "KEDA",
        module: "github.com/kedacore/keda/v2@v2.21.0",
        folder: "config/crd/bases",
        files: &["keda.sh_scaledobjects.yaml"],
    },
    Definer {
        name: "the Prometheus operator",
        module: "github.com/prometheus-operator/prometheus-operator@v0.85.0",
        folder: "example/prometheus-operator-crd",
        files: &[
            "monitoring.coreos.com_podmonitors.yaml",
            "monitoring.coreos.com_prometheusrules.yaml",
        ],
    },
    Definer {
        name: "runtime-class-manager",
        module: "github.com/spinframework/runtime-class-manager@v0.2.0",
        folder: "config/crd/bases",
        files: &["runtime.spinkube.dev_shims.yaml"],
    },
    Definer {
        name: "the Spin operator",
        module: "github.com/spinkube/spin-operator@v0.6.1",
        folder: "config/crd/bases",
        files: &[
            "core.spinkube.dev_spinappexecutors.yaml",
            "core.spinkube.dev_spinapps.yaml",
        ],
    },
];

/// The folder of all definitions, each fetched once a version. What cannot be fetched is said, since its objects are not tested then; `None` where that is everything.
pub(crate) fn folder() -> Result<Option<PathBuf>> {
    let folder = Workspace::cache_folder()?.join("custom-resources");
    fs::create_dir_all(&folder)
        .with_context(|| format!("could not make the folder {}", folder.display()))?;
    let mut wanted = BTreeSet::new();
    for definer in &DEFINERS {
        let files: Vec<(&str, PathBuf)> = definer.copies(&folder).collect();
        if files.iter().any(|(_, copy)| !copy.exists())
            && let Err(error) = definer.fetch(&files)
        {
            say(&format!(
                "NOT TESTED: objects for {}, whose definitions cannot be had: {error:#}",
                definer.name
            ));
            continue;
        }
        wanted.extend(files.into_iter().map(|(_, copy)| copy));
    }
    remove_all_but(&wanted, &folder)?;
    Ok((!wanted.is_empty()).then_some(folder))
}

impl Definer {
    /// The files, each with what it is called in a folder of ours: the version is a part of it, so that another version is another file.
    fn copies<'a>(&'a self, folder: &'a Path) -> impl Iterator<Item = (&'a str, PathBuf)> {
        let module = self.module.replace('/', "_");
        let copy = move |file: &&'a str| (*file, folder.join(format!("{module}_{file}")));
        self.files.iter().map(copy)
    }

    /// Has Go download the module, and copies the files.
    fn fetch(&self, files: &[(&str, PathBuf)]) -> Result<()> {
        anyhow::ensure!(process::exists("go"), "there is no Go (https://go.dev/dl/)");
        timed(&format!("{} fetched", self.module), || {
            run(Command::new("go").args(["mod", "download", self.module]))
        })?;
        let found =
            output_of(Command::new("go").args(["list", "-m", "-f", "{{.Dir}}", self.module]))?;
        let from = Path::new(found.trim_end()).join(self.folder);
        for (file, copy) in files {
            let file = from.join(file);
            let text =
                fs::read(&file).with_context(|| format!("could not read {}", file.display()))?;
            fs::write(copy, text).with_context(|| format!("could not write {}", copy.display()))?;
        }
        Ok(())
    }
}

/// What is of a version before is no definition that a test may apply.
fn remove_all_but(wanted: &BTreeSet<PathBuf>, folder: &Path) -> Result<()> {
    let doing = || format!("could not tidy up {}", folder.display());
    for entry in fs::read_dir(folder).with_context(doing)? {
        let path = entry.with_context(doing)?.path();
        if !wanted.contains(&path) {
            fs::remove_file(&path).with_context(doing)?;
        }
    }
    Ok(())
}
