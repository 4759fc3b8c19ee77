//! Cycles in a directed graph.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Returns the shortest cycle, with its first node repeated at the end; `None` if there is none.
pub(crate) fn circle(arrows: &BTreeSet<(String, String)>) -> Option<Vec<String>> {
    let nodes: BTreeSet<_> = arrows.iter().map(|(from, _)| from).collect();
    nodes.into_iter().filter_map(|start| around(arrows, start)).min_by_key(Vec::len)
}

/// Returns the shortest path from a node back to itself.
fn around(arrows: &BTreeSet<(String, String)>, start: &String) -> Option<Vec<String>> {
    let mut before: BTreeMap<&String, &String> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        for (_, next) in arrows.iter().filter(|(from, _)| from == node) {
            if before.contains_key(next) {
                continue;
            }
            before.insert(next, node);
            queue.push_back(next);
            if next == start {
                return Some(way(&before, start));
            }
        }
    }
    None
}

fn way(before: &BTreeMap<&String, &String>, start: &String) -> Vec<String> {
    let mut way = vec![start.clone()];
    let mut at = before[start];
    while at != start {
        way.push(at.clone());
        at = before[at];
    }
    way.push(start.clone());
    way.reverse();
    way
}

#[test]
fn the_shortest_circle_is_found() {
    let arrows = |list: &[(&str, &str)]| list.iter().map(|&(a, b)| (a.to_owned(), b.to_owned())).collect();
    assert_eq!(circle(&arrows(&[("a", "b"), ("b", "c"), ("a", "c")])), None);
    let found = circle(&arrows(&[("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "c")]));
    assert_eq!(found.unwrap(), ["c", "d", "c"]);
}
