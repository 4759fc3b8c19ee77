-- Every finished run of an arm beside the run of its baseline that differs from it in nothing else.
SELECT
    treated.recipe,
    treated.lambda,
    treated.rankscale,
    treated.seed,
    treated.decay,
    plain.decay AS baseline,
    treated.accuracy,
    plain.accuracy AS baseline_accuracy,
    treated.accuracy - plain.accuracy AS difference
FROM finished AS treated
INNER JOIN finished AS plain
    ON
        treated.baseline = plain.decay
        AND treated.recipe = plain.recipe
        AND treated.lambda = plain.lambda
        AND treated.rankscale = plain.rankscale
        AND treated.engine = plain.engine
        AND treated.seed = plain.seed
ORDER BY treated.recipe, treated.lambda, treated.decay, treated.rankscale, treated.seed
