use crate::download::{HASTY, sum};
use crate::samples::{Records, archive, expected, mirror, records};
use crate::server::{Served, Server};
use artifacts::Layout;
use artifacts::dataset::{Dataset, Provenance, Split, Task};
use data_prep::files::halves::{Files, Halves};
use data_prep::files::location::{Location, Remote};
use data_prep::find::source::{Candidate, Wanted};
use data_prep::prepare::{Options, prepare};
use data_prep::write::generate::generate;
use data_prep::write::prepared::Outcome;
use std::path::Path;
use tempfile::TempDir;

pub const ANYTHING: Options = Options {
    task: Task::Cifar10,
    force: false,
    accept_any_content: true,
    keep_downloads: false,
    retry: HASTY,
    available: |_| Ok(1 << 40),
};

pub fn layout(directory: &TempDir) -> Layout {
    Layout::new(directory.path().join("work"))
}

fn given(place: Location) -> Vec<Candidate> {
    vec![Candidate { name: place.to_string(), files: Wanted::Sought(place) }]
}

pub fn path(path: &Path) -> Vec<Candidate> {
    given(Location::Path(path.to_owned()))
}

pub fn url(url: &str) -> Vec<Candidate> {
    given(Location::Url(Remote::unknown(url)))
}

fn read(layout: &Layout, split: Split) -> Dataset {
    Dataset::read_verified(&layout.images(Task::Cifar10, split)).unwrap()
}

/// Prepares the data, and checks every pixel.
pub fn holds_the_samples(candidates: &[Candidate]) -> Halves<Provenance> {
    let directory = TempDir::new().unwrap();
    let layout = layout(&directory);
    prepare(&layout, candidates, &ANYTHING).unwrap();
    let Records { train, test } = records();
    let half = |split, records: &[u8]| {
        let (found, expected) = (read(&layout, split), expected(records));
        assert_eq!((found.images, found.labels), (expected.images, expected.labels));
        assert_eq!((found.fingerprint, found.moments), (expected.fingerprint, expected.moments));
        found.provenance
    };
    assert!(!layout.downloads(Task::Cifar10).exists());
    Halves { train: half(Split::Train, &train), test: half(Split::Test, &test) }
}

pub fn refusal(candidates: &[Candidate], options: &Options) -> String {
    let directory = TempDir::new().unwrap();
    let error = prepare(&layout(&directory), candidates, options).unwrap_err();
    assert!(!layout(&directory).data(Task::Cifar10).join("train.parquet").exists());
    assert!(!layout(&directory).data(Task::Cifar10).join("test.parquet").exists());
    format!("{error:#}")
}

pub fn write(directory: &TempDir, files: &[(&str, Vec<u8>)]) {
    for (name, bytes) in files {
        let path = directory.path().join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, bytes).unwrap();
    }
}

#[test]
fn asymmetric_images_arrive_unchanged_from_every_local_source() {
    let (directory, samples) = (TempDir::new().unwrap(), records());
    let at = |name: &str| path(&directory.path().join(name));
    write(
        &directory,
        &[
            ("anything.bin", archive(&samples)),
            ("authors/cifar-10-binary.tar.gz", archive(&samples)),
            ("mirror/plain_text/train-00000-of-00001.parquet", mirror(&samples.train)),
            ("mirror/plain_text/test-00000-of-00001.parquet", mirror(&samples.test)),
        ],
    );
    for name in [
        "anything.bin",
        "authors",
        "mirror",
        "mirror/plain_text",
        "mirror/plain_text/train-00000-of-00001.parquet",
        "mirror/plain_text/test-00000-of-00001.parquet",
    ] {
        let provenance = holds_the_samples(&at(name));
        let Provenance::File { source, .. } = provenance.train else { panic!("from a file") };
        assert!(!source.contains('/'), "the machine's directories are nobody's business: {source}");
    }
    // The same from our own files.
    let ours = Layout::new(directory.path().join("ours"));
    prepare(&ours, &at("mirror"), &ANYTHING).unwrap();
    holds_the_samples(&path(&ours.data(Task::Cifar10)));
}

