# The pipeline, step by step. Each step names its program and the keys it takes; type them after the recipe's name:
#     just all EXPERIMENT=quick DEVICE=cpu
# No `just` installed? `./justw` stands in for it. (`exec` lets a SIGTERM reach the program and not stop at a shell.)

set positional-arguments

export INVOKED_FROM := invocation_directory()

data     := "data-prep DATASET SOURCE WORK"
recipe   := "DATASET RANKSCALE DECAY SEED EPOCHS BATCH PEAK_LEARNING_RATE LAMBDA PRECISION CHANNELS TRAIN_IMAGES TEST_IMAGES VALIDATION_IMAGES"
run      := "trainer train " + recipe + " DEVICE ENGINE THREADS WORK"
plan     := "trainer sweep --plan EXPERIMENT DEVICE ENGINE THREADS JOBS JOBS_PER_DEVICE WORK"
sweep    := "trainer sweep EXPERIMENT DEVICE ENGINE THREADS JOBS JOBS_PER_DEVICE WAIT WORK"
analysis := "analysis EXPERIMENT WORK"
power    := "analysis power EXPERIMENT SD WORK"
simulate := "analysis simulate EXPERIMENT DESIGN SD EFFECT STUDIES"
compare  := "analysis compare A B JSON"
compared := "report compare JSON FIGURE"
tune     := "analysis tune EXPERIMENT REPLICATES WORK"
report   := "report WORK"
top      := "top EXPERIMENT EVERY WORK"
keep     := "analysis publish EXPERIMENT NAME WORK"
publish  := "report publish NAME"
export   := "report export FORMAT OUT WORK"
repair   := "trainer repair RETRAIN THREADS WORK"
retrain  := "trainer retrain STUDY RUN EPOCHS THREADS WORK"

_default:
    @'{{just_executable()}}' --justfile '{{justfile()}}' --list --unsorted

# Data, networks, statistics, report: [EXPERIMENT=quick|notebook|...] [DEVICE=auto|cpu|cuda:0] [ENGINE=auto|fused|tch] [SOURCE=...] [NOTIFY=command] [WORK=work]
[group('pipeline'), no-exit-message]
all *settings:
    @exec tools/run.py all "{{data}}" "{{sweep}}" "{{analysis}}" "{{report}}" -- "$@"

# CIFAR-10 or CIFAR-100 as parquet: [DATASET=cifar10|cifar100] [SOURCE=a path or a URL] [WORK=work]
[group('pipeline'), no-exit-message]
data *settings:
    @exec tools/run.py data "{{data}}" -- "$@"

# One network: RANKSCALE=8 [DECAY=appropriate] [SEED=0] [EPOCHS=128] [DEVICE=auto] ...
[group('pipeline'), no-exit-message]
train *settings:
    @exec tools/run.py train "{{run}}" -- "$@"

# Every network of an experiment that is not trained yet: [EXPERIMENT=quick|notebook|...] [DEVICE=auto] [JOBS=auto] [JOBS_PER_DEVICE=1] [WAIT=0|1] [NOTIFY=command]
[group('pipeline'), no-exit-message]
sweep *settings:
    @exec tools/run.py sweep "{{sweep}}" -- "$@"

# An experiment as an array of Slurm's jobs, its report behind them: [EXPERIMENT=notebook] [PARTITION=] [ACCOUNT=] [QOS=] [GPUS=1] [CPUS=] [MEM=] [TIME=4:00:00] [MAX_JOBS=100] [RUNS_PER_JOB=auto] [JOBS_PER_DEVICE=1] [SBATCH="--any --other"] [NOTIFY=command] [DRY_RUN=1]
[group('pipeline'), no-exit-message]
submit *settings:
    @python3 tools/submit.py "$@"

# How far an experiment is, from any machine that sees its folder: runs, jobs, the time until all is done: [EXPERIMENT=...] [--json]
[group('pipeline'), no-exit-message]
status *settings:
    @python3 tools/status.py "$@"

# What an experiment can find, what a sweep of it would train, and how long that should take: [SD=0.3] points of a pair's difference
[group('pipeline'), no-exit-message]
plan *settings:
    @exec tools/run.py plan "{{power}}" "{{plan}}" -- "$@"

# How often the rules of the verdict err, on made-up studies of an experiment's shape: EXPERIMENT=desktop or DESIGN=3x9 [SD=0.3] [EFFECT=0.2]
[group('pipeline'), no-exit-message]
simulate *settings:
    @exec tools/run.py simulate "{{simulate}}" -- "$@"

# Each arm at the strength it chooses on held-out training images, and the experiment that compares them there: [EXPERIMENT=tune] [REPLICATES=5]
[group('pipeline'), no-exit-message]
tune *settings:
    @exec tools/run.py tune "{{data}}" "{{sweep}}" "{{tune}}" -- "$@"

# Tables and statistics of the runs there are, or of a kept study: [STUDY=desktop]
[group('pipeline'), no-exit-message]
analyse *settings:
    @exec tools/run.py analyse "{{analysis}}" -- "$@"

alias analyze := analyse

