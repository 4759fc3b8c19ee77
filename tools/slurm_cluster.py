"""A Slurm in a directory of its own, on loopback, without systemd: for tests of what jobs do in a real one.

It has one node; or several, each with a process namespace of its own, like separate machines (that needs root). Its
partitions are `main`, `gentle`, whose jobs are signalled before they are preempted, and `urgent`, whose jobs requeue
those of both others.

This needs Debian's packages slurm-wlm and munge, whose own services are not used. Jobs run as the user who starts it.

Invariant: when it is stopped, no daemon and no job of it is left.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time

import apart

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol", "sinfo")
CONFIGURATION = """ClusterName=lo
SlurmctldHost=localhost(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
SlurmctldPort={port}
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
AuthType=auth/munge
AuthInfo=socket={root}/munge/munge.sock,cred_expire=5
CredType=cred/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=2,bf_interval=2
MailProg=/bin/true
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/none
StateSaveLocation={root}/state
SlurmdSpoolDir={root}/spool/%n
SlurmctldPidFile={root}/slurmctld.pid
SlurmdPidFile={root}/slurmd-%n.pid
SlurmctldLogFile={root}/log/slurmctld.log
SlurmdLogFile={root}/log/slurmd-%n.log
ReturnToService=2
SlurmdTimeout={silence}
SlurmctldTimeout=30
KillWait=10
MinJobAge=3600
JobRequeue=1
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SlurmctldParameters=preempt_send_user_signal
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=gentle Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=1 GraceTime=30
PartitionName=urgent Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=10
"""
NODE = "NodeName={name} NodeHostname=localhost NodeAddr=127.0.0.1 Port={port} CPUs={cpus} RealMemory=1000 State=UNKNOWN"
# The first process of a machine outlives its slurmd, and reaps whatever ends there.
MACHINE = ["sh", "-c", "while :; do sleep 1; done"]


def missing():
    """The programs that are not installed."""
    # Some distributions do not have daemons on an ordinary user's PATH.
    path = os.environ["PATH"] + os.pathsep + "/usr/sbin"
    return [name for name in PROGRAMS if not shutil.which(name, path=path)]


class Cluster:
    """A cluster of one node; or of `machines`, each of which sees only its own processes."""

    def __init__(self, root, cpus=2, machines=0, silence=30, more=""):
        self.root, self.machines = root, {}
        self.nodes = ["node%d" % number for number in range(1, max(1, machines) + 1)]
        self.apart = machines > 0
        # munged requires a socket directory that everybody may read.
        os.chmod(os.path.dirname(root), 0o755)
        # The tests count the epochs in the logs.
        self.environment = {**os.environ, "SLURM_CONF": os.path.join(root, "slurm.conf"),
                            "PATH": os.environ["PATH"] + os.pathsep + "/usr/sbin",
                            "RANKSCALE_LINE_SECONDS": "0"}
        for folder in ("munge", "state", "spool", "log"):
            os.makedirs(os.path.join(root, folder), mode=0o755)
        user = subprocess.run(["id", "-un"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        port, *ports = free_ports(1 + len(self.nodes))
        nodes = "\n".join(NODE.format(name=name, port=port, cpus=cpus) for name, port in zip(self.nodes, ports))
        with open(self.environment["SLURM_CONF"], "w") as file:
            file.write(CONFIGURATION.format(root=root, user=user, port=port, nodes=nodes, silence=silence) + more)
        key = os.open(self.path("munge/munge.key"), os.O_WRONLY | os.O_CREAT, 0o600)
        os.write(key, os.urandom(128))
        os.close(key)

    def path(self, name):
        return os.path.join(self.root, name)

    def __enter__(self):
        try:
            munge = ["--%s-file=%s" % (name, self.path("munge/munged.%s" % name)) for name in ("pid", "log", "seed")]
            self.run(["munged", "--key-file=" + self.path("munge/munge.key"), "--socket=" + self.path("munge/munge.sock"), *munge])
            self.run(["slurmctld"])
            for name in self.nodes:
                if self.apart:
                    self.machines[name] = apart.Machine(MACHINE, self.environment)
                self.start_node(name)
        except BaseException:
            self.__exit__()
            raise
        return self

    def start_node(self, name):
        self.run([*self.on(name), "slurmd", "-N", name])
        # Before the node has registered, the reported state is an old one.
        until(lambda: "SlurmdStartTime=2" in self.say("scontrol", "show", "node", name)
              and self.node_state(name) in ("idle", "mixed", "allocated"), 30, "%s is not up" % name)

    def node_state(self, name):
        return self.say("sinfo", "--noheader", "--partition=main", "--format=%T", "--nodes=" + name).strip()

    def on(self, name):
        """The prefix of a command that makes it run among the processes of a node."""
        if not self.apart:
            return []
        until(self.machines[name].inside, 10, "%s does not start" % name)
        return ["nsenter", "--pid", "--mount", "--target=%d" % self.machines[name].inside()]

    def machine(self, name):
        """What distinguishes the processes of a node from all others."""
        return namespace(self.machines[name].inside())

    def kill_slurmd(self, name):
        """Kills slurmd with SIGKILL; the jobs of the node continue, and Slurm loses contact with it."""
        self.run([*self.on(name), "kill", "-KILL", str(self.pid("slurmd-%s.pid" % name))])

    def __exit__(self, *_):
        if os.path.exists(self.path("slurmctld.pid")):
            # Jobs outlive the daemons.
            self.say("scancel", "--user=" + str(os.getuid()))
            self.settle(25)
        for machine in self.machines.values():
            # With all processes that run there.
            machine.kill()
        for name in ("slurmctld.pid", "munge/munged.pid") if self.apart else ("slurmd-node1.pid", "slurmctld.pid", "munge/munged.pid"):
            pid = self.pid(name)
            if pid:
                kill(pid, signal.SIGTERM)
                until(lambda pid=pid: not os.path.exists("/proc/%d" % pid), 20, "%s does not end" % name)

    def settle(self, seconds):
        deadline = time.monotonic() + seconds
        while self.say("squeue", "--noheader", "--states=R,CG").strip() and time.monotonic() < deadline:
            time.sleep(0.2)

    def pid(self, name):
        try:
            with open(self.path(name)) as file:
                return int(file.read())
        except (OSError, ValueError):
            return None

    def run(self, command):
        found = subprocess.run(command, env=self.environment, timeout=30, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if found.returncode:
            raise OSError("%s: %s" % (command[0], found.stderr.strip()))

    def say(self, *command):
        """The output of a Slurm program; nothing if it fails."""
        try:
            return subprocess.run(command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                  timeout=20).stdout
        except subprocess.TimeoutExpired:
            return ""

    def job(self, number):
        """The output of `scontrol show job`, as a dictionary."""
        words = self.say("scontrol", "--oneliner", "show", "job", number).split()
        return dict(word.split("=", 1) for word in words if "=" in word)

    def state(self, number):
        return self.job(number).get("JobState", "")


def namespace(pid):
    """The process namespace of a process ID; nothing if the process has ended."""
    try:
        return os.readlink("/proc/%d/ns/pid" % pid)
    except OSError:
        return ""


def free_ports(count):
    """That many ports on which nobody listens at the moment."""
    with contextlib.ExitStack() as held:
        return [held.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1] for _ in range(count)]


def kill(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def until(holds, seconds, otherwise):
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(otherwise)
        time.sleep(0.2)
