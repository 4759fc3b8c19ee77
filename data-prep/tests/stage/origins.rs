//! The named sources, each replaced by a stand-in whose hash and size are pinned as the real ones are.

use crate::download::sum;
use crate::prepare::{ANYTHING, holds_the_samples, layout, path, refusal, url};
use crate::samples::{archive, mirror, records};
use crate::server::{Mood, Served, Server};
use artifacts::dataset::{Header, Split, Task};
use data_prep::files::address::Address;
use data_prep::files::halves::Halves;
use data_prep::files::location::Remote;
use data_prep::find::source::{Origins, Source};
use data_prep::prepare::{Options, prepare};
use std::net::TcpListener;
use std::time::{Duration, Instant};
use tempfile::TempDir;

fn pinned(server: &Server, path: &str, content: &[u8]) -> Remote {
    Remote {
        url: Address::new(&server.url(path)),
        bytes: Some(content.len() as u64),
        sha256: Some(sum(content)),
    }
}

#[test]
fn each_named_source_is_taken_when_it_is_what_was_pinned_and_only_then() {
    let samples = records();
    let (whole, train, test) = (archive(&samples), mirror(&samples.train), mirror(&samples.test));
    let server = Server::start([
        ("/authors", Served::new(whole.clone())),
        ("/train", Served::new(train.clone())),
        ("/test", Served::new(test.clone())),
    ]);
    let right = Origins {
        mirror: Halves { train: pinned(&server, "/train", &train), test: pinned(&server, "/test", &test) },
        authors: pinned(&server, "/authors", &whole),
    };
    for source in [Source::Authors, Source::HuggingFace, Source::Auto] {
        holds_the_samples(&source.candidates(&right));
    }
    let mut wrong = right.clone();
    wrong.authors.bytes = Some(whole.len() as u64 - 1);
    assert!(refusal(&Source::Authors.candidates(&wrong), &ANYTHING).contains("not the file that is known"));
    let mut wrong = right.clone();
    wrong.mirror.test.sha256 = Some(sum(b"other"));
    assert!(refusal(&Source::HuggingFace.candidates(&wrong), &ANYTHING).contains("SHA-256"));
    // The authors' page replaces a mirror that is wrong.
    server.requests();
    holds_the_samples(&Source::Auto.candidates(&wrong));
    assert!(server.requests().iter().any(|request| request.path == "/authors"));
}

#[test]
fn secrets_of_an_address_are_sent_and_neither_shown_nor_stored() {
    let samples = records();
    let server = Server::start([("/a.tar.gz", Served::new(archive(&samples)))]);
    let secret = server.url("/a.tar.gz?X-Amz-Signature=s3cret&token=s3cret").replace("//", "//me:s3cret@");
    let directory = TempDir::new().unwrap();
    let layout = layout(&directory);
    let keeping = Options { keep_downloads: true, ..ANYTHING };
    prepare(&layout, &url(&secret), &keeping).unwrap();
    let requests = server.requests();
    assert!(requests.iter().all(|request| request.path.contains("token=s3cret")), "{requests:?}");
    assert!(requests.iter().all(|request| request.authorization.is_some()), "{requests:?}");
    for directory in [layout.data(Task::Cifar10), layout.downloads(Task::Cifar10)] {
        for entry in fs_err::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let bytes = fs_err::read(&path).unwrap();
            assert!(!path.to_string_lossy().contains("s3cret"));
            assert!(!bytes.windows(6).any(|window| window == b"s3cret"), "{}", path.display());
        }
    }
    let header = Header::read(&layout.images(Task::Cifar10, Split::Train)).unwrap();
    assert!(format!("{:?}", header.provenance).contains("token=***"), "{:?}", header.provenance);
    // The same holds after a failure: a broken connection leaves a note beside the part.
    server
        .replace("/a.tar.gz", Served { moods: vec![Mood::Drop(900); 20], ..Served::new(archive(&samples)) });
    for failing in [secret.clone(), secret.replace("/a.tar.gz", "/none"), secret.replace("http", "ftp")] {
        let message = refusal(&url(&failing), &ANYTHING);
        assert!(message.contains("***") && !message.contains("s3cret"), "{message}");
    }
}