#[test]
fn and_from_every_kind_of_address() {
    let samples = records();
    let server = Server::start([
        ("/~authors/some", Served::new(archive(&samples))),
        ("/m/plain_text/train-00000-of-00001.parquet", Served::new(mirror(&samples.train))),
        ("/m/plain_text/test-00000-of-00001.parquet", Served::new(mirror(&samples.test))),
        ("/m", Served::new("<!doctype html><title>Index of m</title>")),
    ]);
    for address in
        ["/~authors/some", "/m", "/m/", "/m/plain_text", "/m/plain_text/test-00000-of-00001.parquet"]
    {
        holds_the_samples(&url(&server.url(address)));
    }
}

#[test]
fn the_next_source_is_tried_when_one_fails() {
    let server = Server::start([("/a", Served::new(archive(&records())))]);
    let candidate = |name: &str, address: &str, content: Option<&[u8]>| {
        let remote = Remote { sha256: content.map(sum), ..Remote::unknown(&server.url(address)) };
        Candidate { name: name.to_owned(), files: Wanted::Known(Files::Archive(Location::Url(remote))) }
    };
    let (missing, wrong) = (candidate("missing", "/none", None), candidate("wrong", "/a", Some(b"other")));
    holds_the_samples(&[missing.clone(), wrong.clone(), candidate("right", "/a", None)]);
    let message = refusal(&[missing, wrong], &ANYTHING);
    assert!(message.contains("missing: ") && message.contains("404"), "{message}");
    assert!(message.contains("wrong: ") && message.contains("SHA-256"), "{message}");
    // A full disk is reported as such, whatever the source.
    let full = Options { available: |_| Ok(0), ..ANYTHING };
    let message = refusal(&[candidate("first", "/a", None), candidate("second", "/a", None)], &full);
    assert!(message.contains("needed") && !message.contains("second"), "{message}");
}

#[test]
fn other_content_is_refused_with_both_fingerprints() {
    let (directory, samples) = (TempDir::new().unwrap(), records());
    write(&directory, &[("a.tar.gz", archive(&samples))]);
    let options = Options { accept_any_content: false, ..ANYTHING };
    let message = refusal(&path(&directory.path().join("a.tar.gz")), &options);
    assert!(message.contains(&expected(&samples.train).fingerprint), "{message}");
    assert!(
        message.contains(Task::Cifar10.fingerprint(Split::Train).unwrap()) && message.contains("train"),
        "{message}"
    );
}

#[test]
fn what_cannot_be_read_is_named_and_nothing_is_written() {
    let (directory, samples) = (TempDir::new().unwrap(), records());
    let whole = archive(&samples);
    let mut strange = samples.test.clone();
    strange[3073] = 11;
    write(
        &directory,
        &[
            ("short.tar.gz", whole[..whole.len() / 2].to_vec()),
            ("page.tar.gz", b"<html><body>Please sign in</body></html>".to_vec()),
            ("half/train.parquet", mirror(&samples.train)[..2000].to_vec()),
            ("half/test.parquet", mirror(&samples.test)),
            ("label/train.parquet", mirror(&samples.train)),
            ("label/test.parquet", mirror(&strange)),
            ("one/mirror.parquet", mirror(&samples.test)),
            ("empty/readme", Vec::new()),
        ],
    );
    let message = |name: &str| {
        let message = refusal(&path(&directory.path().join(name)), &ANYTHING);
        assert!(message.contains(name), "{name} is not in: {message}");
        message
    };
    assert!(message("short.tar.gz").contains("cut short"));
    assert!(message("page.tar.gz").contains("web page"));
    assert!(message("half").contains("train.parquet"));
    assert!(refusal(&path(&directory.path().join("label")), &ANYTHING).contains("label 11"));
    assert!(message("one/mirror.parquet").contains("neither `train` nor `test`"));
    assert!(message("empty").contains("cifar-10-binary.tar.gz"));
    assert!(message("nowhere").contains("no such file"));
    // A check of missing data leaves nothing, not even its directory.
    let work = TempDir::new().unwrap();
    let layout = Layout::new(work.path().join("a/b"));
    assert!(prepare(&layout, &path(&directory.path().join("nowhere")), &ANYTHING).is_err());
    assert_eq!(fs_err::read_dir(work.path()).unwrap().count(), 0);
    let server = Server::start([("/page", Served::new("<!doctype html>"))]);
    let message = refusal(&url(&server.url("/page")), &ANYTHING);
    assert!(message.contains("/page") && message.contains("web page"), "{message}");
}

