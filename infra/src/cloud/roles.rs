//! Who may do what: GitHub's workflows, the jobs and the functions. Names are left to `CloudFormation`, so that a role can be replaced; outputs have the ARNs.

use config::GitHub;
use serde_json::{Value, json};

use super::template::{Template, attribute, name_of, policy, text};
use super::{Stack, buckets, cluster, distribution, gateway, repositories};

/// Who vouches for GitHub's workflows (<https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws>).
const ISSUER: &str = "token.actions.githubusercontent.com";

/// Whom its tokens are for.
const AUDIENCE: &str = "sts.amazonaws.com";

/// What deploys.
pub(super) const DEPLOY: &str = "DeployRole";

/// What looks at what would change.
pub(super) const PLAN: &str = "PlanRole";

/// What the jobs are.
pub(super) const JOB: &str = "JobRole";

/// What builds index files where no cluster has jobs.
const DATA: &str = "DataRole";

/// How long a run of it may take: as long as GitHub lets a job run.
const DATA_SESSION_S: u32 = 6 * 60 * 60;

/// What the functions sign as.
const FUNCTIONS: &str = "FunctionsUser";

/// This stack.
const STACK_ARN: &str = "arn:${AWS::Partition}:cloudformation:${AWS::Region}:${AWS::AccountId}:stack/${AWS::StackName}/*";

pub(super) fn write(template: &mut Template, stack: &Stack<'_>) {
    if let Some(github) = &stack.cloud.github {
        add_workflows(template, stack, github);
    }
    let trust = by_pods(&stack.namespace);
    add_role(template, JOB, &trust, &job_access(stack));
    template.tell("JobRoleArn", "What the jobs are", &attribute(JOB, "Arn"));
    // Functions have no role to take, so somebody makes them a key: it would stand in the stack's outputs if the stack made it.
    let properties = json!({ "Policies": [{
        "PolicyName": "index",
        "PolicyDocument": policy(&[allow(&["s3:GetObject"], &buckets::index_objects(stack))]),
    }] });
    template.add(FUNCTIONS, "AWS::IAM::User", &properties);
    template.tell(
        FUNCTIONS,
        "Whose access key the functions sign with, made by `aws iam create-access-key`",
        &name_of(FUNCTIONS),
    );
}

fn add_workflows(template: &mut Template, stack: &Stack<'_>, github: &GitHub) {
    if github.make_provider {
        let properties = json!({
            "Url": format!("https://{ISSUER}"),
            "ClientIdList": [AUDIENCE],
        });
        template.add("GitHubProvider", "AWS::IAM::OIDCProvider", &properties);
    }
    let repository = &github.repository;
    let of_environment = |name: &str| format!("repo:{repository}:environment:{name}");
    let name = stack.environment_name;
    let trust = by_workflows(github, &of_environment(name));
    add_role(template, DEPLOY, &trust, &deploy_access(stack));
    // A run of every night cannot wait until somebody agrees, as whoever deploys may have to.
    let trust = by_workflows(github, &of_environment(&format!("{name}-data")));
    add_role(template, DATA, &trust, &job_access(stack));
    template.set(DATA, "MaxSessionDuration", &json!(DATA_SESSION_S));
    let trust = by_workflows(github, &of_environment("plan"));
    add_role(template, PLAN, &trust, &plan_access(stack));
    let description = "What the workflows of this environment are";
    template.tell("DeployRoleArn", description, &attribute(DEPLOY, "Arn"));
    let description = "What the workflow is that builds index files";
    template.tell("DataRoleArn", description, &attribute(DATA, "Arn"));
    let description = "What the workflows of pull requests are";
    template.tell("PlanRoleArn", description, &attribute(PLAN, "Arn"));
}

fn add_role(template: &mut Template, id: &str, trust: &Value, statements: &[Value]) {
    let properties = json!({
        "AssumeRolePolicyDocument": policy(std::slice::from_ref(trust)),
        "Policies": [{ "PolicyName": "access", "PolicyDocument": policy(statements) }],
    });
    template.add(id, "AWS::IAM::Role", &properties);
}

fn allow(actions: &[&str], resource: &Value) -> Value {
    json!({ "Effect": "Allow", "Action": actions, "Resource": resource })
}

/// A token of exactly this subject: which repository, and which environment.
fn by_workflows(github: &GitHub, subject: &str) -> Value {
    let provider = if github.make_provider {
        attribute("GitHubProvider", "Arn")
    } else {
        text(&format!(
            "arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:oidc-provider/{ISSUER}"
        ))
    };
    json!({
        "Effect": "Allow",
        "Principal": { "Federated": provider },
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": { "StringEquals": {
            format!("{ISSUER}:aud"): AUDIENCE,
            format!("{ISSUER}:sub"): subject,
        } },
    })
}

