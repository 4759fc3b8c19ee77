//! Tests `experiments/schema.json`, by which editors complete and check experiments, against what
//! [`Experiment`] reads.
//!
//! The schema is written by hand, because its descriptions are for authors of experiments; what can be
//! compared is compared here: keys, names, and which files pass. Relations between values (ascending looks,
//! declared arms) cannot be expressed in a schema.
//!
//! *Invariant:* the schema uses no keyword that this checker does not know.

use super::Experiment;
use crate::arithmetic::Precision;
use crate::dataset::Task;
use fs_err as fs;
use network::Arm;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn schema() -> Value {
    serde_json::from_slice(&fs::read(root().join("experiments/schema.json")).unwrap()).unwrap()
}

/// Returns a part of the schema, with its reference resolved.
fn at<'a>(schema: &'a Value, part: &'a Value) -> &'a Value {
    match part.get("$ref").and_then(Value::as_str) {
        Some(place) => schema.pointer(place.strip_prefix('#').unwrap()).unwrap(),
        None => part,
    }
}

/// Returns the first rule that a value breaks, and where.
fn broken(schema: &Value, part: &Value, value: &Value, place: &str) -> Option<String> {
    let rules: &Map<String, Value> = at(schema, part).as_object().unwrap();
    let says = |rule: &Value, value: &Value| broken(schema, rule, value, place);
    let number = || value.as_f64();
    let length = || value.as_array().map(Vec::len);
    let list = |rule: &'static str| rules[rule].as_array().unwrap();
    let passing = |rule| list(rule).iter().filter(|part| says(part, value).is_none()).count();
    for (rule, of) in rules {
        let (bound, many) = (of.as_f64().unwrap_or(0.0), of.as_u64().unwrap_or(0) as usize);
        let holds = match rule.as_str() {
            "$schema" | "title" | "description" | "default" | "definitions" => true,
            "type" => match of.as_str().unwrap() {
                "object" => value.is_object(),
                "array" => value.is_array(),
                "string" => value.is_string(),
                "boolean" => value.is_boolean(),
                "number" => value.is_number(),
                "integer" => value.is_i64() || value.is_u64(),
                other => panic!("unknown type {other}"),
            },
            "properties" => {
                let found = value.as_object().into_iter().flatten();
                let mut wrong = found.filter_map(|(key, value)| {
                    broken(schema, of.get(key)?, value, &format!("{place}.{key}"))
                });
                if let Some(wrong) = wrong.next() {
                    return Some(wrong);
                }
                true
            }
            "additionalProperties" => {
                assert_eq!(of, false);
                value
                    .as_object()
                    .is_none_or(|found| found.keys().all(|key| rules["properties"].get(key).is_some()))
            }
            "required" => value.as_object().is_none_or(|found| {
                list("required").iter().all(|key| found.contains_key(key.as_str().unwrap()))
            }),
            "items" => {
                let found = value.as_array().into_iter().flatten().enumerate();
                let mut wrong =
                    found.filter_map(|(at, item)| broken(schema, of, item, &format!("{place}[{at}]")));
                if let Some(wrong) = wrong.next() {
                    return Some(wrong);
                }
                true
            }
            "minItems" => length().is_none_or(|length| length >= many),
            "maxItems" => length().is_none_or(|length| length <= many),
            "uniqueItems" => value.as_array().is_none_or(|items| {
                items.iter().map(Value::to_string).collect::<BTreeSet<_>>().len() == items.len()
            }),
            "enum" => list("enum").contains(value),
            "const" => of == value,
            "minimum" => number().is_none_or(|number| number >= bound),
            "maximum" => number().is_none_or(|number| number <= bound),
            "exclusiveMinimum" => number().is_none_or(|number| number > bound),
            "exclusiveMaximum" => number().is_none_or(|number| number < bound),
            "maxLength" => value.as_str().is_none_or(|text| text.len() <= many),
            "pattern" => value.as_str().is_none_or(|text| matches(of.as_str().unwrap(), text)),
            "allOf" => passing("allOf") == list("allOf").len(),
            "anyOf" => passing("anyOf") > 0,
            "oneOf" => passing("oneOf") == 1,
            "not" => says(of, value).is_some(),
            other => panic!("the checker does not know `{other}`"),
        };
        if !holds {
            return Some(format!("{place}: {value} breaks {rule} {of}"));
        }
    }
    None
}

