-- The runs under study that reached their last epoch, with its test accuracy.
CREATE VIEW finished AS
SELECT
    run.*,
    epoch.test_accuracy AS accuracy
FROM run
INNER JOIN epoch ON run.id = epoch.id AND run.epochs = epoch.epoch
WHERE run.studied AND run.status = 'done'
