//! The stack's template, and what `cfn-lint` says of it (<https://pypi.org/project/cfn-lint/>).

use std::process::Command;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::program::{Place, tool};

/// The longest template that a request may carry
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>).
const MAXIMUM_TEMPLATE_LEN_BYTES: usize = 51_200;

/// Nothing said but that there is something.
pub(crate) const PLAIN: &str = "[environments.dev.cloud]\n";

/// Everything said.
const FULL: &str = r#"
[environments.prod]
protected = true
[environments.prod.storage]
bucket = "films-index"
region = "eu-central-1"
prefix = "indexes"
[environments.prod.application]
host_image = "ghcr.io/example/host:1"
[environments.prod.cloud]
public_index = true
[environments.prod.cloud.domain]
name = "films.example.org"
certificate = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"
[environments.prod.cloud.api]
host = "api.example.org"
standby = "standby.example.org"
gateway = true
[environments.prod.cloud.github]
repository = "you@1/films@2"
[environments.prod.cloud.cluster]
subnets = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
"#;

/// The functions behind a load balancer, in an account that knows GitHub already.
const BALANCED: &str = r#"
[environments.test.cloud]
stack = "films"
[environments.test.cloud.api]
host = "api.example.org"
[environments.test.cloud.github]
repository = "you/films"
make_provider = false
"#;

const ALL: [(&str, &str); 3] = [(PLAIN, "dev"), (FULL, "prod"), (BALANCED, "test")];

fn rendered(environments: &str, name: &str) -> String {
    let run = Place::new(environments).run(&["cloud", "render", "--env", name]);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    run.stdout
}

#[test]
fn what_every_stack_has() {
    assert_snapshot!("cloud_plain", rendered(PLAIN, "dev"));
}

#[test]
fn what_a_stack_can_have() {
    assert_snapshot!("cloud_full", rendered(FULL, "prod"));
}

#[test]
fn what_a_stack_has_for_functions_elsewhere() {
    assert_snapshot!("cloud_balanced", rendered(BALANCED, "test"));
}

#[test]
fn jobs_and_the_workflow_read_the_buckets_of_what_index_files_are_built_of() {
    let environments = "\
        [environments.dev.jobs]\nimage = \"ghcr.io/you/precompute:1\"\ndata = \"s3://exports/films\"\n\
        [environments.dev.cloud.github]\nrepository = \"you/films\"\n\
        [collections.shop]\ntitle = \"Shop\"\nsource = \"s3://orders\"\n";
    let template: Value = serde_json::from_str(&rendered(environments, "dev")).unwrap();
    for role in ["JobRole", "DataRole"] {
        let policies = &template["Resources"][role]["Properties"]["Policies"];
        let expected = json!({
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:ListBucket"],
            "Resource": [
                { "Fn::Sub": "arn:${AWS::Partition}:s3:::exports/films*" },
                { "Fn::Sub": "arn:${AWS::Partition}:s3:::exports" },
                { "Fn::Sub": "arn:${AWS::Partition}:s3:::orders/*" },
                { "Fn::Sub": "arn:${AWS::Partition}:s3:::orders" },
            ],
        });
        assert_eq!(
            policies[0]["PolicyDocument"]["Statement"][1], expected,
            "{role}"
        );
    }
}

/// The role of the workflow may not change roles: what changed its own could not be brought by it.
#[test]
fn no_role_changes_by_what_the_workflow_may_bring() {
    let more = "standby = \"standby.example.org\"\ngateway = true\n\
        [environments.test.cloud.domain]\nname = \"films.example.org\"\n\
        certificate = \"arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000\"\n";
    let api = "host = \"api.example.org\"\n";
    let changed = BALANCED.replacen(api, &format!("{api}{more}"), 1).replacen(
        "stack =",
        "public_index = true\nstack =",
        1,
    );
    let [before, after] = [BALANCED, changed.as_str()].map(|environments| {
        let template: Value = serde_json::from_str(&rendered(environments, "test")).unwrap();
        template["Resources"].as_object().unwrap().clone()
    });
    for added in ["Gateway", "WithoutBucket", "Pointer"] {
        assert!(
            !before.contains_key(added) && after.contains_key(added),
            "{added}"
        );
    }
    for (id, resource) in &after {
        if resource["Type"].as_str().unwrap().starts_with("AWS::IAM::") {
            assert_eq!(before.get(id), Some(resource), "{id}");
        }
    }
}

