//! A cluster of EKS with one managed node group, in subnets that are there, and with the add-ons without which no volume, no autoscaler and no job works.

use serde_json::{Value, json};

use super::template::{Template, attribute, name_of, policy, text};
use super::{Stack, roles};
use crate::model::JOB_SERVICE_ACCOUNT;

const CLUSTER: &str = "Cluster";
const NODES: &str = "ClusterNodes";
const POD_IDENTITY: &str = "PodIdentityAgent";
const VOLUME_ROLE: &str = "VolumeRole";

/// Who the pods are that make volumes, and their namespace (<https://docs.aws.amazon.com/eks/latest/userguide/ebs-csi.html>).
const VOLUME_SERVICE_ACCOUNT: &str = "ebs-csi-controller-sa";
const VOLUME_NAMESPACE: &str = "kube-system";

pub(super) fn write(template: &mut Template, stack: &Stack<'_>) {
    let Some(settings) = &stack.cloud.cluster else {
        return;
    };
    let policies = ["AmazonEKSClusterPolicy"];
    add_role(template, "ClusterRole", &by_service("eks"), &policies);
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
    add_role(template, "NodeRole", &by_service("ec2"), &policies);
    let properties = json!({
        "ClusterName": name_of(CLUSTER),
        "NodeRole": attribute("NodeRole", "Arn"),
        "Subnets": settings.subnets,
        "AmiType": ami_type(&settings.instance_type),
        "InstanceTypes": [settings.instance_type],
        // By it the shim finds the nodes that run functions.
        "Labels": { "spin": "true" },
        "ScalingConfig": {
            "MinSize": settings.minimum_nodes,
            "DesiredSize": settings.minimum_nodes,
            "MaxSize": settings.maximum_nodes,
        },
    });
    template.add(NODES, "AWS::EKS::Nodegroup", &properties);

    add_addons(template);
    let properties = json!({
        "ClusterName": name_of(CLUSTER),
        "Namespace": stack.namespace,
        "ServiceAccount": JOB_SERVICE_ACCOUNT,
        "RoleArn": attribute(roles::JOB, "Arn"),
    });
    let kind = "AWS::EKS::PodIdentityAssociation";
    template.add("JobIdentity", kind, &properties);
    if stack.cloud.github.is_some() {
        let kind = "AWS::EKS::AccessEntry";
        // The namespace is of the application too, so whoever deploys it administers the cluster.
        let scope = json!({ "Type": "cluster" });
        let entry = access_entry(roles::DEPLOY, "AmazonEKSClusterAdminPolicy", &scope);
        template.add("DeployAccess", kind, &entry);
        // Secrets and kinds of operators are compared too, which no narrower policy shows.
        let scope = json!({ "Type": "namespace", "Namespaces": [stack.namespace] });
        let entry = access_entry(roles::PLAN, "AmazonEKSAdminViewPolicy", &scope);
        template.add("PlanAccess", kind, &entry);
    }
    template.tell("ClusterName", "The cluster", &name_of(CLUSTER));
}

/// The add-ons, each in the version that EKS has for the cluster's.
fn add_addons(template: &mut Template) {
    let mut add = |after: &str, id: &str, name: &str, more: Value| {
        let mut properties = more;
        properties["AddonName"] = json!(name);
        properties["ClusterName"] = name_of(CLUSTER);
        template.add_after(after, id, "AWS::EKS::Addon", &properties);
    };
    // Its agent runs on the nodes and hands out the roles of pods.
    add(NODES, POD_IDENTITY, "eks-pod-identity-agent", json!({}));
    add(NODES, "Metrics", "metrics-server", json!({}));
    // EKS makes no volumes by itself, and has no class of them that is the default.
    let storage_class = json!({ "defaultStorageClass": { "enabled": true } });
    let settings = json!({
        "ConfigurationValues": storage_class.to_string(),
        "PodIdentityAssociations": [{
            "ServiceAccount": VOLUME_SERVICE_ACCOUNT,
            "RoleArn": attribute(VOLUME_ROLE, "Arn"),
        }],
    });
    add(POD_IDENTITY, "Volumes", "aws-ebs-csi-driver", settings);
    let trust = roles::by_pods(VOLUME_NAMESPACE);
    let policies = ["AmazonEBSCSIDriverPolicyV2"];
    add_role(template, VOLUME_ROLE, &trust, &policies);
}

/// Amazon Linux 2023 for the processors of an instance type: Graviton has a `g` behind the generation, as in `m7g.large`
/// (<https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html>).
fn ami_type(instance_type: &str) -> &'static str {
    let family = instance_type.split('.').next().unwrap_or_default();
    let generation = family.find(|letter: char| letter.is_ascii_digit());
    match generation {
        Some(start) if family[start..].contains('g') => "AL2023_ARM_64_STANDARD",
        _ => "AL2023_x86_64_STANDARD",
    }
}

/// The cluster's ARN.
pub(super) fn arn() -> Value {
    attribute(CLUSTER, "Arn")
}

/// What a role may do in the cluster (<https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html>).
fn access_entry(role: &str, policy: &str, scope: &Value) -> Value {
    let policy = format!("arn:${{AWS::Partition}}:eks::aws:cluster-access-policy/{policy}");
    json!({
        "ClusterName": name_of(CLUSTER),
        "PrincipalArn": attribute(role, "Arn"),
        "AccessPolicies": [{ "PolicyArn": text(&policy), "AccessScope": scope }],
    })
}

fn by_service(service: &str) -> Value {
    json!({
        "Effect": "Allow",
        "Principal": { "Service": format!("{service}.amazonaws.com") },
        "Action": "sts:AssumeRole",
    })
}

/// A role with policies that AWS keeps.
fn add_role(template: &mut Template, id: &str, trust: &Value, policies: &[&str]) {
    let policies = policies
        .iter()
        .map(|name| text(&format!("arn:${{AWS::Partition}}:iam::aws:policy/{name}")));
    let properties = json!({
        "AssumeRolePolicyDocument": policy(std::slice::from_ref(trust)),
        "ManagedPolicyArns": policies.collect::<Vec<_>>(),
    });
    template.add(id, "AWS::IAM::Role", &properties);
}

#[cfg(test)]
mod tests {
    use super::ami_type;

    #[test]
    fn nodes_of_graviton_get_its_image() {
        for (instance_type, expected) in [
            ("m7i.large", "AL2023_x86_64_STANDARD"),
            ("g6.xlarge", "AL2023_x86_64_STANDARD"),
            ("c7a.medium", "AL2023_x86_64_STANDARD"),
            ("m7g.large", "AL2023_ARM_64_STANDARD"),
            ("t4g.medium", "AL2023_ARM_64_STANDARD"),
            ("r8gd.large", "AL2023_ARM_64_STANDARD"),
            ("im4gn.large", "AL2023_ARM_64_STANDARD"),
        ] {
            assert_eq!(ami_type(instance_type), expected, "{instance_type}");
        }
    }
}
