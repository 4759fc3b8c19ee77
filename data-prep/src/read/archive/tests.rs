use super::*;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

const SMALL: Limits = Limits { member: 3 * 3073, total: 1 << 20 };

/// An archive of members with arbitrary names, even some that the tar library would not write.
fn archive<'a>(members: impl IntoIterator<Item = (&'a str, Vec<u8>)>) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        tar.append(&header, bytes.as_slice()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

fn ours() -> &'static BinaryVersion {
    BinaryVersion::of(Task::Cifar10)
}

/// The six batches, with one record each, filled with the number of the batch.
fn batches() -> Vec<(&'static str, Vec<u8>)> {
    ours().files().zip(1..).map(|(name, fill)| (name, vec![fill; 3073])).collect()
}

fn refusal(bytes: &[u8]) -> String {
    read(bytes, true, ours(), SMALL).unwrap_err().to_string()
}

#[test]
fn batches_are_found_by_name_in_any_directory_and_order() {
    let mut members = batches();
    members.reverse();
    members.insert(2, ("cifar-10-batches-bin/readme.html", b"<html>".to_vec()));
    members[0].0 = "cifar-10-batches-bin/test_batch.bin";
    let halves = read(archive(members).as_slice(), true, ours(), SMALL).unwrap();
    assert_eq!(halves.test, vec![6; 3073]);
    assert_eq!((halves.train.len(), halves.train[0], halves.train[4 * 3073]), (5 * 3073, 5, 1));
}

#[test]
fn a_tar_that_a_browser_unpacked_by_one_step_is_read_too() {
    let mut tar = Vec::new();
    MultiGzDecoder::new(archive(batches()).as_slice()).read_to_end(&mut tar).unwrap();
    assert_eq!(read(tar.as_slice(), false, ours(), SMALL).unwrap().test, vec![6; 3073]);
}

#[test]
fn a_truncated_archive_is_refused_wherever_it_ends() {
    let whole = archive(batches());
    // The last eight bytes are the checksum and the length; without them the archive must be refused.
    for length in [whole.len() / 4, whole.len() / 2, whole.len() - 8, whole.len() - 1] {
        let message = refusal(&whole[..length]);
        assert!(message.contains("cut short or damaged"), "{length} bytes: {message}");
    }
}

#[test]
fn a_corrupted_archive_is_refused_wherever_it_is_corrupted() {
    let whole = archive(batches());
    for place in [10, whole.len() / 2, whole.len() - 8] {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x55;
        assert!(read(bytes.as_slice(), true, ours(), SMALL).is_err(), "byte {place}");
    }
    assert!(refusal(b"\x1f\x8b\x08\0 not deflated at all").contains("damaged"));
}

#[test]
fn no_member_reaches_outside() {
    for name in ["../data_batch_1.bin", "a/../../test_batch.bin", "/tmp/data_batch_1.bin", "../notes"] {
        let message = refusal(&archive([(name, vec![0; 3073])]));
        assert!(message.contains(name) && message.contains("outside"), "{message}");
    }
}

#[test]
fn missing_doubled_and_oversized_batches_are_named() {
    let mut members = batches();
    members.remove(1);
    assert!(refusal(&archive(members)).contains("data_batch_2.bin"));
    let mut members = batches();
    members.push(("copy/test_batch.bin", vec![0; 3073]));
    assert!(refusal(&archive(members)).contains("`copy/test_batch.bin` is there twice"));
    let mut members = batches();
    members[3].1 = vec![0; 4 * 3073];
    let message = refusal(&archive(members));
    assert!(message.contains("data_batch_4.bin") && message.contains("12292"), "{message}");
}

#[test]
fn a_bomb_is_refused_wherever_it_hides() {
    let zeros = vec![0; 2 << 20];
    let mut members = batches();
    members.insert(0, ("readme.html", zeros.clone()));
    assert!(refusal(&archive(members)).contains("unpacks to more than"));
    // Data after the end of the tar.
    let mut appendix = GzEncoder::new(archive(batches()), Compression::fast());
    appendix.write_all(&zeros).unwrap();
    assert!(refusal(&appendix.finish().unwrap()).contains("unpacks to more than"));
}

#[test]
fn links_and_pickles_are_refused() {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    tar.append_link(&mut header, "data_batch_1.bin", "/etc/hostname").unwrap();
    let linked = tar.into_inner().unwrap().finish().unwrap();
    assert!(refusal(&linked).contains("not an ordinary file"));
    let message = refusal(&archive([("cifar-10-batches-py/data_batch_4", b"\x80\x02}".to_vec())]));
    assert!(message.contains("pickles") && message.contains("cifar-10-binary.tar.gz"), "{message}");
    for name in ["cifar-100-python/train", "cifar-100-binary/train.bin"] {
        let message = refusal(&archive([(name, vec![0; 3074])]));
        assert!(message.contains("CIFAR-100") && message.contains("cifar-10-binary.tar.gz"), "{message}");
    }
}