/// Matches the only pattern of the schema.
fn matches(pattern: &str, text: &str) -> bool {
    assert_eq!(pattern, "^[a-z]([a-z0-9-]*[a-z0-9])?$");
    let end = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.ends_with(end)
        && text.chars().all(|c| end(c) || c == '-')
}

fn checked(text: &str) -> Result<(), String> {
    let schema = schema();
    let value: Value = toml::from_str(text).unwrap();
    broken(&schema, &schema, &value, "file").map_or(Ok(()), Err)
}

fn parsed(text: &str) -> Result<(), String> {
    Experiment::parse("test", Path::new("test.toml"), text).map(drop).map_err(|error| error.to_string())
}

const WHOLE: &str = "title='t'
[recipe]
epochs=6
[[arm]]
name='half'
baseline='original'
factors={ratio='full'}
schedule={rest='cosine'}
[[grid]]
rankscale=[2,8]
decay=['original','half']
seed=[0,1]
[verdict]
primary='half'
looks=[2]
alpha=0.05
margin=0.001
";

#[test]
fn its_keys_are_those_that_are_read_and_no_others() {
    let schema = schema();
    // The place of an unknown key, and the part of the schema that lists the known ones.
    for (place, part) in [
        ("title='t'", ""),
        ("epochs=6", "/definitions/recipe"),
        ("name='half'", "/definitions/arm"),
        ("ratio='full'", "/definitions/strength/anyOf/1"),
        ("rest='cosine'", "/definitions/arm/properties/schedule"),
        ("seed=[0,1]", "/definitions/grid"),
        ("looks=[2]", "/definitions/verdict"),
    ] {
        let between = if place.ends_with("='full'") || place.ends_with("='cosine'") { "," } else { "\n" };
        let message = parsed(&WHOLE.replace(place, &format!("{place}{between}zzz=1"))).unwrap_err();
        let known = message.split_once("expected").unwrap_or_else(|| panic!("{message}")).1;
        let read: BTreeSet<&str> = known.split('`').skip(1).step_by(2).collect();
        let listed = schema.pointer(part).unwrap()["properties"].as_object().unwrap();
        let listed: BTreeSet<&str> = listed.keys().map(String::as_str).collect();
        assert_eq!(listed, read, "experiments/schema.json{part}, beside `{place}`: {message}");
    }
}

#[test]
fn its_names_are_those_of_the_program() {
    let schema = schema();
    let names = |part: &str| -> Vec<String> {
        let list = schema.pointer(part).unwrap_or_else(|| panic!("{part}")).as_array().unwrap();
        list.iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("/definitions/arm_of_the_house/enum"), Arm::HOUSE.map(Arm::name));
    assert_eq!(names("/definitions/recipe/properties/dataset/enum"), Task::ALL.map(Task::name));
    let precisions = Precision::ALL.map(Precision::name);
    assert_eq!(names("/definitions/recipe/properties/precision/enum"), precisions);
    for (place, part) in [
        ("'cosine'", "/definitions/course/enum"),
        ("'full'", "/definitions/strength/anyOf/1/properties/ratio/enum"),
    ] {
        let message = parsed(&WHOLE.replace(place, "'zzz'")).unwrap_err();
        for name in names(part) {
            assert_eq!(parsed(&WHOLE.replace(place, &format!("'{name}'"))), Ok(()));
            assert!(message.contains(&format!("`{name}`")), "{message}");
        }
        assert_eq!(message.split('`').filter(|word| names(part).contains(&(*word).to_owned())).count(), 2);
    }
}

#[test]
fn every_experiment_there_is_passes() {
    let folder = fs::read_dir(root().join("experiments")).unwrap();
    let files: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    let files: Vec<_> = files.iter().filter(|path| path.extension().is_some_and(|is| is == "toml")).collect();
    assert!(files.len() >= 10);
    for path in files {
        let text = fs::read_to_string(path).unwrap();
        assert_eq!((parsed(&text), checked(&text)), (Ok(()), Ok(())), "{}", path.display());
    }
    for page in ["docs/extending.md", "docs/cookbook.md"] {
        let page = fs::read_to_string(root().join(page)).unwrap();
        for block in page.split("```toml\n").skip(1) {
            let text = block.split("```").next().unwrap();
            assert_eq!((parsed(text), checked(text)), (Ok(()), Ok(())), "{text}");
        }
    }
}

