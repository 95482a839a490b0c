-- The tables that every audit has; each step adds its own. The comments are stored in the database; docs/audit.md holds the same text.
-- No primary keys: their index would double the time of an insert. `store.reconcile` checks what must be unique.

CREATE TABLE sources (
    name         VARCHAR NOT NULL,
    from_        VARCHAR NOT NULL,
    revision     VARCHAR,
    files        INTEGER NOT NULL,
    rows_read    BIGINT  NOT NULL,
    rows_kept    BIGINT  NOT NULL,
    rows_written BIGINT  NOT NULL,
    licence      VARCHAR,
    format       VARCHAR,
    shortfall    BIGINT,
    kind         VARCHAR,
    rows_validation BIGINT,
    dropped_columns VARCHAR[]
);

CREATE TABLE documents (
    id           VARCHAR GENERATED ALWAYS AS (source || '/' || row) VIRTUAL,
    source       VARCHAR NOT NULL,
    file         VARCHAR,
    row          BIGINT  NOT NULL,
    origin_id    VARCHAR,
    n_tokens     BIGINT,
    tokens       BIGINT,
    content_hash UUID,
    fate         VARCHAR NOT NULL CHECK (fate IN ('kept', 'removed', 'duplicate', 'quarantined', 'not-sampled')),
    copies       INTEGER NOT NULL,
    text_bytes   BIGINT
);

CREATE TABLE texts (
    doc_id VARCHAR NOT NULL,
    turn   INTEGER NOT NULL,
    role   VARCHAR,
    text   VARCHAR NOT NULL
);

CREATE TABLE samples (
    doc_id VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    turn   INTEGER NOT NULL,
    role   VARCHAR,
    text   VARCHAR NOT NULL,
    length BIGINT  NOT NULL
);

CREATE TABLE decisions (
    step   VARCHAR NOT NULL,
    doc_id VARCHAR NOT NULL,
    action VARCHAR NOT NULL,
    reason VARCHAR,
    detail VARCHAR,
    about  VARCHAR
);

CREATE TABLE shared_prompts (
    source  VARCHAR NOT NULL,
    other   VARCHAR NOT NULL,
    rows    BIGINT  NOT NULL,
    prompts BIGINT  NOT NULL
);

CREATE TABLE runs (
    key   VARCHAR NOT NULL,
    value JSON
);

COMMENT ON TABLE sources IS 'One row a source of the recipe, in recipe order.';
COMMENT ON COLUMN sources.name IS 'Name of the source: the recipe''s, or the file stem on the command line.';
COMMENT ON COLUMN sources.from_ IS 'Where it was read from, as written: a path, a glob, or a Hub id.';
COMMENT ON COLUMN sources.revision IS 'Resolved revision of a Hub source; null for files.';
COMMENT ON COLUMN sources.files IS 'Number of files read.';
COMMENT ON COLUMN sources.rows_read IS 'Rows read, quarantined ones included.';
COMMENT ON COLUMN sources.rows_kept IS 'Distinct rows that reached the output.';
COMMENT ON COLUMN sources.rows_written IS 'Rows written to data/, repeats and validation included.';
COMMENT ON COLUMN sources.licence IS 'Licence as the recipe states it; null if it states none.';
COMMENT ON COLUMN sources.format IS 'Format the rows were read with, given or detected.';
COMMENT ON COLUMN sources.shortfall IS 'How many rows fewer there were than requested (tokens, if mix shares out tokens); 0 or null if there were enough.';
COMMENT ON COLUMN sources.kind IS 'Record kind: prompt, sft, preference, unpaired or rlvr.';
COMMENT ON COLUMN sources.rows_validation IS 'Rows written to the validation split.';
COMMENT ON COLUMN sources.dropped_columns IS 'Columns of the input that no record holds.';

