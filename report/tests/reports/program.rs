//! The program: what it writes, what it says, and how it fails.

use crate::support::{Plan, empty};
use artifacts::Layout;
use report::publish;
use std::process::{Command, Output, Stdio};

fn report(layout: &Layout) -> Output {
    Command::new(env!("CARGO_BIN_EXE_report"))
        .arg("--work")
        .arg(layout.root())
        .output()
        .expect("the program starts")
}

#[test]
fn it_writes_the_page_and_its_figures_and_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let layout = Layout::new(directory.path());
    Plan::default().study().write(&layout).unwrap();
    let output = report(&layout);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("report.md") && said.contains("rankscale.svg"), "{said}");
    assert!(said.contains("Exploratory: appropriate weight decay is better"), "{said}");
    let read = || {
        let mut files: Vec<_> = fs_err::read_dir(layout.figures())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .chain(["report.md", "report.html"].map(|page| layout.report().join(page)))
            .collect();
        files.sort();
        files.into_iter().map(|path| (fs_err::read(&path).unwrap(), path)).collect::<Vec<_>>()
    };
    let first = read();
    // All figures except the sweep of strengths and the A/A check, and two pages.
    assert_eq!(first.len(), report::figure::FILES.len() - 2 + 2);
    assert!(report_again(&layout));
    assert_eq!(first, read());
}

fn report_again(layout: &Layout) -> bool {
    report(layout).status.success()
}

#[test]
fn it_ends_quietly_and_with_its_files_where_nobody_reads() {
    let directory = tempfile::tempdir().unwrap();
    let layout = Layout::new(directory.path());
    Plan::default().study().write(&layout).unwrap();
    let page = layout.report().join("report.md");
    for full in [false, true] {
        for words in
            [vec!["--work", directory.path().to_str().unwrap()], vec!["--help"], vec!["bench", "--help"]]
        {
            // A pipe whose reader has closed it, as `| head -1` does, and a full disk.
            let stream: Stdio = if full {
                fs_err::OpenOptions::new().write(true).open("/dev/full").unwrap().into_parts().0.into()
            } else {
                std::io::pipe().unwrap().1.into()
            };
            let mut program = Command::new(env!("CARGO_BIN_EXE_report"));
            let output = program.args(&words).stdout(stream).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!((output.status.code(), said.as_ref()), (Some(0), ""), "{words:?}");
        }
        assert!(page.exists());
        fs_err::remove_file(&page).unwrap();
    }
}

#[test]
fn figures_of_an_earlier_report_do_not_stay() {
    let directory = tempfile::tempdir().unwrap();
    let layout = Layout::new(directory.path());
    Plan::default().study().write(&layout).unwrap();
    assert!(report(&layout).status.success());
    empty().write(&layout).unwrap();
    assert!(report(&layout).status.success());
    assert!(!layout.figures().exists() && layout.report().join("report.md").exists());
}

#[test]
fn without_an_analysis_it_says_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let layout = Layout::new(directory.path());
    let output = report(&layout);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(said.contains("summary.json") && said.contains("just analyse"), "{said}");
    assert!(!layout.report().exists());
    // The advice is followed: an analysis is written.
    Plan::default().study().write(&layout).unwrap();
    assert!(report_again(&layout));
}

#[test]
fn a_half_written_table_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let layout = Layout::new(directory.path());
    Plan::default().study().write(&layout).unwrap();
    let path = layout.analysis().join("cells.parquet");
    let bytes = fs_err::read(&path).unwrap();
    artifacts::atomic::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let output = report(&layout);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(said.contains("cells.parquet") && said.contains("just analyse"), "{said}");
    Plan::default().study().write(&layout).unwrap();
    assert!(report_again(&layout));
}

#[test]
fn a_kept_study_is_published_below_its_name_and_its_answer_in_the_page() {
    let directory = tempfile::tempdir().unwrap();
    let (results, page) = (directory.path().join("results"), directory.path().join("README.md"));
    let (begin, end) = publish::MARKS;
    artifacts::atomic::write(&page, format!("above\n{begin}\nold\n{end}\nbelow\n")).unwrap();
    let publish = |name: &str| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_report"));
        program.args(["publish", "--name", name, "--results"]).arg(&results).arg("--page").arg(&page);
        program.output().unwrap()
    };
    for (name, why) in
        [("mine", "there is no analysis; `just publish NAME=mine` makes it"), ("../mine", "../mine")]
    {
        let output = publish(name);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(why), "{said}");
    }
    let study = Plan::default().study();
    let layout = Layout::new(results.join("mine"));
    study.write(&layout).unwrap();
    assert!(publish("mine").status.success());
    let answer = publish::section(&study, "results/mine");
    let text = fs_err::read_to_string(&page).unwrap();
    assert_eq!(text, format!("above\n{begin}\n\n{answer}\n\n{end}\nbelow\n"));
    assert!(answer.contains("](results/mine/report/figures/rankscale.svg)"), "{answer}");
    assert!(layout.report().join("report.md").exists() && layout.figures().join("rankscale.svg").exists());
}
