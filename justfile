# The pipeline, step by step. Each variable below names a step's program and the settings that it takes. Settings are typed
# after the recipe's name:
#     just all EXPERIMENT=quick DEVICE=cpu
# If `just` is not installed, `./justw` stands in for it. A recipe of one tool uses `exec`, so that a SIGTERM reaches the tool
# instead of stopping at a shell. `just --list` shows the last line of the comment above each recipe.

set positional-arguments

export INVOKED_FROM := invocation_directory()

data     := "data-prep DATASET SOURCE WORK"
images   := "TRAIN_IMAGES TEST_IMAGES VALIDATION_IMAGES"
recipe   := "DATASET RANKSCALE DECAY SEED EPOCHS BATCH PEAK_LEARNING_RATE LAMBDA PRECISION CHANNELS " + images
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

# Settings: [EXPERIMENT=quick|notebook|...] [DEVICE=auto|cpu|cuda:0] [ENGINE=auto|fused|tch] [SOURCE=...] [NOTIFY=command] [WORK=work]
# Run everything, from the data through the networks and statistics to the report: [EXPERIMENT=...] [DEVICE=auto] [SOURCE=...]
[group('pipeline'), no-exit-message]
all *settings:
    @exec tools/run.py all "{{data}}" "{{sweep}}" "{{analysis}}" "{{report}}" -- "$@"

# Prepare CIFAR-10 or CIFAR-100 as parquet: [DATASET=cifar10|cifar100] [SOURCE=a path or a URL] [WORK=work]
[group('pipeline'), no-exit-message]
data *settings:
    @exec tools/run.py data "{{data}}" -- "$@"

# Train one network: RANKSCALE=8 [DECAY=appropriate] [SEED=0] [EPOCHS=128] [DEVICE=auto] ...
[group('pipeline'), no-exit-message]
train *settings:
    @exec tools/run.py train "{{run}}" -- "$@"

# Settings: [EXPERIMENT=quick|notebook|...] [DEVICE=auto] [JOBS=auto] [JOBS_PER_DEVICE=1] [WAIT=0|1] [NOTIFY=command]
# Train every network of an experiment that is not trained yet: [EXPERIMENT=...] [DEVICE=auto] [JOBS=auto] [WAIT=0|1]
[group('pipeline'), no-exit-message]
sweep *settings:
    @exec tools/run.py sweep "{{sweep}}" -- "$@"

# Settings: [EXPERIMENT=notebook] [PARTITION=] [ACCOUNT=] [QOS=] [GPUS=1] [CPUS=] [MEM=] [TIME=4:00:00] [MAX_JOBS=100]
# [RUNS_PER_JOB=auto] [JOBS_PER_DEVICE=1] [SBATCH="--any --other"] [NOTIFY=command] [DRY_RUN=1]
# Submit an experiment as a Slurm job array, followed by a job for its report: [EXPERIMENT=notebook] [PARTITION=] [TIME=4:00:00] ...
[group('pipeline'), no-exit-message]
submit *settings:
    @exec python3 tools/submit.py "$@"

# Show the progress of an experiment, from any machine that sees its folder: runs, jobs, time left: [EXPERIMENT=...] [--json]
[group('pipeline'), no-exit-message]
status *settings:
    @exec python3 tools/status.py "$@"

# Show the power of an experiment, what a sweep would train, and how long it should take: [SD=0.3] percentage points per pair
[group('pipeline'), no-exit-message]
plan *settings:
    @exec tools/run.py plan "{{power}}" "{{plan}}" -- "$@"

# Estimate the error rates of the verdict rules on simulated studies: EXPERIMENT=desktop or DESIGN=3x9 [SD=0.3] [EFFECT=0.2]
[group('pipeline'), no-exit-message]
simulate *settings:
    @exec tools/run.py simulate "{{simulate}}" -- "$@"

# Settings: [EXPERIMENT=tune] [REPLICATES=5]
# Tune each arm on held-out training images, and write the experiment that compares the tuned arms: [EXPERIMENT=tune]
[group('pipeline'), no-exit-message]
tune *settings:
    @exec tools/run.py tune "{{data}}" "{{sweep}}" "{{tune}}" -- "$@"

# Make the tables and statistics of the runs in WORK, or of a kept study: [EXPERIMENT=...] [STUDY=desktop]
[group('pipeline'), no-exit-message]
analyse *settings:
    @exec tools/run.py analyse "{{analysis}}" -- "$@"

alias analyze := analyse

# Analyse the runs in WORK, or a kept study, and make its figures and report: [EXPERIMENT=...] [STUDY=desktop]
[group('pipeline'), no-exit-message]
report *settings:
    @exec tools/run.py report "{{analysis}}" "{{report}}" -- "$@"

# Settings: FORMAT=csv|jsonl|tensorboard|wandb [OUT=folder] [STUDY=gpu] [EXPERIMENT=...] [PYTHON=python3]
# Export the tables for other tools, with a row or point for each run and epoch: FORMAT=csv|jsonl|tensorboard|wandb [OUT=folder]
[group('pipeline'), no-exit-message]
export *settings:
    @exec tools/export.py export "{{analysis}}" "{{export}}" -- "$@"

