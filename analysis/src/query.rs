//! The queries, which lie in `sql/`, over in-memory tables.
//!
//! *Invariant:* one partition and a total order in every query: the same rows give the same answers, bit for bit.

use crate::inputs::{Plan, Quarantined, Run};
use crate::tables::{epoch_rows, planned_rows, run_rows};
use anyhow::Context as _;
use artifacts::study::{CellRow, LedgerRow, PairRow, RunRow, StudyEpochRow};
use artifacts::table::{self, Row};
use datafusion::datasource::MemTable;
use datafusion::execution::context::{SessionConfig, SessionContext};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What the queries answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Joined {
    /// Every readable run, by recipe, lambda, rankscale, arm and seed.
    pub runs: Vec<RunRow>,
    /// Every epoch of the runs under study.
    pub epochs: Vec<StudyEpochRow>,
    /// The finished runs under study by cell.
    pub cells: Vec<CellRow>,
    /// The same by pair.
    pub comparisons: Vec<PairRow>,
    /// What became of every planned run and of everything that is there.
    pub ledger: Vec<LedgerRow>,
    /// The last epochs that a notebook wants.
    pub results: Vec<ResultRow>,
}

/// The last epoch of a finished run, for a notebook.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResultRow {
    /// As in [`RunRow`].
    pub recipe: String,
    /// As in [`RunRow`].
    pub lambda: f64,
    /// As in [`RunRow`].
    pub rankscale: u32,
    /// As in [`RunRow`].
    pub decay: String,
    /// As in [`RunRow`].
    pub seed: u64,
    /// Its number.
    pub epoch: u32,
    /// As in [`artifacts::run::EpochRow`].
    pub learning_rate: Option<f64>,
    /// As in [`artifacts::run::EpochRow`].
    pub train_seconds: Option<f64>,
    /// As in [`artifacts::run::EpochRow`].
    pub train_loss: Option<f64>,
    /// As in [`artifacts::run::EpochRow`].
    pub train_accuracy: Option<f64>,
    /// As in [`artifacts::run::EpochRow`].
    pub test_seconds: Option<f64>,
    /// As in [`artifacts::run::EpochRow`].
    pub test_loss: Option<f64>,
    /// As in [`artifacts::run::EpochRow`].
    pub test_accuracy: f64,
    /// Training time of all epochs; none where it is not known of all.
    pub total_seconds: Option<f64>,
}

/// Joins and aggregates. `fingerprint` is that of the images a planned run would be trained on.
///
/// # Errors
/// The query engine's, with the query's name: a fault of this program, not of its input.
pub fn join(
    runs: &[Run],
    quarantined: &[Quarantined],
    plan: Option<&Plan>,
    fingerprint: Option<&str>,
) -> anyhow::Result<Joined> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().build().context("cannot start the query engine")?;
    runtime.block_on(async {
        let session = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(1));
        register(&session, "run", &run_rows(runs, plan))?;
        register(&session, "epoch", &epoch_rows(runs))?;
        register(&session, "planned", &planned_rows(plan, fingerprint))?;
        register(&session, "quarantined", quarantined)?;
        execute(&session, "finished", include_str!("sql/finished.sql")).await?;
        Ok(Joined {
            runs: select(&session, "runs", include_str!("sql/runs.sql")).await?,
            epochs: select(&session, "epochs", include_str!("sql/epochs.sql")).await?,
            cells: select(&session, "cells", include_str!("sql/cells.sql")).await?,
            comparisons: select(&session, "comparisons", include_str!("sql/comparisons.sql")).await?,
            ledger: select(&session, "ledger", include_str!("sql/ledger.sql")).await?,
            results: select(&session, "results", include_str!("sql/results.sql")).await?,
        })
    })
}

fn register<T: Row>(session: &SessionContext, name: &str, rows: &[T]) -> anyhow::Result<()> {
    let batch = table::to_batch(rows).with_context(|| format!("table {name}"))?;
    let table =
        MemTable::try_new(batch.schema(), vec![vec![batch]]).with_context(|| format!("table {name}"))?;
    session.register_table(name, Arc::new(table)).with_context(|| format!("table {name}"))?;
    Ok(())
}

async fn execute(session: &SessionContext, name: &str, sql: &str) -> anyhow::Result<()> {
    session.sql(sql).await.with_context(|| format!("query {name}"))?;
    Ok(())
}

async fn select<T: Row>(session: &SessionContext, name: &str, sql: &str) -> anyhow::Result<Vec<T>> {
    let query = session.sql(sql).await.with_context(|| format!("query {name}"))?;
    let batches = query.collect().await.with_context(|| format!("query {name}"))?;
    table::from_batches(&batches).with_context(|| format!("rows of query {name}"))
}