/// What is posted goes to the first origin alone.
#[test]
fn the_functions_that_are_active_are_asked_first() {
    let api = "[environments.dev.cloud.api]\nhost = \"api.example.org\"\nstandby = \"west.example.org\"\n";
    let standby = "[environments.west]\nstandby_of = \"dev\"\ncontext = \"west\"\n";
    for (active, expected) in [
        ("", ["api.example.org", "west.example.org"]),
        (
            "[environments.dev]\nactive = \"west\"\n",
            ["west.example.org", "api.example.org"],
        ),
    ] {
        let template = rendered(&format!("{active}{api}{standby}"), "dev");
        let origins = template.lines().map(str::trim);
        let origins = origins.filter_map(|line| line.strip_prefix("\"DomainName\": \""));
        let origins: Vec<&str> = origins.map(|line| line.trim_end_matches("\",")).collect();
        assert_eq!(origins, expected);
    }
}

#[test]
fn a_template_is_the_same_again_and_fits_into_a_request() {
    for (environments, name) in ALL {
        let template = rendered(environments, name);
        assert_eq!(template, rendered(environments, name));
        assert!(template.len() <= MAXIMUM_TEMPLATE_LEN_BYTES, "{name}");
    }
}

/// The page has a policy of its own, for where no headers are sent. Both hold where both are there, so what the page needs has to stand in both.
#[test]
fn the_site_allows_what_the_page_needs() {
    let page = include_str!("../../../web/index.html");
    let (_, policy) = page
        .split_once("Content-Security-Policy\" content=\"")
        .unwrap();
    let (policy, _) = policy.split_once('"').unwrap();
    let template = rendered(PLAIN, "dev");
    for directive in policy.split("; ") {
        let is_narrower = directive.starts_with("connect-src");
        assert!(is_narrower || template.contains(directive), "{directive}");
    }
}

/// Wherever the page is put up, it comes with the same headers.
#[test]
fn netlify_sends_the_headers_that_cloudfront_does() {
    let netlify = include_str!("../../../netlify.toml");
    let template: Value = serde_json::from_str(&rendered(PLAIN, "dev")).unwrap();
    let headers = &template["Resources"]["ResponseHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
        ["SecurityHeadersConfig"];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let transport = &headers["StrictTransportSecurity"]["AccessControlMaxAgeSec"];
    for line in [
        format!(
            "Content-Security-Policy = \"{}\"",
            text(&headers["ContentSecurityPolicy"]["ContentSecurityPolicy"])
        ),
        format!(
            "Referrer-Policy = \"{}\"",
            text(&headers["ReferrerPolicy"]["ReferrerPolicy"])
        ),
        format!("Strict-Transport-Security = \"max-age={transport}\""),
        format!(
            "X-Frame-Options = \"{}\"",
            text(&headers["FrameOptions"]["FrameOption"])
        ),
    ] {
        assert!(netlify.lines().any(|written| written == line), "{line}");
    }
}

#[test]
fn cfn_lint_finds_nothing() {
    let Some(cfn_lint) = tool("KINDRED_CFN_LINT", "cfn-lint") else {
        return;
    };
    for (environments, name) in ALL {
        let place = Place::new(environments);
        let path = place.path("template.json");
        std::fs::write(&path, rendered(environments, name)).unwrap();
        let region = if name == "prod" {
            "eu-central-1"
        } else {
            "us-east-1"
        };
        let output = Command::new(&cfn_lint)
            .args(["--regions", region, "--include-checks", "I", "--"])
            .arg(&path)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{name}:\n{said}");
    }
}
