//! The life of a stack against moto's server (<https://pypi.org/project/moto/>).
//!
//! Moto makes the buckets, repositories, roles and users of a stack, and leaves out what it does not know: `CloudFront`, API Gateway, EKS, bucket policies and
//! the identity provider. It knows no outputs of what was made through change sets, ends at once, never fails, and keeps no resource by
//! `RetainExceptOnCreate`: `cloud_faults.rs` has these.

use crate::cloud::PLAIN;
use crate::moto::Moto;
use crate::program::{Place, Run, on_aws};

#[test]
fn a_stack_is_planned_made_changed_and_deleted() {
    let Some(moto) = Moto::start() else {
        return;
    };
    let check = |place: &Place, args: &[&str], status: i32, expected: &[&str]| {
        let args = [&["cloud"], args, &["--env", "dev"]].concat();
        let run = Run::of(&mut on_aws(place, &moto.endpoint(), &args));
        assert_eq!(run.status, Some(status), "{args:?}: {}", run.stderr);
        for text in expected {
            let said = [run.stdout.as_str(), &run.stderr].concat();
            assert!(said.contains(text), "{args:?}: `{text}` is not in {said}");
        }
    };
    let place = Place::new(PLAIN);
    let there_is_a_bucket = || {
        moto.ask("GET", "/kindred?location")
            .starts_with("HTTP/1.1 200")
    };

    check(
        &place,
        &["destroy", "--yes"],
        0,
        &["there is no stack `kindred-dev`"],
    );
    check(
        &place,
        &["outputs"],
        4,
        &["make it with `infra cloud apply --env dev`"],
    );
    let first = [
        "add     IndexBucket (AWS::S3::Bucket)\n",
        " to add, 0 to modify, 0 to remove\n",
    ];
    check(&place, &["plan"], 0, &first);
    check(&place, &["plan", "--detailed-exitcode"], 2, &first);
    check(&place, &["apply"], 8, &["nobody said yes", "give `--yes`"]);
    check(&place, &["outputs"], 4, &["there is no stack"]);
    assert!(!there_is_a_bucket());

    check(
        &place,
        &["apply", "--yes"],
        0,
        &["CREATE_COMPLETE     kindred-dev"],
    );
    assert!(there_is_a_bucket());
    check(&place, &["apply", "--yes"], 0, &["nothing to change\n"]);
    check(
        &place,
        &["plan", "--detailed-exitcode"],
        0,
        &["nothing to change\n"],
    );

    let github = "github = { repository = \"you/films\", make_provider = false }\n";
    let changed = Place::new(&format!("{PLAIN}{github}"));
    let roles = [
        "add     DeployRole (AWS::IAM::Role)\n",
        "3 to add, 0 to modify, 0 to remove\n",
    ];
    check(&changed, &["plan", "--detailed-exitcode"], 2, &roles);
    check(
        &changed,
        &["apply", "--yes"],
        0,
        &["UPDATE_COMPLETE     kindred-dev"],
    );
    let removed = [
        "remove  PlanRole (AWS::IAM::Role)\n",
        "0 to add, 0 to modify, 3 to remove\n",
    ];
    check(
        &place,
        &["plan", "--output", "json"],
        0,
        &["{\"add\":0,\"import\":0,\"modify\":0,\"remove\":3,\"type\":\"summary\"}\n"],
    );
    check(&place, &["apply", "--yes"], 0, &removed);

    let protected = Place::new("[environments.dev]\nprotected = true\ncloud = {}\n");
    check(
        &protected,
        &["destroy", "--yes"],
        8,
        &["give `--confirm-env dev`"],
    );
    check(
        &protected,
        &["destroy", "--confirm-env", "prod"],
        8,
        &["`--confirm-env prod` is another environment than `dev`"],
    );
    check(
        &protected,
        &["destroy", "--confirm-env", "dev"],
        0,
        &["deleted the stack `kindred-dev`\n"],
    );
    check(&protected, &["plan", "--detailed-exitcode"], 2, &first);
}
