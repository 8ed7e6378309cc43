//! A cluster: the one room that talks to it.

mod connection;
mod failure;
mod requests;

use kube::{Client, Discovery};

pub(crate) use self::failure::{Cause, cause};
pub(crate) use self::requests::ApplyWay;
use crate::interruption::Interruption;
use crate::object_id::ObjectId;

/// A cluster that answers, and what it serves.
pub(crate) struct Cluster {
    client: Client,
    discovery: Discovery,
    interruption: Interruption,
    /// Which one it is.
    pub(crate) place: Place,
}

/// Which cluster it is, and as whom we are there.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// The context of the kubeconfig.
    pub(crate) context: String,
    /// Where it listens.
    pub(crate) server: String,
    /// As whom we ask.
    pub(crate) user: String,
}

impl Cluster {
    /// Whether it serves objects of this kind.
    pub(crate) fn serves(&self, id: &ObjectId) -> bool {
        self.resource(id).is_some()
    }
}
