-- What `curate check` found, last time it ran; apart from schema.sql, so that older audits can be given the table.

CREATE TABLE IF NOT EXISTS findings (
    finding VARCHAR NOT NULL,
    doc_id  VARCHAR,
    detail  VARCHAR NOT NULL
);

COMMENT ON TABLE findings IS 'What `curate check` found when it last ran; empty until then, and if nothing was found.';
COMMENT ON COLUMN findings.finding IS 'Name of the finding, as docs/verifiers.md lists them.';
COMMENT ON COLUMN findings.doc_id IS 'Id of the row; null for a finding about a file.';
COMMENT ON COLUMN findings.detail IS 'What is wrong, in one line.';
