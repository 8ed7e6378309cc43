//! A cluster of EKS with one managed node group, in subnets that are there.

use serde_json::{Value, json};

use super::template::{Template, attribute, name_of, policy, text};
use super::{Stack, roles};
use crate::model::JOB_SERVICE_ACCOUNT;

const CLUSTER: &str = "Cluster";
const NODES: &str = "ClusterNodes";

pub(super) fn write(template: &mut Template, stack: &Stack<'_>) {
    let Some(settings) = &stack.cloud.cluster else {
        return;
    };
    let policies = ["AmazonEKSClusterPolicy"];
    add_service_role(template, "ClusterRole", "eks", &policies);
    let properties = json!({
        "Name": text("${AWS::StackName}"),
        "RoleArn": attribute("ClusterRole", "Arn"),
        "ResourcesVpcConfig": { "SubnetIds": settings.subnets },
        "AccessConfig": {
            "AuthenticationMode": "API",
            "BootstrapClusterCreatorAdminPermissions": true,
        },
    });
    template.add(CLUSTER, "AWS::EKS::Cluster", &properties);

    let policies = [
        "AmazonEKSWorkerNodePolicy",
        "AmazonEKS_CNI_Policy",
        "AmazonEC2ContainerRegistryPullOnly",
    ];
    add_service_role(template, "NodeRole", "ec2", &policies);
    let properties = json!({
        "ClusterName": name_of(CLUSTER),
        "NodeRole": attribute("NodeRole", "Arn"),
        "Subnets": settings.subnets,
        "InstanceTypes": [settings.instance_type],
        "ScalingConfig": {
            "MinSize": settings.minimum_nodes,
            "DesiredSize": settings.minimum_nodes,
            "MaxSize": settings.maximum_nodes,
        },
    });
    template.add(NODES, "AWS::EKS::Nodegroup", &properties);

    // Its agent runs on the nodes and hands out the role of the jobs.
    let properties = json!({
        "AddonName": "eks-pod-identity-agent",
        "ClusterName": name_of(CLUSTER),
    });
    template.add_after(NODES, "PodIdentityAgent", "AWS::EKS::Addon", &properties);
    let properties = json!({
        "ClusterName": name_of(CLUSTER),
        "Namespace": stack.namespace,
        "ServiceAccount": JOB_SERVICE_ACCOUNT,
        "RoleArn": attribute(roles::JOB, "Arn"),
    });
    let kind = "AWS::EKS::PodIdentityAssociation";
    template.add("JobIdentity", kind, &properties);
    if stack.cloud.github.is_some() {
        template.add(
            "DeployAccess",
            "AWS::EKS::AccessEntry",
            &deploy_access_entry(),
        );
    }
    template.tell("ClusterName", "The cluster", &name_of(CLUSTER));
}

/// The cluster's ARN.
pub(super) fn arn() -> Value {
    attribute(CLUSTER, "Arn")
}

/// The namespace and its roles are of the application too, so whoever deploys it administers the cluster.
fn deploy_access_entry() -> Value {
    json!({
        "ClusterName": name_of(CLUSTER),
        "PrincipalArn": attribute(roles::DEPLOY, "Arn"),
        "AccessPolicies": [{
            "PolicyArn": text("arn:${AWS::Partition}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"),
            "AccessScope": { "Type": "cluster" },
        }],
    })
}

/// A role that a service of AWS takes, with policies that AWS keeps.
fn add_service_role(template: &mut Template, id: &str, service: &str, policies: &[&str]) {
    let policies = policies
        .iter()
        .map(|name| text(&format!("arn:${{AWS::Partition}}:iam::aws:policy/{name}")));
    let trust = json!({
        "Effect": "Allow",
        "Principal": { "Service": format!("{service}.amazonaws.com") },
        "Action": "sts:AssumeRole",
    });
    let properties = json!({
        "AssumeRolePolicyDocument": policy(&[trust]),
        "ManagedPolicyArns": policies.collect::<Vec<_>>(),
    });
    template.add(id, "AWS::IAM::Role", &properties);
}