/// Pods of a namespace (<https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html>).
pub(super) fn by_pods(namespace: &str) -> Value {
    json!({
        "Effect": "Allow",
        "Principal": { "Service": "pods.eks.amazonaws.com" },
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Condition": { "StringEquals": {
            "aws:SourceAccount": name_of("AWS::AccountId"),
            "aws:RequestTag/kubernetes-namespace": namespace,
        } },
    })
}

/// Reading, writing and deleting what is in the bucket of the index, reading what it is built of, and nothing else.
fn job_access(stack: &Stack<'_>) -> Vec<Value> {
    let objects = [
        "s3:GetObject",
        "s3:PutObject",
        "s3:DeleteObject",
        "s3:AbortMultipartUpload",
    ];
    let mut access = allow(&objects, &buckets::index_objects(stack));
    access["Resource"] = json!([access["Resource"], attribute(buckets::INDEX, "Arn")]);
    // Each of the actions is of objects or of the bucket, so that one list says all.
    access["Action"] = json!([&objects[..], &["s3:ListBucket"]].concat());
    let mut access = vec![access];
    if !stack.sources.is_empty() {
        let arns = stack.sources.iter().flat_map(|(bucket, prefix)| {
            let bucket = format!("arn:${{AWS::Partition}}:s3:::{bucket}");
            [text(&format!("{bucket}/{prefix}*")), text(&bucket)]
        });
        let arns = json!(arns.collect::<Vec<_>>());
        access.push(allow(&["s3:GetObject", "s3:ListBucket"], &arns));
    }
    access
}

/// What tells what would change.
const PLAN_ACTIONS: [&str; 5] = [
    "cloudformation:CreateChangeSet",
    "cloudformation:DeleteChangeSet",
    "cloudformation:DescribeChangeSet",
    "cloudformation:DescribeStacks",
    "cloudformation:TagResource",
];

/// What a release needs, and the changes of the stack that are not of roles or of the cluster: who may change roles may be any of them, so that is left to people.
///
/// It is the same whatever of the rest is asked for, or what brings that would have to change it.
fn deploy_access(stack: &Stack<'_>) -> Vec<Value> {
    let everything = json!("*");
    let both_buckets = json!([
        attribute(buckets::INDEX, "Arn"),
        attribute(buckets::SITE, "Arn"),
    ]);
    let bucket_settings = [
        "s3:GetBucket*",
        "s3:PutBucket*",
        "s3:GetEncryptionConfiguration",
        "s3:PutEncryptionConfiguration",
        "s3:GetLifecycleConfiguration",
        "s3:PutLifecycleConfiguration",
    ];
    let functions = [
        "cloudfront:CreateFunction",
        "cloudfront:DeleteFunction",
        "cloudfront:PublishFunction",
        "cloudfront:TagResource",
        "cloudfront:UntagResource",
        "cloudfront:UpdateFunction",
    ];
    // Their ARNs have ids, which nobody knows before they are there.
    let policies = [
        "cloudfront:Get*",
        "cloudfront:List*",
        "cloudfront:CreateCachePolicy",
        "cloudfront:DeleteCachePolicy",
        "cloudfront:DescribeFunction",
        "cloudfront:UpdateCachePolicy",
        "cloudfront:UpdateOriginAccessControl",
        "cloudfront:UpdateResponseHeadersPolicy",
    ];
    let mut access = vec![
        allow(&PLAN_ACTIONS, &text(STACK_ARN)),
        allow(
            &[
                "cloudformation:DescribeStackEvents",
                "cloudformation:ExecuteChangeSet",
            ],
            &text(STACK_ARN),
        ),
        allow(&["s3:ListBucket"], &attribute(buckets::SITE, "Arn")),
        allow(
            &["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
            &buckets::objects(buckets::SITE),
        ),
        allow(&bucket_settings, &both_buckets),
        allow(
            &[
                "cloudfront:CreateInvalidation",
                "cloudfront:TagResource",
                "cloudfront:UntagResource",
                "cloudfront:UpdateDistribution",
            ],
            &distribution::arn(),
        ),
        allow(&functions, &distribution::functions_arn()),
        allow(&policies, &everything),
        allow(&["ecr:*"], &json!(repositories::arns())),
        allow(&["ecr:GetAuthorizationToken"], &everything),
    ];
    // Also where there is no gateway yet: with it this role would change, which it may not itself.
    if stack.cloud.api.is_some() {
        // Making one asks for `apigateway:TagResource`, which is in no list of actions.
        access.push(allow(&["apigateway:*"], &json!(gateway::arns())));
    }
    if stack.cloud.cluster.is_some() {
        access.push(allow(&["eks:DescribeCluster"], &cluster::arn()));
    }
    access
}

/// A change set that is looked at and thrown away again, and the way to the cluster, which says itself what may be read there.
fn plan_access(stack: &Stack<'_>) -> Vec<Value> {
    let mut access = vec![allow(&PLAN_ACTIONS, &text(STACK_ARN))];
    if stack.cloud.cluster.is_some() {
        access.push(allow(&["eks:DescribeCluster"], &cluster::arn()));
    }
    access
}
