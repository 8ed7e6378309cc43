//! What is said and done where a stack is not as it should be, and what moto does not know: outputs, replaced and kept resources.

use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::cloud::PLAIN;
use crate::program::{Place, Run, on_aws};
use crate::scripted::{Scripted, refusal};

const ID: &str = "arn:aws:cloudformation:us-east-1:123456789012:stack/kindred-dev/1";

/// A stack with a status, and with the outputs that it has.
fn stack(status: &str) -> String {
    format!(
        "<Stacks><member><StackId>{ID}</StackId><StackName>kindred-dev</StackName><StackStatus>{status}</StackStatus><Outputs>\
        <member><OutputKey>IndexBucket</OutputKey><OutputValue>kindred</OutputValue></member>\
        <member><OutputKey>SiteBucket</OutputKey><OutputValue>kindred-dev-site</OutputValue></member>\
        </Outputs></member></Stacks>"
    )
}

/// Events, of which the newest stands first: of what, how it is, and why.
fn events(events: &[[&str; 3]]) -> String {
    let members = events.iter().enumerate().map(|(event_idx, [resource, status, reason])| {
        let number = events.len() - event_idx;
        let physical = if *resource == "kindred-dev" { ID } else { "physical" };
        format!(
            "<member><StackId>{ID}</StackId><EventId>{number}</EventId><StackName>kindred-dev</StackName><LogicalResourceId>{resource}</LogicalResourceId>\
            <PhysicalResourceId>{physical}</PhysicalResourceId><ResourceType>Kind</ResourceType><Timestamp>2026-11-22T00:00:00Z</Timestamp>\
            <ResourceStatus>{status}</ResourceStatus><ResourceStatusReason>{reason}</ResourceStatusReason></member>"
        )
    });
    format!("<StackEvents>{}</StackEvents>", members.collect::<String>())
}

fn change(action: &str, resource: &str, more: &str) -> String {
    format!(
        "<member><Type>Resource</Type><ResourceChange><Action>{action}</Action><LogicalResourceId>{resource}</LogicalResourceId>\
        <ResourceType>Kind</ResourceType>{more}</ResourceChange></member>"
    )
}

fn change_set(status: &str, content: &str) -> String {
    format!("<ChangeSetId>change-set</ChangeSetId><Status>{status}</Status>{content}")
}

fn made() -> String {
    format!("<Id>change-set</Id><StackId>{ID}</StackId>")
}

