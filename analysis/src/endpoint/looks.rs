//! The planned looks (interim analyses) of the primary comparison: which have been reached, and which pairs
//! each would use.
//!
//! *Invariant:* a look uses exactly the first pairs of every rankscale in the order of the plan; it is
//! reached once each of their runs is done or has diverged. A run whose baseline nobody plans makes no pair.

use crate::join::pairs::baseline_run;
use crate::runs::plan::Plan;
use artifacts::{Configuration, study};
use std::collections::{BTreeMap, HashSet};

/// The pairs of every rankscale in the order of the plan, each with its number of runs that have not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue(BTreeMap<u32, Vec<(u64, u32)>>);

impl Queue {
    /// Builds the queue from the planned runs of the primary arm. `ended` says whether a run is done or has
    /// diverged.
    #[must_use]
    pub fn new<'a>(
        treated: impl IntoIterator<Item = &'a Configuration>,
        plan: Option<&Plan>,
        ended: impl Fn(&Configuration) -> bool,
    ) -> Self {
        let mut queue: BTreeMap<u32, Vec<(u64, u32)>> = BTreeMap::new();
        for run in treated {
            let pairs = queue.entry(run.rankscale as u32).or_default();
            let plain = baseline_run(run, plan);
            let is_planned = |plain: &Configuration| plan.is_none_or(|plan| plan.has(plain));
            if plain.as_ref().is_some_and(is_planned) && pairs.iter().all(|(seed, _)| *seed != run.seed) {
                let open = [Some(run.clone()), plain].into_iter().flatten().filter(|run| !ended(run));
                pairs.push((run.seed, open.count() as u32));
            }
        }
        Self(queue)
    }

    /// Returns the (rankscale, seed) of the first `pairs` pairs of every rankscale.
    #[must_use]
    pub fn first(&self, pairs: u32) -> HashSet<(u32, u64)> {
        let of = |(rankscale, queue): (&u32, &Vec<(u64, u32)>)| {
            let rankscale = *rankscale;
            queue.iter().take(pairs as usize).map(move |(seed, _)| (rankscale, *seed)).collect::<Vec<_>>()
        };
        self.0.iter().flat_map(of).collect()
    }

    /// Counts the runs among those pairs that have not ended.
    #[must_use]
    pub fn open(&self, pairs: u32) -> u32 {
        self.0.values().flat_map(|queue| queue.iter().take(pairs as usize)).map(|(_, open)| open).sum()
    }

    /// Returns the planned looks and how many have been reached; none is decided yet.
    #[must_use]
    pub fn looks(&self, planned: &[u32]) -> study::Looks {
        let reached = planned.iter().take_while(|pairs| self.open(**pairs) == 0).count();
        study::Looks {
            planned: planned.to_vec(),
            reached: reached as u32,
            decided: None,
            missing: planned.get(reached).map(|pairs| self.open(*pairs)),
        }
    }
}

/// Returns the first of the reached looks whose judgement decides, with its number counted from 1; otherwise
/// the last look, undecided.
pub fn first_decisive<T>(
    looks: &[u32],
    judge: impl Fn(u32) -> T,
    decides: impl Fn(&T) -> bool,
) -> Option<(u32, T, bool)> {
    let mut last = None;
    for (number, pairs) in (1..).zip(looks) {
        let judged = judge(*pairs);
        let decided = decides(&judged);
        last = Some((number, judged, decided));
        if decided {
            break;
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::join::made_up::plan;
    use artifacts::{Experiment, Layout};
    use network::Arm;
    use std::path::Path;

    fn planned(seeds: u64) -> Vec<Configuration> {
        let mut runs = Vec::new();
        for rankscale in [8, 31] {
            for seed in 0..seeds {
                let seed = rankscale as u64 + 100 * seed;
                runs.push(Configuration {
                    rankscale,
                    seed,
                    decay: Arm::APPROPRIATE,
                    ..Configuration::default()
                });
            }
        }
        runs
    }

    #[test]
    fn a_look_waits_for_every_run_of_its_pairs() {
        let runs = planned(3);
        let queue = |ended: &dyn Fn(&Configuration) -> bool| Queue::new(&runs, None, ended).looks(&[2, 3]);
        let nothing = queue(&|_| false);
        assert_eq!((nothing.reached, nothing.missing), (0, Some(8)), "two pairs at two rankscales");
        let all = queue(&|_| true);
        assert_eq!((all.reached, all.missing), (2, None));
        let without_a_baseline = queue(&|run| run.seed != 131 || run.decay == Arm::APPROPRIATE);
        assert_eq!((without_a_baseline.reached, without_a_baseline.missing), (0, Some(1)));
        let later = queue(&|run| run.seed < 200);
        assert_eq!((later.reached, later.missing), (1, Some(4)));
    }

    #[test]
    fn it_uses_the_first_pairs_in_the_order_of_the_plan() {
        let mut runs = planned(3);
        runs.reverse();
        let first = Queue::new(&runs, None, |_| true).first(2);
        assert_eq!(first, HashSet::from([(31, 231), (31, 131), (8, 208), (8, 108)]));
    }

    #[test]
    fn a_look_does_not_wait_for_a_baseline_that_no_sweep_trains() {
        let run = |decay, seed| Configuration { decay, seed, ..Configuration::default() };
        let treated = [0, 1, 2].map(|seed| run(Arm::APPROPRIATE, seed));
        let plain = [1, 2].map(|seed| run(Arm::ORIGINAL, seed));
        let plan = plan(&[treated.as_slice(), &plain].concat());
        let queue = Queue::new(&treated, Some(&plan), |run| plan.has(run));
        assert_eq!(queue.first(2), HashSet::from([(8, 1), (8, 2)]));
        let looks = queue.looks(&[2]);
        assert_eq!((looks.reached, looks.missing), (1, None), "every planned run has ended");
    }

    #[test]
    fn where_both_arms_are_planned_every_pair_of_the_plan_is_queued() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../experiments");
        let desktop = Experiment::find("desktop", &directory, &Layout::new("nowhere")).unwrap();
        let plan = Plan::new(desktop);
        let runs = plan.experiment().runs.iter();
        let treated: Vec<&Configuration> = runs.filter(|run| run.decay == Arm::APPROPRIATE).collect();
        let queue = |plan: Option<&Plan>| Queue::new(treated.iter().copied(), plan, |_| false);
        assert_eq!(queue(Some(&plan)), queue(None));
        assert_eq!((treated.len(), queue(Some(&plan)).open(10)), (30, 60));
    }

    #[test]
    fn the_first_look_that_decides_ends_the_study() {
        let decisive =
            |from: u32| first_decisive(&[3, 6, 10], move |pairs| pairs, move |pairs| *pairs >= from);
        assert_eq!(decisive(6), Some((2, 6, true)));
        assert_eq!(decisive(99), Some((3, 10, false)));
        assert_eq!(first_decisive(&[], |pairs| pairs, |_| true), None);
    }
}