COMMENT ON TABLE documents IS 'One row for every row read from a source, whatever became of it.';
COMMENT ON COLUMN documents.id IS 'Row id, <source>/<row>; it is the id in data/ and removed/ too.';
COMMENT ON COLUMN documents.source IS 'Name of the source.';
COMMENT ON COLUMN documents.file IS 'File it was read from, relative to the source''s root.';
COMMENT ON COLUMN documents.row IS 'Position in the source as read, 0-based, files sorted by path.';
COMMENT ON COLUMN documents.origin_id IS 'The id the row carried upstream, as text; null if it had none.';
COMMENT ON COLUMN documents.n_tokens IS 'Tokens scanned for benchmark text, in the profile''s tokens; null if not scanned.';
COMMENT ON COLUMN documents.tokens IS 'Tokens of all its turns, by the tokenizer that the recipe names; null if it names none.';
COMMENT ON COLUMN documents.content_hash IS 'Hash of the record''s content: equal rows have equal hashes; null if never parsed.';
COMMENT ON COLUMN documents.fate IS 'kept, removed, duplicate, quarantined or not-sampled.';
COMMENT ON COLUMN documents.copies IS 'How often the row is in data/: 0 unless kept, above 1 if repeated.';

COMMENT ON COLUMN documents.text_bytes IS 'UTF-8 bytes of all its turns; null if never parsed.';

COMMENT ON TABLE samples IS 'A few rows of every source that were written, drawn by their sampling keys, with the beginning of their turns.';
COMMENT ON COLUMN samples.doc_id IS 'Id of the document.';
COMMENT ON COLUMN samples.source IS 'Name of its source.';
COMMENT ON COLUMN samples.turn IS 'Position in the whole message list, 0-based; the first six.';
COMMENT ON COLUMN samples.role IS 'system, user, assistant or tool.';
COMMENT ON COLUMN samples.text IS 'Up to 600 code points of the turn.';
COMMENT ON COLUMN samples.length IS 'Code points of the whole turn.';

COMMENT ON TABLE texts IS 'The turns of documents that a step stores for people to read, such as those with a match.';
COMMENT ON COLUMN texts.doc_id IS 'Id of the document.';
COMMENT ON COLUMN texts.turn IS 'Position in the whole message list, 0-based.';
COMMENT ON COLUMN texts.role IS 'system, user, assistant or tool.';
COMMENT ON COLUMN texts.text IS 'Text of the turn.';

COMMENT ON TABLE decisions IS 'What the steps did to single rows, in the order it happened; rows that no step acted on have no line.';
COMMENT ON COLUMN decisions.step IS 'Step that decided, as in runs.steps; a part of a step after a colon or a dot.';
COMMENT ON COLUMN decisions.doc_id IS 'Id of the document.';
COMMENT ON COLUMN decisions.action IS 'What was done; the decision that removed a row has the row''s fate as its action.';
COMMENT ON COLUMN decisions.reason IS 'Why, in one line.';
COMMENT ON COLUMN decisions.detail IS 'Further details, as text or JSON; null if there are none.';
COMMENT ON COLUMN decisions.about IS 'What the reason is about; summaries count reasons with the same value together; null if there is none.';

COMMENT ON TABLE shared_prompts IS 'Of every two data sets that were audited side by side, the rows that ask the same; empty for builds.';
COMMENT ON COLUMN shared_prompts.source IS 'A data set.';
COMMENT ON COLUMN shared_prompts.other IS 'Another one, or itself.';
COMMENT ON COLUMN shared_prompts.rows IS 'Rows of the first whose first user turn, but for blanks at its ends, is that of a row of the other; of itself, of another row.';
COMMENT ON COLUMN shared_prompts.prompts IS 'How many different prompts that are.';

COMMENT ON TABLE runs IS 'Versions, parameters and timings of the build.';
COMMENT ON COLUMN runs.key IS 'Name of the fact: versions, parameters, timings, steps, ...';
COMMENT ON COLUMN runs.value IS 'The fact, as JSON.';
