//! What can be wrong with an application's manifest.

use std::path::PathBuf;

/// Why a manifest was refused, or could not be filled with values.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The manifest could not be opened. Check the path.
    #[error("cannot read the manifest {}", path.display())]
    Read {
        /// The file that was asked for.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The text is not TOML, or a field is unknown, missing or of the wrong type.
    #[error("line {line}: {message}")]
    Syntax {
        /// The line, counted from 1.
        line: usize,
        /// What the parser expected.
        message: String,
    },
    /// The manifest is of a version other than 2.
    #[error("spin_manifest_version is {found}, and only 2 is read")]
    Version {
        /// The version in the file.
        found: u32,
    },
    /// The manifest uses a part of Spin's format that is outside the supported subset.
    #[error("{place}: {feature} is not supported; {instead}")]
    Unsupported {
        /// The table that uses it.
        place: String,
        /// What it uses.
        feature: &'static str,
        /// What to write instead.
        instead: &'static str,
    },
    /// A component id is not in kebab-case, or a variable is not in `snake_case`.
    #[error("{kind} {name:?} is not in {case}")]
    Name {
        /// What is named: a component, a variable.
        kind: &'static str,
        /// The name as written.
        name: String,
        /// The form it must have.
        case: &'static str,
    },
    /// A variable is both required and has a default, or neither.
    #[error("variable {name:?} needs either `required = true` or a `default`, and not both")]
    VariableKind {
        /// The variable.
        name: String,
    },
    /// An entry of a component's `files` or `exclude_files` names what is not there, or leads out of the manifest's folder.
    #[error("cannot use {entry:?} of `files`")]
    Files {
        /// The entry as written.
        entry: String,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A component that was asked for is not in the application.
    #[error("there is no component {name:?}; there are {}", known.join(", "))]
    NoComponent {
        /// What was asked for.
        name: String,
        /// The components that there are.
        known: Vec<String>,
    },
    /// A trigger names a component that the manifest does not define.
    #[error(
        "the trigger of route {route:?} names the component {component:?}, which is not defined"
    )]
    UnknownComponent {
        /// The trigger's route.
        route: String,
        /// The component it names.
        component: String,
    },
    /// A template names a variable that the manifest does not declare.
    #[error(
        "{place}: the template {template:?} names {variable:?}, which [variables] does not declare"
    )]
    UnknownVariable {
        /// Where the template stands.
        place: String,
        /// The template.
        template: String,
        /// The variable it names.
        variable: String,
    },
    /// A template has `{{` without `}}`, or something other than a name between them.
    #[error("{place}: the template {template:?} {problem}")]
    Template {
        /// Where the template stands.
        place: String,
        /// The template.
        template: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Required variables have no value. Each can be given on the command line or in the environment.
    #[error("no provider resolved required variable(s): {}", names.join(", "))]
    MissingVariables {
        /// Their names, in order.
        names: Vec<String>,
    },
    /// An entry of `allowed_outbound_hosts` is not `scheme://host[:port]`.
    #[error("allowed_outbound_hosts entry {entry:?} {problem}")]
    AllowedHost {
        /// The entry, with its variables filled in.
        entry: String,
        /// What is wrong with it.
        problem: &'static str,
    },
}
