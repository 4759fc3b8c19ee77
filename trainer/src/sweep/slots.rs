//! How many runs are trained at once, on which devices, and with how many threads.
//!
//! *Invariant:* on no device do the runs under way need more memory than was free on it when the sweep began.

use super::plan::Planned;
use crate::machine::device::Device;
use crate::run::context::RunContext;
use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// The number of runs at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jobs {
    /// As many as there are cores on a CPU; on GPUs, [`SideBySide::per_device`] on each.
    Auto,
    /// This many.
    Exactly(NonZeroUsize),
}

/// The user's settings for parallel runs.
#[derive(Debug, Clone, Copy)]
pub struct SideBySide {
    /// Runs at once, on all devices together.
    pub jobs: Jobs,
    /// Runs at once on each GPU, if `jobs` leaves it open.
    pub per_device: NonZeroUsize,
    /// CPU threads of each run; `None` leaves it open.
    pub threads: Option<usize>,
    /// Cores of this machine.
    pub cores: usize,
    /// Whether to wait for runs that other processes train, and to take up what they leave.
    pub wait: bool,
}

/// The most runs at once on one GPU: libtorch has 32 streams for each, of which the estimate of a sweep takes
/// one, and two runs on one stream would record each other's work.
pub const MOST_PER_GPU: usize = 31;

/// A slot in which runs are trained one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) device: Device,
    pub(super) threads: usize,
}

impl SideBySide {
    /// Returns the slots for `runs` runs. On a CPU one thread per run is best, because the arithmetic of two
    /// runs never waits for each other; if there are more cores than runs, the runs share them.
    pub(super) fn slots(&self, devices: &[Device], runs: usize) -> Vec<Slot> {
        let on_cpu = devices == [Device::Cpu];
        let wanted = match self.jobs {
            Jobs::Exactly(jobs) => jobs.get(),
            Jobs::Auto if on_cpu => self.cores / self.threads.unwrap_or(1),
            Jobs::Auto => self.per_device.get() * devices.len(),
        };
        let most = if on_cpu { usize::MAX } else { MOST_PER_GPU * devices.len() };
        let jobs = wanted.min(runs).min(most).max(1);
        let threads = self.threads.unwrap_or((self.cores / jobs).max(1));
        devices.iter().cycle().take(jobs).map(|&device| Slot { device, threads }).collect()
    }
}

/// The runs that wait for a slot, and the memory of the devices.
#[derive(Debug)]
pub(super) struct Queue<'a> {
    state: Mutex<State<'a>>,
    changed: Condvar,
}

#[derive(Debug)]
struct State<'a> {
    waiting: VecDeque<Planned<'a>>,
    /// Device, bytes free when nothing runs, bytes needed by the runs under way.
    devices: Vec<(Device, u64, u64)>,
}

impl<'a> Queue<'a> {
    /// Creates a queue of ordered runs, with the free bytes of each device.
    pub(super) fn new(runs: Vec<Planned<'a>>, free: Vec<(Device, u64)>) -> Self {
        let devices = free.into_iter().map(|(device, free)| (device, free, 0)).collect();
        Self { state: Mutex::new(State { waiting: runs.into(), devices }), changed: Condvar::new() }
    }

