//! How many replicas there are.

use serde::Deserialize;

use crate::checks;

/// How many replicas there are: `[environments.NAME.scaling]`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Scaling {
    /// Who sees to it. Default: `hpa`.
    pub autoscaler: Autoscaler,
    /// There are at least so many. Default: 2.
    #[serde(deserialize_with = "checks::at_least_one")]
    pub minimum_replicas: u32,
    /// There are at most so many; as many as at least means always as many. Default: 6.
    #[serde(deserialize_with = "checks::at_least_one")]
    pub maximum_replicas: u32,
    /// There are more where they use more of the processors that they are sure to have, in percent. Default: 70.
    #[serde(deserialize_with = "checks::at_least_one")]
    pub cpu_percent: u32,
    /// The same for memory. Default: 80.
    #[serde(deserialize_with = "checks::at_least_one")]
    pub memory_percent: u32,
}

/// Who sees to it that there are enough replicas.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Autoscaler {
    /// A `HorizontalPodAutoscaler` of the cluster itself.
    Hpa,
    /// A `ScaledObject` of KEDA.
    Keda,
}

impl Default for Scaling {
    fn default() -> Self {
        Self {
            autoscaler: Autoscaler::Hpa,
            minimum_replicas: 2,
            maximum_replicas: 6,
            cpu_percent: 70,
            memory_percent: 80,
        }
    }
}

impl Scaling {
    /// Applies the rules that need more than one value.
    pub(super) fn check(&self) -> Result<(), String> {
        let Self {
            minimum_replicas,
            maximum_replicas,
            ..
        } = self;
        if maximum_replicas < minimum_replicas {
            return Err(format!(
                "there cannot be {minimum_replicas} replicas at least and {maximum_replicas} at most"
            ));
        }
        Ok(())
    }
}
