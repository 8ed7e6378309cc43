//! The life of a stack against moto's server (<https://pypi.org/project/moto/>).
//!
//! Moto makes the buckets, repositories, roles and users of a stack, and leaves out what it does not know: `CloudFront`, API Gateway, EKS, bucket policies and
//! the identity provider. It knows no outputs of what was made through change sets, ends at once, never fails, and keeps no resource by
//! `RetainExceptOnCreate`: `cloud_faults.rs` has these.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::cloud::PLAIN;
use crate::program::{Place, Run, tool};

/// Moto's server on a port of its own, stopped with the value.
struct Moto {
    process: Child,
    address: String,
}

impl Moto {
    fn start() -> Option<Self> {
        let program = tool("KINDRED_MOTO", "moto_server")?;
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let process = Command::new(program)
            .args(["-H", "127.0.0.1", "-p", &address.port().to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let moto = Self {
            process,
            address: address.to_string(),
        };
        for _ in 0..600 {
            if TcpStream::connect(address).is_ok() {
                return Some(moto);
            }
            sleep(Duration::from_millis(100));
        }
        panic!("moto does not listen on {address}");
    }

    fn run(&self, place: &Place, args: &[&str]) -> Run {
        let endpoint = format!("http://{}", self.address);
        Run::of(&mut on_aws(place, &endpoint, args))
    }

    /// What is asked without a signature, as moto allows.
    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The program, with AWS at an address of our own.
pub(crate) fn on_aws(place: &Place, endpoint: &str, args: &[&str]) -> Command {
    let mut command = place.command(args);
    for variable in ["AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION"] {
        command.env_remove(variable);
    }
    command
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_ACCESS_KEY_ID", "key")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", place.path("no-such-file"))
        .env("AWS_SHARED_CREDENTIALS_FILE", place.path("no-such-file"));
    command
}

#[test]
fn a_stack_is_planned_made_changed_and_deleted() {
    let Some(moto) = Moto::start() else {
        return;
    };
    let check = |place: &Place, args: &[&str], status: i32, expected: &[&str]| {
        let args = [&["cloud"], args, &["--env", "dev"]].concat();
        let run = moto.run(place, &args);
        assert_eq!(run.status, Some(status), "{args:?}: {}", run.stderr);
        for text in expected {
            let said = [run.stdout.as_str(), &run.stderr].concat();
            assert!(said.contains(text), "{args:?}: `{text}` is not in {said}");
        }
    };
    let place = Place::new(PLAIN);
    let there_is_a_bucket = || moto.get("/kindred?location").starts_with("HTTP/1.1 200");

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
        "2 to add, 0 to modify, 0 to remove\n",
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
        "0 to add, 0 to modify, 2 to remove\n",
    ];
    check(
        &place,
        &["plan", "--output", "json"],
        0,
        &["{\"add\":0,\"import\":0,\"modify\":0,\"remove\":2,\"type\":\"summary\"}\n"],
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
