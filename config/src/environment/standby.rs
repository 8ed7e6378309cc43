//! Environments that stand by for another one: what they say is merged with what that one says.

use std::collections::BTreeMap;

use serde::Deserialize as _;
use toml::{Table, Value};

use super::{Environment, EnvironmentName, IndexPlace};

/// What a standby does not have of the other one: where that is, what it alone is asked, and what there is once.
const OWN: [&str; 5] = ["active", "cloud", "context", "namespace", "standby_of"];

/// An environment as it is with what it has of the one that it stands by for.
pub(super) fn inherited(own: &Table, primary: &Table) -> Result<Environment, String> {
    let mut merged = primary.clone();
    merged.retain(|key, _| !OWN.contains(&key));
    lay_over(&mut merged, own);
    Environment::deserialize(merged).map_err(|error| error.message().to_owned())
}

fn lay_over(table: &mut Table, over: &Table) {
    for (key, value) in over {
        match (table.get_mut(key), value) {
            (Some(Value::Table(table)), Value::Table(over)) => lay_over(table, over),
            _ => {
                table.insert(key.clone(), value.clone());
            }
        }
    }
}

/// Applies the rules of environments that stand by for others.
pub(super) fn check(
    name: &EnvironmentName,
    environment: &Environment,
    all: &BTreeMap<EnvironmentName, Environment>,
) -> Result<(), String> {
    if let Some(active) = &environment.active {
        let stands_by = |other: &Environment| other.standby_of.as_ref() == Some(name);
        if active != name && !all.get(active).is_some_and(stands_by) {
            return Err(format!(
                "`active` is `{active}`, which is neither itself nor an environment with `standby_of = \"{name}\"`"
            ));
        }
    }
    let Some(primary_name) = &environment.standby_of else {
        return Ok(());
    };
    let Some(primary) = all.get(primary_name) else {
        return Err(format!("`standby_of` names no environment: {primary_name}"));
    };
    if primary.standby_of.is_some() || primary_name == name {
        return Err(format!(
            "`{primary_name}` stands by itself: write in `standby_of` the one that it stands by for"
        ));
    }
    if environment.context.is_none() || environment.context == primary.context {
        return Err(format!(
            "it stands by for `{primary_name}` on another cluster: write its `context`"
        ));
    }
    if environment.active.is_some() {
        return Err(format!("which one is active is said in `{primary_name}`"));
    }
    let database = environment.database.as_ref();
    if database.is_some_and(|database| database.cluster.is_some()) {
        return Err(format!(
            "its `database.cluster` would be another one than that of `{primary_name}`, without what is in it: give both the `url` of one that is elsewhere"
        ));
    }
    if environment.index == IndexPlace::Volume {
        return Err(
            "what stands by reads the bucket of the other one, and a volume is in one cluster: write `index = \"s3\"` or \"sealed\""
                .to_owned(),
        );
    }
    Ok(())
}