#[test]
fn an_address_that_refuses_is_asked_a_few_times_and_its_layouts_are_not() {
    // The port was bound and released, so nobody listens there.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let begun = Instant::now();
    let message = refusal(&url(&format!("http://127.0.0.1:{port}/x")), &ANYTHING);
    assert!(message.contains("cannot be reached") && message.contains("3 attempts"), "{message}");
    assert!(!message.contains("cifar-10-binary.tar.gz"), "what may lie below it is no matter: {message}");
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

#[test]
fn each_layout_below_an_address_is_asked_for_once_and_a_busy_one_too() {
    let server = Server::start([]);
    let busy = Served { moods: vec![Mood::Status(503); 9], ..Served::new("") };
    server.replace("/busy/cifar-10-binary.tar.gz", busy);
    for address in ["/nothing", "/busy"] {
        let message = refusal(&url(&server.url(address)), &ANYTHING);
        let mut paths: Vec<String> = server.requests().into_iter().map(|request| request.path).collect();
        let asked = paths.len();
        paths.sort();
        paths.dedup();
        assert_eq!((asked, paths.len()), (5, 5), "{paths:?}: {message}");
        assert!(address == "/busy" || message.contains("neither it nor what may lie below it"), "{message}");
    }
}

#[test]
fn where_no_named_source_answers_the_message_says_what_to_do() {
    let gone = |path: &str| Remote::unknown(&format!("http://127.0.0.1:9{path}"));
    let origins =
        Origins { mirror: Halves { train: gone("/train"), test: gone("/test") }, authors: gone("/authors") };
    for source in [Source::Auto, Source::Authors, Source::HuggingFace] {
        let message = refusal(&source.candidates(&origins), &ANYTHING);
        for advice in ["SOURCE=PATH", "cifar-10-batches-bin", "HTTPS_PROXY", "EXPERIMENT=smoke"] {
            assert_eq!(message.matches(advice).count(), 1, "{advice}: {message}");
        }
    }
    // A server that responds does not count as a missing network.
    let server = Server::start([]);
    let authors = Remote::unknown(&server.url("/none"));
    let message = refusal(&Source::Auto.candidates(&Origins { authors, ..origins }), &ANYTHING);
    assert!(message.contains("404") && !message.contains("HTTPS_PROXY"), "{message}");
}

#[test]
fn what_died_here_before_is_removed_by_the_next_who_comes() {
    let (directory, source) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    crate::prepare::write(&source, &[("a.tar.gz", archive(&records()))]);
    let layout = layout(&directory);
    for directory in [layout.data(Task::Cifar10), layout.downloads(Task::Cifar10)] {
        fs_err::create_dir_all(&directory).unwrap();
        fs_err::write(directory.join(".partial-abc"), "half").unwrap();
    }
    fs_err::write(layout.downloads(Task::Cifar10).join("0123abcd-x.part"), "half of something else").unwrap();
    let held = artifacts::lock::Lock::take(&layout.data_lock(Task::Cifar10)).unwrap();
    let here = path(&source.path().join("a.tar.gz"));
    let message = format!("{:#}", prepare(&layout, &here, &ANYTHING).unwrap_err());
    assert!(message.contains("another process"), "{message}");
    assert!(layout.data(Task::Cifar10).join(".partial-abc").exists(), "not ours to remove while it is held");
    drop(held);
    prepare(&layout, &here, &ANYTHING).unwrap();
    assert!(
        !layout.downloads(Task::Cifar10).exists()
            && !layout.data(Task::Cifar10).join(".partial-abc").exists()
    );
}