# Compare two studies, run by run where they share seeds: just compare work seeds [FIGURE=compare.svg] [JSON=numbers.json]
[group('pipeline'), no-exit-message]
compare a b *settings:
    @a="$1" b="$2"; shift 2; exec tools/run.py compare "{{compare}}" "{{compared}}" -- "A=$a" "B=$b" "$@"

# The experiment defaults to that of the newest sweep.
# Keep a study with its runs in results/NAME, and put its answer into the README: NAME=seeds [EXPERIMENT=...]
[group('pipeline'), no-exit-message]
publish *settings:
    @exec tools/run.py publish "{{keep}}" "{{publish}}" -- "$@"

# Check all runs, seal old ones, and rebuild damaged tables from the weights; [RETRAIN=1] sets aside what cannot be repaired
[group('pipeline'), no-exit-message]
repair *settings:
    @exec tools/run.py repair "{{repair}}" -- "$@"

# Train the first epochs of a kept run again, and compare them with what is kept: STUDY=desktop RUN=r31-... [EPOCHS=1]
[group('pipeline'), no-exit-message]
retrain *settings:
    @exec tools/run.py retrain "{{retrain}}" -- "$@"

# Update the report repeatedly while a sweep runs: [EVERY=60] seconds
[group('pipeline'), no-exit-message]
watch *settings:
    @exec tools/run.py watch --repeat "{{analysis}}" "{{report}}" -- "$@"

# Show a running sweep, or a kept study, on the terminal, from any machine that sees its folder: [STUDY=gpu] [EVERY=2] seconds
[group('pipeline'), no-exit-message]
top *settings:
    @exec tools/run.py top "{{top}}" -- "$@"

# Report what this machine has, and what to do about what it lacks
[group('machine'), no-exit-message]
doctor:
    @exec python3 tools/doctor.py

# Install libtorch into .libtorch/: [--cpu|--cuda], by default whichever suits the machine
[group('machine'), no-exit-message]
setup *options:
    @exec python3 tools/libtorch.py "$@"

# Write shell completions for the programs: [SHELL=bash|zsh|fish] [OUT=work/completions/SHELL]
[group('machine'), no-exit-message]
completions *settings:
    @exec python3 tools/completions.py "$@"

# Delete the analysis, report and exports, or [WHAT=runs|data|all], and say what is deleted
[group('machine'), no-exit-message]
clean *settings:
    @exec python3 tools/clean.py "$@"

# Run the tests; arguments go to the test runner: just test -p trainer parity
[group('code'), no-exit-message]
test *arguments: _ready
    cargo test --release "$@"

# Check format, lints, documentation, line widths, the tools' own tests and the dependencies
[group('code')]
check: _ready
    cargo fmt --all --check
    cargo clippy --release --workspace --all-targets -- --deny warnings
    cargo clippy --release --workspace --all-targets --no-default-features -- --deny warnings
    RUSTDOCFLAGS="--deny warnings" cargo doc --release --workspace --no-deps --quiet
    cargo build --release --workspace --no-default-features
    python3 -m unittest discover --quiet --start-directory tools
    tools/deny

# Settings: [SEED=0] [MINUTES=10], or [FLIPS=2600] for a table of damaged files
# Kill, fail, damage and starve sweeps, analyses and reports, and compare them with undisturbed ones: [SEED=0] [MINUTES=10]
[group('code'), no-exit-message]
torture *settings:
    @exec python3 tools/torture.py "$@"

# Jobs are warned, requeued, cancelled, killed, lost with their node and preempted: [PARTS=many,limit,...]
# Test `just submit` in a real Slurm that this starts, and compare its runs with those of an undisturbed sweep: [PARTS=...]
[group('code'), no-exit-message]
slurm-check *settings: _ready
    @exec python3 tools/slurm_check.py "$@"

# Settings: [WHAT=counts,parity,goldens,studies] [PYTHON=python3]
# Regenerate golden files, parity cases, counts and published studies, and say what changed: [WHAT=...] [PYTHON=python3]
[group('code'), no-exit-message]
bless *settings:
    @exec python3 tools/bless.py "$@"

# Print updates and epochs per second as JSON lines, beside the processor's limit and PyTorch: [RANKSCALES=0,2,8,31] [THREADS=1,2] ...
[group('code'), no-exit-message]
bench *settings:
    @exec python3 tools/bench.py "$@"

# Settings: [DEVICE=cuda:0] [OUT=gpu-check.json] [PYTHON=python3] ...
# Check on a GPU that training, parity and resuming work, and how fast it is, in one JSON file: [DEVICE=cuda:0] [OUT=...] ...
[group('machine'), no-exit-message]
gpu-check *settings:
    @exec python3 tools/gpu_check.py "$@"

# Make the README's table and figure from docs/bench.jsonl, which is what `just bench` printed
[group('code')]
bench-report:
    cargo run --release --quiet -p report -- bench

[no-exit-message]
_ready:
    @exec tools/ready --libtorch
