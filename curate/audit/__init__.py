"""The audit of a build: one DuckDB file that says what became of every row read, and why.

`store` writes it, `sql` questions it, `why` tells one row's story. The tables are an interface:
docs/audit.md describes every column, and the same words stand in the database itself as comments.
Nothing here decides a row's fate."""