/// A value that the schema refuses must be refused by the program, or an editor would be wrong; the converse
/// holds for rules about a single value.
#[test]
fn it_refuses_what_is_refused() {
    assert_eq!((parsed(WHOLE), checked(WHOLE)), (Ok(()), Ok(())));
    let changes = [
        ("epochs=6", "epochs=100000", true),
        ("epochs=6", "epochs=100001", false),
        ("epochs=6", "epochs=0", false),
        ("epochs=6", "epochs='six'", false),
        ("epochs=6", "batch=1", false),
        ("epochs=6", "batch=65536", true),
        ("epochs=6", "batch=65537", false),
        ("epochs=6", "channels=[1,2,3]", false),
        ("epochs=6", "channels=[8,16,32,64]", true),
        ("epochs=6", "channels=[0,16,32,64]", false),
        ("epochs=6", "peak_learning_rate=0.0", false),
        ("epochs=6", "precision='float16'", false),
        ("epochs=6", "dataset='cifar100'", true),
        ("epochs=6", "dataset='mnist'", false),
        ("epochs=6", "train_images=1", false),
        ("epochs=6", "test_images=0", false),
        ("epochs=6", "validation_images=0", false),
        ("epochs=6", "validation_images=500", true),
        ("epochs=6", "validation_images=500\ntest_images=500", false),
        ("epochs=6", "engine='tch'", false),
        ("name='half'", "name='none'", false),
        ("'half'", "'x'", true),
        ("'half'", "'Half'", false),
        ("'half'", "'half-'", false),
        ("'half'", "''", false),
        ("ratio='full'", "ratio='dense'", false),
        ("ratio='full'", "ratio='full',power=4", true),
        ("ratio='full'", "ratio='full',power=4.5", false),
        ("{ratio='full'}", "'by-batch'", true),
        ("{ratio='full'}", "'by-image'", false),
        ("{ratio='full'}", "-1", false),
        ("factors={ratio='full'}", "rest=1", false),
        ("factors={ratio='full'}", "factors=1\nproduct=-0.5", false),
        ("factors={ratio='full'}", "factors=1\nproduct=0.5", true),
        ("seed=[0,1]", "replicates=2", true),
        ("seed=[0,1]", "replicates=0", false),
        ("seed=[0,1]", "replicates=10001", false),
        ("seed=[0,1]", "seed=[0,1]\nreplicates=2", false),
        ("seed=[0,1]", "seed=[0,-1]", false),
        ("seed=[0,1]", "seed=[0,1]\nlambda=[0]", true),
        ("seed=[0,1]", "seed=[0,1]\nlambda=[-1e-4]", false),
        ("seed=[0,1]", "seed=[0,1]\npeak_learning_rate=[0]", false),
        ("seed=[0,1]", "", false),
        ("rankscale=[2,8]", "rankscale=[-1]", false),
        ("rankscale=[2,8]", "rankscale=2", false),
        ("rankscale=[2,8]", "", false),
        ("decay=['original','half']", "", false),
        ("alpha=0.05", "alpha=0.2", true),
        ("alpha=0.05", "alpha=0.21", false),
        ("alpha=0.05", "alpha=0", false),
        ("alpha=0.05", "", false),
        ("margin=0.001", "margin=0.1", false),
        ("looks=[2]", "looks=[1]", false),
        ("looks=[2]", "looks=[]", false),
        ("looks=[2]", "looks=[2,2]", false),
        ("title='t'", "", false),
        ("title='t'", "title=1", false),
        ("title='t'", "title='t'\ntuned=1", false),
    ];
    for (from, to, right) in changes {
        let text = WHOLE.replace(from, to);
        assert_ne!(text, WHOLE, "{from}");
        let (read, said) = (parsed(&text), checked(&text));
        assert_eq!((read.is_ok(), said.is_ok()), (right, right), "{from} -> {to}: {read:?}, {said:?}");
    }
    assert!(checked("title='t'").is_err() && parsed("title='t'").is_err());
}
