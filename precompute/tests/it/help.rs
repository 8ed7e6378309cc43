use insta::assert_snapshot;

use crate::program::Place;

/// The only door: the help of a command, or of the program.
fn help(args: &[&str]) -> String {
    let args: Vec<&str> = args.iter().copied().chain(["--help"]).collect();
    Place::new().run(&args).done().stdout
}

#[test]
fn of_the_program() {
    assert_snapshot!("help", help(&[]));
}

#[test]
fn of_run() {
    assert_snapshot!("help_run", help(&["run"]));
}

#[test]
fn of_tune() {
    assert_snapshot!("help_tune", help(&["tune"]));
}

#[test]
fn of_the_commands_over_the_bucket() {
    for command in ["publish", "inspect", "rollback", "gc"] {
        assert_snapshot!(format!("help_{command}"), help(&[command]));
    }
}

#[test]
fn completions_and_the_manual_page_come_from_the_same_declarations() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = place.run(&["completions", shell]).done().stdout;
        assert!(script.contains("rollback"), "{shell}");
    }
    let page = place.run(&["man"]).done().stdout;
    assert!(page.contains(".TH precompute"), "{page}");
}