/// Runs a command against a service of one's own.
fn run(script: &[(&'static str, Vec<String>)], args: &[&str]) -> (Run, Scripted) {
    let scripted = Scripted::answering(script.iter().cloned().collect());
    let place = Place::new(PLAIN);
    let args = [&["cloud"], args, &["--env", "dev"]].concat();
    let run = Run::of(&mut on_aws(&place, &scripted.endpoint, &args));
    (run, scripted)
}

#[test]
fn a_stack_that_cannot_be_changed_is_left_alone_and_it_is_said_what_to_do() {
    for (status, ends_with, expected) in [
        (
            "ROLLBACK_COMPLETE",
            4,
            "the stack `kindred-dev` is ROLLBACK_COMPLETE, and can only be deleted: run `infra cloud destroy --env dev`, then this again",
        ),
        ("DELETE_FAILED", 4, "can only be deleted"),
        (
            "UPDATE_ROLLBACK_FAILED",
            4,
            "`aws cloudformation continue-update-rollback --stack-name kindred-dev`",
        ),
        (
            "UPDATE_IN_PROGRESS",
            7,
            "the stack `kindred-dev` is UPDATE_IN_PROGRESS: wait until that is over",
        ),
    ] {
        for command in ["plan", "apply"] {
            let (run, scripted) = run(&[("DescribeStacks", vec![stack(status)])], &[command]);
            assert_eq!(run.status, Some(ends_with), "{status}: {}", run.stderr);
            assert!(run.stderr.contains(expected), "{status}: {}", run.stderr);
            assert_eq!(scripted.asked(), ["DescribeStacks"]);
        }
    }
    let (run, scripted) = run(
        &[("DescribeStacks", vec![stack("UPDATE_IN_PROGRESS")])],
        &["destroy", "--yes"],
    );
    assert_eq!(run.status, Some(7), "{}", run.stderr);
    assert_eq!(scripted.asked(), ["DescribeStacks"]);
}

#[test]
fn changes_are_told_page_by_page_with_what_is_replaced() {
    let replaced = "<Replacement>True</Replacement><Details>\
        <member><Target><Attribute>Properties</Attribute><Name>RepositoryName</Name></Target></member>\
        <member><Target><Attribute>Tags</Attribute></Target></member></Details>";
    let first = format!(
        "<Changes>{}{}</Changes><NextToken>2</NextToken>",
        change("Modify", "HostRepository", replaced),
        change(
            "Modify",
            "Fallback",
            "<Replacement>Conditional</Replacement>"
        ),
    );
    let second = format!("<Changes>{}</Changes>", change("Import", "IndexBucket", ""));
    let (run, scripted) = run(
        &[
            ("DescribeStacks", vec![stack("UPDATE_COMPLETE")]),
            ("CreateChangeSet", vec![made()]),
            (
                "DescribeChangeSet",
                vec![
                    change_set("CREATE_IN_PROGRESS", ""),
                    change_set("CREATE_COMPLETE", &first),
                    change_set("CREATE_COMPLETE", &second),
                ],
            ),
            ("DeleteChangeSet", vec![String::new()]),
        ],
        &["plan", "--detailed-exitcode"],
    );
    assert_eq!(run.status, Some(2), "{}", run.stderr);
    assert_eq!(
        run.stdout,
        "modify  HostRepository (Kind): RepositoryName, Tags; is replaced\n\
        modify  Fallback (Kind); may be replaced\n\
        import  IndexBucket (Kind)\n\
        0 to add, 2 to modify, 0 to remove, 1 to import\n"
    );
    assert_eq!(run.stderr, "");
    // The stack was there before, and stays.
    assert_eq!(scripted.asked().last().unwrap(), "DeleteChangeSet");
}

#[test]
fn a_change_set_that_cannot_be_made_is_deleted_and_its_reason_told() {
    let reason = "<StatusReason>Template error: no such thing</StatusReason>";
    let (run, scripted) = run(
        &[
            (
                "DescribeStacks",
                vec![refusal(
                    "ValidationError",
                    "Stack with id kindred-dev does not exist",
                )],
            ),
            ("CreateChangeSet", vec![made()]),
            ("DescribeChangeSet", vec![change_set("FAILED", reason)]),
            ("DeleteChangeSet", vec![String::new()]),
            ("DeleteStack", vec![String::new()]),
        ],
        &["apply", "--yes"],
    );
    assert_eq!(run.status, Some(1), "{}", run.stderr);
    assert_eq!(
        run.stderr,
        "error: the stack `kindred-dev` cannot be changed so: Template error: no such thing\n"
    );
    assert_eq!(scripted.asked()[3..], ["DeleteChangeSet", "DeleteStack"]);
}

/// A change of one resource, up to where it is carried out.
fn one_change(happened: Vec<String>) -> Vec<(&'static str, Vec<String>)> {
    let changes = format!("<Changes>{}</Changes>", change("Modify", "SiteBucket", ""));
    vec![
        ("DescribeStacks", vec![stack("UPDATE_COMPLETE")]),
        ("CreateChangeSet", vec![made()]),
        (
            "DescribeChangeSet",
            vec![change_set("CREATE_COMPLETE", &changes)],
        ),
        ("ExecuteChangeSet", vec![String::new()]),
        ("DescribeStackEvents", happened),
    ]
}

#[test]
fn the_first_resource_that_fails_ends_it_with_its_reason() {
    let before = ["kindred-dev", "UPDATE_COMPLETE", ""];
    let begun = ["kindred-dev", "UPDATE_IN_PROGRESS", "User Initiated"];
    let failed = ["SiteBucket", "UPDATE_FAILED", "Access Denied"];
    let script = one_change(vec![
        events(&[before]),
        events(&[begun, before]),
        events(&[
            ["kindred-dev", "UPDATE_ROLLBACK_IN_PROGRESS", ""],
            failed,
            begun,
            before,
        ]),
    ]);
    let (run, _) = run(&script, &["apply", "--yes", "--output", "json"]);
    assert_eq!(run.status, Some(6), "{}", run.stderr);
    let reason = "SiteBucket (Kind) is UPDATE_FAILED: Access Denied; CloudFormation takes back what was done";
    assert!(run.stderr.contains(reason), "{}", run.stderr);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines.len(), 5, "{lines:?}");
    assert!(
        lines[3].contains("\"reason\":\"Access Denied\""),
        "{lines:?}"
    );
    assert!(lines[4].contains("\"code\":\"rollout\""), "{lines:?}");
}

#[test]
fn a_change_is_followed_to_its_end() {
    let before = ["kindred-dev", "UPDATE_COMPLETE", ""];
    let begun = ["kindred-dev", "UPDATE_IN_PROGRESS", "User Initiated"];
    let ended = ["kindred-dev", "UPDATE_COMPLETE", ""];
    let script = one_change(vec![
        events(&[before]),
        events(&[begun, before]),
        events(&[ended, ["SiteBucket", "UPDATE_COMPLETE", ""], begun, before]),
    ]);
    let (run, _) = run(&script, &["apply", "--yes"]);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    assert!(
        run.stdout
            .ends_with("IndexBucket            kindred\nSiteBucket             kindred-dev-site\n"),
        "{}",
        run.stdout
    );
    let told: Vec<&str> = run.stderr.lines().collect();
    assert_eq!(told.len(), 3, "{told:?}");
}

#[test]
fn what_was_replaced_and_cannot_be_deleted_does_not_undo_the_change() {
    let before = ["kindred-dev", "UPDATE_COMPLETE", ""];
    let script = one_change(vec![
        events(&[before]),
        events(&[
            ["kindred-dev", "UPDATE_COMPLETE", ""],
            ["HostRepository", "DELETE_FAILED", "it is not empty"],
            ["kindred-dev", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", ""],
            before,
        ]),
    ]);
    let (run, _) = run(&script, &["apply", "--yes"]);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    let told = "DELETE_FAILED       HostRepository (Kind): it is not empty\n";
    assert!(run.stderr.contains(told), "{}", run.stderr);
}

#[test]
fn ctrl_c_leaves_the_change_to_cloudformation() {
    let before = ["kindred-dev", "UPDATE_COMPLETE", ""];
    let begun = ["kindred-dev", "UPDATE_IN_PROGRESS", "User Initiated"];
    let script = one_change(vec![events(&[before]), events(&[begun, before])]);
    let scripted = Scripted::answering(script.into_iter().collect());
    let place = Place::new(PLAIN);
    let args = ["cloud", "apply", "--yes", "--env", "dev"];
    let child = on_aws(&place, &scripted.endpoint, &args)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let is_event = |action: &&String| *action == "DescribeStackEvents";
    while scripted.asked().iter().filter(is_event).count() < 3 {
        sleep(Duration::from_millis(50));
    }
    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(killed.unwrap().success());
    let interrupted = child.wait_with_output().unwrap();
    assert_eq!(interrupted.status.code(), Some(130));
    let said = String::from_utf8(interrupted.stderr).unwrap();
    assert!(
        said.contains("what CloudFormation has begun goes on"),
        "{said}"
    );
}

#[test]
fn outputs_are_told_to_people_and_to_programs() {
    let script = [("DescribeStacks", vec![stack("UPDATE_COMPLETE")])];
    let (text, _) = run(&script, &["outputs"]);
    assert_eq!(
        (text.status, text.stdout.as_str()),
        (
            Some(0),
            "IndexBucket            kindred\nSiteBucket             kindred-dev-site\n"
        )
    );
    let (json, _) = run(&script, &["outputs", "--output", "json"]);
    assert_eq!(
        json.stdout,
        "{\"name\":\"IndexBucket\",\"type\":\"output\",\"value\":\"kindred\"}\n\
        {\"name\":\"SiteBucket\",\"type\":\"output\",\"value\":\"kindred-dev-site\"}\n"
    );
}

#[test]
fn what_stays_when_a_stack_goes_is_told() {
    let before = ["kindred-dev", "UPDATE_COMPLETE", ""];
    let script = [
        ("DescribeStacks", vec![stack("ROLLBACK_COMPLETE")]),
        ("DeleteStack", vec![String::new()]),
        (
            "DescribeStackEvents",
            vec![
                events(&[before]),
                events(&[
                    ["kindred-dev", "DELETE_COMPLETE", ""],
                    ["IndexBucket", "DELETE_SKIPPED", ""],
                    before,
                ]),
            ],
        ),
    ];
    let (run, _) = run(&script, &["destroy", "--yes"]);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    assert_eq!(
        run.stdout,
        "deleted the stack `kindred-dev`\n\
        kept the bucket `kindred` with what is in it\n\
        kept the bucket `kindred-dev-site` with what is in it\n"
    );
}

#[test]
fn a_service_that_refuses_or_is_not_there_is_named() {
    let refused = refusal("AccessDenied", "You are not authorized.");
    let (refused, _) = run(&[("DescribeStacks", vec![refused])], &["plan"]);
    assert_eq!(refused.status, Some(1));
    assert_eq!(
        refused.stderr,
        "error: could not ask for the stack `kindred-dev`: You are not authorized (AccessDenied)\n"
    );
    let place = Place::new(PLAIN);
    let mut command = on_aws(
        &place,
        "http://127.0.0.1:1",
        &["cloud", "plan", "--env", "dev"],
    );
    let absent = Run::of(&mut command);
    assert_eq!(absent.status, Some(1));
    let expected = "error: could not ask for the stack `kindred-dev`: dispatch failure";
    assert!(absent.stderr.starts_with(expected), "{}", absent.stderr);
    let anonymous = Run::of(command.env_remove("AWS_ACCESS_KEY_ID"));
    assert_eq!(anonymous.status, Some(1));
    assert!(
        anonymous.stderr.contains("are there credentials"),
        "{}",
        anonymous.stderr
    );
}

#[test]
fn an_environment_without_a_cloud_is_wrong_input() {
    let place = Place::new("[environments.dev]\n");
    for command in ["render", "plan", "apply", "outputs", "destroy"] {
        let run = place.run(&["cloud", command, "--env", "dev"]);
        assert_eq!(run.status, Some(3), "{command}: {}", run.stderr);
        let expected = "write a table `[environments.dev.cloud]` into the configuration";
        assert!(run.stderr.contains(expected), "{command}: {}", run.stderr);
    }
}
