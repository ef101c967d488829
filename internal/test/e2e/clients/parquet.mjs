// Prints the columns of a Parquet file and its rows, each as a line of JSON, as DuckDB reads them.
import { DuckDBInstance } from '@duckdb/node-api';

const instance = await DuckDBInstance.create(':memory:');
const connection = await instance.connect();
const file = process.argv[2].replaceAll("'", "''");
const columns = await connection.runAndReadAll(`DESCRIBE SELECT * FROM '${file}'`);
console.log(JSON.stringify(columns.getRows().map(([name, type]) => `${name} ${type}`)));
const rows = await connection.runAndReadAll(`SELECT * FROM '${file}'`);
for (const row of rows.getRowsJson()) {
  console.log(JSON.stringify(row));
}