#[test]
fn what_is_there_is_left_alone_unless_it_is_damaged_or_not_wanted() {
    let (directory, server) =
        (TempDir::new().unwrap(), Server::start([("/a", Served::new(archive(&records())))]));
    let (layout, source) = (layout(&directory), url(&server.url("/a")));
    let run = |options: &Options| prepare(&layout, &source, options).unwrap();
    assert!(matches!(run(&ANYTHING), Outcome::Prepared(_)));
    assert!(!server.requests().is_empty());
    assert!(matches!(run(&ANYTHING), Outcome::Present(_)));
    assert_eq!(server.requests(), [], "no work is started");
    assert!(matches!(run(&Options { force: true, ..ANYTHING }), Outcome::Prepared(_)));
    let test = layout.images(Task::Cifar10, Split::Test);
    let whole = fs_err::read(&test).unwrap();
    fs_err::write(&test, &whole[..whole.len() / 2]).unwrap();
    assert!(matches!(run(&ANYTHING), Outcome::Prepared(_)));
    assert_eq!(fs_err::read(&test).unwrap(), whole);
    // The data is not CIFAR-10's, so it is not accepted now; and the source has nothing better.
    let options = Options { accept_any_content: false, ..ANYTHING };
    assert!(prepare(&layout, &source, &options).is_err());
    assert_eq!(fs_err::read(&test).unwrap(), whole);
}

#[test]
fn generated_images_never_replace_real_ones_unasked() {
    let (directory, source) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    write(&source, &[("a.tar.gz", archive(&records()))]);
    let layout = layout(&directory);
    let run = |seed, force| {
        generate(&layout, Task::Cifar10, Halves { train: 20, test: 10 }, seed, force, |_| Ok(1 << 40))
    };
    assert!(matches!(run(0, false), Ok(Outcome::Prepared(_))));
    assert!(matches!(run(0, false), Ok(Outcome::Present(_))));
    assert!(matches!(run(1, false), Ok(Outcome::Prepared(_))));
    assert_eq!(read(&layout, Split::Train), Dataset::generated(Task::Cifar10, 20, 1));
    assert_eq!(read(&layout, Split::Test).len(), 10);
    prepare(&layout, &path(&source.path().join("a.tar.gz")), &Options { force: true, ..ANYTHING }).unwrap();
    let message = run(0, false).unwrap_err().to_string();
    assert!(message.contains("real images") && message.contains("--force"), "{message}");
    // One half alone is as precious, and so is one that cannot be read.
    let train = layout.images(Task::Cifar10, Split::Train);
    fs_err::remove_file(layout.images(Task::Cifar10, Split::Test)).unwrap();
    assert!(run(0, false).unwrap_err().to_string().contains("real images"));
    fs_err::write(&train, "half").unwrap();
    assert!(format!("{:#}", run(0, false).unwrap_err()).contains("--force"));
    assert_eq!(fs_err::read(&train).unwrap(), b"half");
    assert!(matches!(run(0, true), Ok(Outcome::Prepared(_))));
}