    /// Returns the next run for a device, as soon as there is memory for one; `None` when no waiting run
    /// would fit here even alone.
    pub(super) fn next(&self, device: Device) -> Option<Planned<'a>> {
        let mut state = self.lock();
        loop {
            if state.waiting.is_empty() {
                return None;
            }
            let State { waiting, devices } = &mut *state;
            let (_, free, taken) = devices.iter_mut().find(|(at, ..)| *at == device)?;
            if let Some(at) = waiting.iter().position(|run| *taken + run.memory <= *free) {
                let run = waiting.remove(at)?;
                *taken += run.memory;
                return Some(run);
            }
            // What is left waits for another device: the sweep has refused runs that fit nowhere.
            if *taken == 0 {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Releases the memory of a run that [`Queue::next`] returned and that has ended.
    pub(super) fn ended(&self, device: Device, run: &Planned<'_>) {
        let mut state = self.lock();
        if let Some((.., taken)) = state.devices.iter_mut().find(|(at, ..)| *at == device) {
            *taken -= run.memory;
        }
        self.changed.notify_all();
    }

    /// Removes and returns the runs that are still waiting.
    pub(super) fn left(&self) -> Vec<Planned<'a>> {
        self.lock().waiting.drain(..).collect()
    }

    /// Closes the queue: no further run is handed out.
    pub(super) fn close(&self) {
        self.lock().waiting.clear();
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State<'a>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a> RunContext<'a> {
    /// Returns the same context with the device and the threads of a slot.
    pub(super) fn at(&self, slot: Slot) -> RunContext<'a> {
        RunContext { device: slot.device, threads: slot.threads, ..*self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use artifacts::Configuration;
    use std::time::Duration;

    fn wish(jobs: &str, threads: Option<usize>) -> SideBySide {
        let per_device = NonZeroUsize::new(2).unwrap();
        let jobs = jobs.parse().map_or(Jobs::Auto, Jobs::Exactly);
        SideBySide { jobs, per_device, threads, cores: 8, wait: false }
    }

    #[test]
    fn cores_are_shared_out_and_never_promised_twice() {
        let slots = |wish: SideBySide, runs| {
            let slots = wish.slots(&[Device::Cpu], runs);
            (slots.len(), slots[0].threads)
        };
        assert_eq!(slots(wish("auto", None), 100), (8, 1));
        assert_eq!(slots(wish("auto", None), 3), (3, 2));
        assert_eq!(slots(wish("auto", Some(4)), 100), (2, 4));
        assert_eq!(slots(wish("2", None), 100), (2, 4));
        assert_eq!(slots(wish("16", None), 100), (16, 1));
        assert_eq!(slots(wish("auto", Some(16)), 100), (1, 16));
        assert_eq!(slots(wish("auto", None), 0).0, 1);
    }

    #[test]
    fn gpus_take_turns() {
        let devices = [Device::Cuda(0), Device::Cuda(1)];
        let at =
            |wish: SideBySide| wish.slots(&devices, 100).iter().map(|slot| slot.device).collect::<Vec<_>>();
        assert_eq!(at(wish("auto", None)), [0, 1, 0, 1].map(Device::Cuda));
        assert_eq!(at(wish("3", None)), [0, 1, 0].map(Device::Cuda));
    }

    #[test]
    fn no_more_runs_start_than_fit() {
        let configuration = Configuration::default();
        let run = |name: &str, memory: u64| Planned {
            configuration: &configuration,
            name: name.to_owned(),
            epochs_left: 1,
            expected: Duration::ZERO,
            memory: memory << 20,
        };
        let runs = vec![run("a", 60), run("b", 50), run("c", 30), run("huge", 101)];
        let queue = Queue::new(runs, vec![(Device::Cpu, 100 << 20), (Device::Cuda(0), 101 << 20)]);
        let a = queue.next(Device::Cpu).unwrap();
        let c = queue.next(Device::Cpu).unwrap();
        assert_eq!((a.name.as_str(), c.name.as_str()), ("a", "c"), "b would not fit beside a");
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| queue.next(Device::Cpu).unwrap());
            queue.ended(Device::Cpu, &a);
            let b = waiting.join().unwrap();
            assert_eq!(b.name, "b");
            queue.ended(Device::Cpu, &b);
        });
        queue.ended(Device::Cpu, &c);
        assert!(queue.next(Device::Cpu).is_none(), "huge does not fit here");
        assert_eq!(queue.next(Device::Cuda(0)).unwrap().name, "huge");
        assert!(queue.next(Device::Cuda(0)).is_none());
    }
}
