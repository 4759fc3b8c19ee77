//! Text that does not depend on the study: a summary of the audit of the 2018 notebook, and how to go
//! further.

/// Returns the condensed audit; the whole of it is `docs/reference-audit.md`, which is named and not linked,
/// because a report may lie anywhere.
#[must_use]
pub fn audit() -> String {
    "## The 2018 notebook, checked

The arms `original` and `appropriate` do what the notebook describes, the latter with the compression ratio of its author's \
later paper. What the notebook's code did is another matter; the `published-*` arms do that.

1. Its figure shows the opposite of its sentence (\"a little better\"): \"appropriate\" is lower at 28 of 30 rankscales, \
by 0.68 points on average.
2. Its published code never scales the decay: the scaled line is commented out.
3. What its `-d` flag changes is the learning rate: only the low-rank factors follow the cosine.
4. Both its arms have almost no decay, about 9.8e-7 in mean-loss units instead of 5e-4.
5. Its compression ratio is taken against a depthwise-separable network, so at rankscale 2 the decay would go up.
6. Rankscales 27 and 28 build the same network, as do 29 and 30: a free A/A test.
7. One unseeded run per cell, where runs of one recipe vary from seed to seed by 0.1 to 0.4 points (standard deviation).

How each was checked, and what may be said against it, is in `docs/reference-audit.md` of the repository."
        .to_owned()
}

/// Returns commands for further experiments.
#[must_use]
pub fn further() -> String {
    "## How to go further

```sh
just train RANKSCALE=8 DECAY=appropriate SEED=1   # one run of the notebook's recipe, in float32
just sweep EXPERIMENT=seeds                       # ten minutes on a CPU: five seeds of `quick`, how much is chance
just sweep EXPERIMENT=pilot                       # an hour or two on a CPU: the shape of both curves
just all EXPERIMENT=notebook                      # on a GPU: the notebook's rankscales twice, and the arms its code had
just all EXPERIMENT=decisive                      # on a GPU: seven arms, five seeds, the study that settles it
just report                                       # the page of the newest sweep in work/; STUDY=NAME for a kept study
```

Finished runs are never trained again and interrupted ones resume, so a larger experiment builds on a smaller one of the \
same recipe."
        .to_owned()
}
