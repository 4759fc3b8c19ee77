use crate::samples::{archive, records};
use crate::server::{Served, Server};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

fn run(directory: &TempDir, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_data-prep"))
        .args(arguments)
        .current_dir(directory.path())
        .env_remove("WORK")
        // No proxy listens there; the loopback interface needs none.
        .envs([("http_proxy", "http://127.0.0.1:9"), ("HTTP_PROXY", "http://127.0.0.1:9"), ("NO_PROXY", "")])
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_program_prepares_checks_and_knows_what_it_has() {
    let (directory, server) =
        (TempDir::new().unwrap(), Server::start([("/a", Served::new(archive(&records())))]));
    let url = server.url("/a");
    let refused = run(&directory, &["--source", &url]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("--accept-any-content"), "{}", text(&refused.stderr));
    let prepared = run(&directory, &["--source", &url, "--accept-any-content"]);
    assert!(prepared.status.success(), "{}", text(&prepared.stderr));
    assert!(
        text(&prepared.stdout).contains("train.parquet: 10 images, NOT CIFAR-10"),
        "{}",
        text(&prepared.stdout)
    );
    let again = run(&directory, &["--source", &url, "--accept-any-content"]);
    assert!(text(&again.stdout).contains("already there"));
    assert!(run(&directory, &["--check", "--accept-any-content"]).status.success());
    assert!(!run(&directory, &["--check"]).status.success());
    fs_err::remove_file(directory.path().join("work/data/cifar10/test.parquet")).unwrap();
    let check = run(&directory, &["--check", "--accept-any-content"]);
    assert!(text(&check.stderr).contains("test.parquet"), "{}", text(&check.stderr));
}

#[test]
fn a_check_names_the_file_in_which_a_byte_of_the_images_changed() {
    let directory = TempDir::new().unwrap();
    assert!(run(&directory, &["generate", "--images", "20", "--test-images", "10"]).status.success());
    let path = directory.path().join("work/data/cifar10/train.parquet");
    let mut bytes = fs_err::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs_err::write(&path, bytes).unwrap();
    let check = run(&directory, &["--check", "--accept-any-content"]);
    let said = text(&check.stderr);
    assert!(check.status.code() == Some(1) && said.contains("train.parquet"), "{said}");
}

#[test]
fn it_ends_quietly_and_with_its_files_where_nobody_reads() {
    let directory = TempDir::new().unwrap();
    let generate = ["generate", "--images", "20", "--test-images", "10"];
    let check = ["--check", "--accept-any-content"];
    for full in [false, true] {
        for words in [&generate[..], &check[..], &["--help"], &["generate", "--help"], &["--version"]] {
            // A pipe whose reader has closed it, as `| head -1` does, and a full disk.
            let stream: Stdio = if full {
                fs_err::OpenOptions::new().write(true).open("/dev/full").unwrap().into_parts().0.into()
            } else {
                std::io::pipe().unwrap().1.into()
            };
            let mut program = Command::new(env!("CARGO_BIN_EXE_data-prep"));
            let program = program.args(words).current_dir(directory.path()).env_remove("WORK");
            let output = program.stdout(stream).output().unwrap();
            assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""), "{words:?}");
        }
    }
    // The same if not even a failure can be reported.
    let missing = Command::new(env!("CARGO_BIN_EXE_data-prep"))
        .args(["--check", "--work", "elsewhere"])
        .current_dir(directory.path())
        .stderr(std::io::pipe().unwrap().1)
        .output()
        .unwrap();
    assert_eq!(missing.status.code(), Some(1));
}

#[test]
fn generate_marks_its_images_as_generated() {
    let directory = TempDir::new().unwrap();
    let generated = run(&directory, &["generate", "--work", "w", "--images", "20", "--test-images", "10"]);
    assert!(text(&generated.stdout).contains("20 images, GENERATED"), "{}", text(&generated.stderr));
    assert!(directory.path().join("w/data/cifar10/test.parquet").exists());
}