# Figures and report of the runs there are, analysed anew, or of a kept study: [STUDY=desktop]
[group('pipeline'), no-exit-message]
report *settings:
    @exec tools/run.py report "{{analysis}}" "{{report}}" -- "$@"

# The tables in a format of other tools, a row or a point for each run and epoch: FORMAT=csv|jsonl|tensorboard|wandb [OUT=folder] [STUDY=gpu] [EXPERIMENT=...] [PYTHON=python3]
[group('pipeline'), no-exit-message]
export *settings:
    @exec tools/export.py export "{{analysis}}" "{{export}}" -- "$@"

# What two studies say of each other, run by run where they share seeds: just compare quick seeds [FIGURE=compare.svg] [JSON=numbers.json]
[group('pipeline'), no-exit-message]
compare a b *settings:
    @a="$1" b="$2"; shift 2; exec tools/run.py compare "{{compare}}" "{{compared}}" -- "A=$a" "B=$b" "$@"

# Keep the study with the source, its runs too, in results/NAME, and its answer in the README: NAME=seeds [EXPERIMENT=that of the newest sweep]
[group('pipeline'), no-exit-message]
publish *settings:
    @exec tools/run.py publish "{{keep}}" "{{publish}}" -- "$@"

# Check all runs: seal old ones, make damaged tables again from the weights; [RETRAIN=1] sets aside what cannot be mended
[group('pipeline'), no-exit-message]
repair *settings:
    @exec tools/run.py repair "{{repair}}" -- "$@"

# The first epochs of a kept run again, held against what is kept: STUDY=desktop RUN=r31-... [EPOCHS=1]
[group('pipeline'), no-exit-message]
retrain *settings:
    @exec tools/run.py retrain "{{retrain}}" -- "$@"

# The report again and again while a sweep runs: [EVERY=60] seconds
[group('pipeline'), no-exit-message]
watch *settings:
    @exec tools/run.py watch --repeat "{{analysis}}" "{{report}}" -- "$@"

# The sweep on a terminal while it runs, from any machine that sees its folder, or a kept study: [STUDY=gpu] [EVERY=2] seconds
[group('pipeline'), no-exit-message]
top *settings:
    @exec tools/run.py top "{{top}}" -- "$@"

# What this machine has, and what to do about what it lacks
[group('machine'), no-exit-message]
doctor:
    @python3 tools/doctor.py

# Set up libtorch: [--cpu|--cuda], else as the machine is
[group('machine'), no-exit-message]
setup *options:
    @python3 tools/libtorch.py "$@"

# What a shell offers for the programs when the tabulator is pressed: [SHELL=bash|zsh|fish] [OUT=work/completions/SHELL]
[group('machine'), no-exit-message]
completions *settings:
    @python3 tools/completions.py "$@"

# Delete analysis, report and exports, or [WHAT=runs|data|all]: says what goes
[group('machine'), no-exit-message]
clean *settings:
    @python3 tools/clean.py "$@"

# The tests; arguments go to the runner: just test -p trainer parity
[group('code'), no-exit-message]
test *arguments: _ready
    cargo test --release "$@"

# Format, lints, documentation, the tools' own tests, dependencies
[group('code')]
check: _ready
    cargo fmt --all --check
    cargo clippy --release --workspace --all-targets -- --deny warnings
    cargo clippy --release --workspace --all-targets --no-default-features -- --deny warnings
    RUSTDOCFLAGS="--deny warnings" cargo doc --release --workspace --no-deps --quiet
    cargo build --release --workspace --no-default-features
    python3 -m unittest discover --quiet --start-directory tools
    tools/deny

# Sweeps, analyses and reports killed, failed, damaged, without room or power, held against those left alone: [SEED=0] [MINUTES=10] [FLIPS=2600] for a table
[group('code'), no-exit-message]
torture *settings:
    @python3 tools/torture.py "$@"

# `just submit` in a real Slurm, which this starts: jobs warned, put back, cancelled, killed, lost and preempted, held against a sweep left alone: [PARTS=many,limit,...]
[group('code'), no-exit-message]
slurm-check *settings: _ready
    @python3 tools/slurm_check.py "$@"

# Make goldens, parity cases, counts and published studies anew, and say what changed: [WHAT=counts,parity,goldens,studies] [PYTHON=python3]
[group('code'), no-exit-message]
bless *settings:
    @python3 tools/bless.py "$@"

# Updates and epochs a second as JSON lines, beside the processor's limit and PyTorch: [RANKSCALES=0,2,8,31] [THREADS=1,2] ...
[group('code'), no-exit-message]
bench *settings:
    @python3 tools/bench.py "$@"

# Whether a GPU trains, is right, resumes, and how fast, in one JSON file to show: [DEVICE=cuda:0] [OUT=gpu-check.json] [PYTHON=python3] ...
[group('machine'), no-exit-message]
gpu-check *settings:
    @python3 tools/gpu_check.py "$@"

# The README's table and figure of docs/bench.jsonl, which is what `just bench` printed
[group('code')]
bench-report:
    cargo run --release --quiet -p report -- bench

[no-exit-message]
_ready:
    @tools/ready --libtorch
