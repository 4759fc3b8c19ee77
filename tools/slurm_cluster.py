"""A Slurm of one node in a directory of its own, on loopback, without systemd: for tests of what jobs do in a real one.

Needs Debian's packages slurm-wlm and munge, whose own services are not used. Jobs run as whoever starts it.

Invariant: when it is stopped, no daemon and no job of it is left.
"""

import os
import shutil
import signal
import socket
import subprocess
import time

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol", "sinfo")
CONFIGURATION = """ClusterName=lo
SlurmctldHost=localhost(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
SlurmctldPort={port}
SlurmdPort={node_port}
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
SlurmdSpoolDir={root}/spool
SlurmctldPidFile={root}/slurmctld.pid
SlurmdPidFile={root}/slurmd.pid
SlurmctldLogFile={root}/log/slurmctld.log
SlurmdLogFile={root}/log/slurmd.log
ReturnToService=2
SlurmdTimeout=30
SlurmctldTimeout=30
KillWait=10
MinJobAge=3600
JobRequeue=1
NodeName=localhost NodeAddr=127.0.0.1 CPUs={cpus} RealMemory=1000 State=UNKNOWN
PartitionName=main Nodes=localhost Default=YES MaxTime=INFINITE State=UP
"""


def missing():
    """The programs that are not there."""
    # Some distributions keep daemons off an ordinary user's PATH.
    path = os.environ["PATH"] + os.pathsep + "/usr/sbin"
    return [name for name in PROGRAMS if not shutil.which(name, path=path)]


class Cluster:
    def __init__(self, root, cpus=2):
        self.root = root
        # munged wants its socket where everybody may look.
        os.chmod(os.path.dirname(root), 0o755)
        self.environment = {**os.environ, "SLURM_CONF": os.path.join(root, "slurm.conf"), "PATH": os.environ["PATH"] + os.pathsep + "/usr/sbin"}
        for folder in ("munge", "state", "spool", "log"):
            os.makedirs(os.path.join(root, folder), mode=0o755)
        user = subprocess.run(["id", "-un"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        port, node_port = free_ports()
        with open(self.environment["SLURM_CONF"], "w") as file:
            file.write(CONFIGURATION.format(root=root, user=user, port=port, node_port=node_port, cpus=cpus))
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
            self.start_node()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start_node(self):
        self.run(["slurmd", "-N", "localhost"])
        # Before the node has registered, what is said of it is an old state.
        until(lambda: "SlurmdStartTime=2" in self.say("scontrol", "show", "node", "localhost")
              and self.say("sinfo", "--noheader", "--format=%T").strip() in ("idle", "mixed", "allocated"), 30, "the node is not up")

    def __exit__(self, *_):
        if os.path.exists(self.path("slurmctld.pid")):
            # Jobs outlive the daemons.
            self.say("scancel", "--user=" + str(os.getuid()))
            self.settle(25)
        for name in ("slurmd.pid", "slurmctld.pid", "munge/munged.pid"):
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
        """What a program of Slurm's prints; nothing where it fails."""
        try:
            return subprocess.run(command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=20).stdout
        except subprocess.TimeoutExpired:
            return ""

    def job(self, number):
        """What `scontrol show job` says, as a dictionary."""
        words = self.say("scontrol", "--oneliner", "show", "job", number).split()
        return dict(word.split("=", 1) for word in words if "=" in word)

    def state(self, number):
        return self.job(number).get("JobState", "")


def free_ports():
    """Two that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        return one.getsockname()[1], other.getsockname()[1]


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
