//! Reading every row of every table, as both services would.

use infrastructure::dynamodb::maintenance::{self, ReadTable, Reader, Reading};

use super::data::{Bars, TableOptions, failure, runtime, shortened};
use crate::{
    context::Context,
    failure::{Code, Failure},
    output::{Cell, Mark, Report},
};

pub(crate) fn run(context: &Context<'_>, options: &TableOptions) -> Result<Report, Failure> {
    let reading = runtime()?.block_on(async {
        let tables = options.open(context).await?;
        let bars = Bars::new(context);
        let read = maintenance::verify(tables.watched_by(&bars), options.settings(1)).await;
        read.map_err(|error| failure(&error))
    })?;
    Ok(show(&reading))
}

fn show(reading: &Reading) -> Report {
    let rows = reading.tables.iter().map(|table| {
        let verdict = match table {
            ReadTable { exists: false, .. } => Cell::marked(Mark::Notice, "not there"),
            ReadTable { unreadable: 0, .. } => Cell::marked(Mark::Good, "0"),
            table => Cell::marked(Mark::Bad, table.unreadable.to_string()),
        };
        vec![table.table.into(), table.rows.to_string().into(), verdict]
    });
    let report = Report::new(reading).heading("Rows").table(&["table", "rows", "unreadable"], rows.collect());
    let unreadable = reading.unreadable();
    if unreadable == 0 {
        return report.line(Mark::Good, "both services can read every row");
    }
    let defects = reading.tables.iter().flat_map(|table| table.defects.iter().map(|defect| (table.table, defect)));
    let rows = defects.map(|(table, defect)| {
        let reader = match defect.reader {
            Reader::Account => "this service",
            Reader::Python => "Python",
        };
        vec![table.into(), defect.row.as_str().into(), reader.into(), Cell::marked(Mark::Bad, defect.problem.as_str())]
    });
    let report = shortened(report.heading("Defects"), &["table", "row", "unreadable for", "why"], rows.collect());
    let why = format!("{unreadable} rows cannot be read by one of the services or both");
    report.failing(Some(Failure::new(Code::RowsUnreadable, why).advise("docs/deployment/data.md says what to do")))
}
