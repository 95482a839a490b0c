-- The tables that sources written by a model add to an audit.

CREATE TABLE make_sources (
    source VARCHAR NOT NULL,
    maker  VARCHAR NOT NULL,
    domain VARCHAR,
    items  BIGINT  NOT NULL,
    pool   BIGINT
);

CREATE TABLE make_answers (
    source            VARCHAR NOT NULL,
    kind              VARCHAR NOT NULL,
    model             VARCHAR NOT NULL,
    revision          VARCHAR NOT NULL,
    outcome           VARCHAR NOT NULL,
    requests          BIGINT  NOT NULL,
    prompt_tokens     BIGINT  NOT NULL,
    completion_tokens BIGINT  NOT NULL,
    cost              DOUBLE
);

CREATE TABLE make_rows (
    doc_id  VARCHAR NOT NULL,
    source  VARCHAR NOT NULL,
    persona VARCHAR,
    lineage JSON    NOT NULL
);

COMMENT ON TABLE make_sources IS 'One row a source that a model wrote.';
COMMENT ON COLUMN make_sources.source IS 'Name of the source.';
COMMENT ON COLUMN make_sources.maker IS 'What made its rows: synthesize, respond, …';
COMMENT ON COLUMN make_sources.domain IS 'Its domain; null for makers without domains.';
COMMENT ON COLUMN make_sources.items IS 'Rows that were tried.';
COMMENT ON COLUMN make_sources.pool IS 'Personas to draw from; null where there are none.';

COMMENT ON TABLE make_answers IS 'One row a source, model and outcome: what was asked for its rows, and what it took.';
COMMENT ON COLUMN make_answers.source IS 'Name of the source.';
COMMENT ON COLUMN make_answers.kind IS 'Kind of engine.';
COMMENT ON COLUMN make_answers.model IS 'Model that answered.';
COMMENT ON COLUMN make_answers.revision IS 'Its commit, the digest of its weights, or the address of its server.';
COMMENT ON COLUMN make_answers.outcome IS 'answered, truncated, repeated, refused, invalid or failed.';
COMMENT ON COLUMN make_answers.requests IS 'Requests that ended so.';
COMMENT ON COLUMN make_answers.prompt_tokens IS 'Tokens of their prompts.';
COMMENT ON COLUMN make_answers.completion_tokens IS 'Tokens that were written.';
COMMENT ON COLUMN make_answers.cost IS 'US dollars; null where a price is not known.';

COMMENT ON TABLE make_rows IS 'One row a document that was made; those that came to nothing are quarantined and not here.';
COMMENT ON COLUMN make_rows.doc_id IS 'Id of the document.';
COMMENT ON COLUMN make_rows.source IS 'Name of its source.';
COMMENT ON COLUMN make_rows.persona IS 'Id of the persona that it was written for.';
COMMENT ON COLUMN make_rows.lineage IS 'What it was made of and by: also the column lineage of the row.';
