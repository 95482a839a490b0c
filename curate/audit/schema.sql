-- The tables of an audit. The comments are stored in the database; docs/audit.md holds the same text.
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
    kind         VARCHAR
);

CREATE TABLE documents (
    id           VARCHAR GENERATED ALWAYS AS (source || '/' || row) VIRTUAL,
    source       VARCHAR NOT NULL,
    file         VARCHAR,
    row          BIGINT  NOT NULL,
    origin_id    VARCHAR,
    n_tokens     BIGINT,
    content_hash UUID,
    fate         VARCHAR NOT NULL CHECK (fate IN ('kept', 'removed', 'duplicate', 'quarantined', 'not-sampled')),
    copies       INTEGER NOT NULL
);

CREATE TABLE texts (
    doc_id VARCHAR NOT NULL,
    turn   INTEGER NOT NULL,
    role   VARCHAR,
    text   VARCHAR NOT NULL
);

CREATE TABLE instances (
    suite       VARCHAR NOT NULL,
    benchmark   VARCHAR NOT NULL,
    instance_id VARCHAR NOT NULL,
    text        VARCHAR NOT NULL,
    n_tokens    INTEGER NOT NULL,
    role        VARCHAR NOT NULL CHECK (role IN ('development', 'unseen')),
    matchable   BOOLEAN NOT NULL
);

CREATE TABLE matches (
    doc_id      VARCHAR NOT NULL,
    source      VARCHAR NOT NULL,
    benchmark   VARCHAR NOT NULL,
    instance_id VARCHAR NOT NULL,
    matcher     VARCHAR NOT NULL,
    score       DOUBLE  NOT NULL,
    hit         BOOLEAN NOT NULL,
    label       VARCHAR CHECK (label IN ('leak', 'variant', 'suspect')),
    doc_spans   STRUCT(turn INTEGER, start INTEGER, stop INTEGER)[],
    item_spans  STRUCT(start INTEGER, stop INTEGER)[],
    verdict     VARCHAR CHECK (verdict IN ('leak', 'false-alarm', 'allowed')),
    counts      BOOLEAN NOT NULL
);

CREATE TABLE selftest (
    matcher   VARCHAR NOT NULL,
    mutation  VARCHAR NOT NULL,
    benchmark VARCHAR,
    planted   BIGINT  NOT NULL,
    found     BIGINT  NOT NULL,
    recall    DOUBLE  NOT NULL,
    low       DOUBLE  NOT NULL,
    high      DOUBLE  NOT NULL
);

CREATE TABLE verdicts (
    doc_id      VARCHAR NOT NULL,
    instance_id VARCHAR NOT NULL,
    verdict     VARCHAR NOT NULL,
    note        VARCHAR,
    applied     BIGINT  NOT NULL,
    void        VARCHAR
);

CREATE TABLE decisions (
    step   VARCHAR NOT NULL,
    doc_id VARCHAR NOT NULL,
    action VARCHAR NOT NULL,
    reason VARCHAR,
    detail VARCHAR
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
COMMENT ON COLUMN sources.shortfall IS 'Rows asked for but not there; 0 or null if there were enough.';
COMMENT ON COLUMN sources.kind IS 'Record kind: prompt, sft, preference or rlvr.';

COMMENT ON TABLE documents IS 'One row for every row read from a source, whatever became of it.';
COMMENT ON COLUMN documents.id IS 'Row id, <source>/<row>; it is the id in data/ and removed/ too.';
COMMENT ON COLUMN documents.source IS 'Name of the source.';
COMMENT ON COLUMN documents.file IS 'File it was read from, relative to the source''s root.';
COMMENT ON COLUMN documents.row IS 'Position in the source as read, 0-based, files sorted by path.';
COMMENT ON COLUMN documents.origin_id IS 'The id the row carried upstream, as text; null if it had none.';
COMMENT ON COLUMN documents.n_tokens IS 'Tokens scanned for benchmark text, in the profile''s tokens; null if not scanned.';
COMMENT ON COLUMN documents.content_hash IS 'Hash of the record''s content: equal rows have equal hashes; null if never parsed.';
COMMENT ON COLUMN documents.fate IS 'kept, removed, duplicate, quarantined or not-sampled.';
COMMENT ON COLUMN documents.copies IS 'Times the row stands in data/: 0 unless kept, above 1 if repeated.';

COMMENT ON TABLE texts IS 'The turns of every document that has a match, so that no other file is needed to judge it.';
COMMENT ON COLUMN texts.doc_id IS 'Id of the document.';
COMMENT ON COLUMN texts.turn IS 'Position in the whole message list, 0-based.';
COMMENT ON COLUMN texts.role IS 'system, user, assistant or tool.';
COMMENT ON COLUMN texts.text IS 'Text of the turn.';

COMMENT ON TABLE instances IS 'Every item of every benchmark that was searched for.';
COMMENT ON COLUMN instances.suite IS 'Name of the suite.';
COMMENT ON COLUMN instances.benchmark IS 'Name of the benchmark.';
COMMENT ON COLUMN instances.instance_id IS '<benchmark>/<id or row>.';
COMMENT ON COLUMN instances.text IS 'The item''s fields joined by one newline.';
COMMENT ON COLUMN instances.n_tokens IS 'Tokens of all its fields, in the profile''s tokens.';
COMMENT ON COLUMN instances.role IS 'development or unseen: the tulu3 policy treats the two differently.';
COMMENT ON COLUMN instances.matchable IS 'False if no row could ever hit it, its fields being shorter than one n-gram.';

COMMENT ON TABLE matches IS 'Every pair of a document and an item with a score of at least 0.2.';
COMMENT ON COLUMN matches.doc_id IS 'Id of the document.';
COMMENT ON COLUMN matches.source IS 'Source of the document.';
COMMENT ON COLUMN matches.benchmark IS 'Benchmark of the item.';
COMMENT ON COLUMN matches.instance_id IS 'Id of the item.';
COMMENT ON COLUMN matches.matcher IS 'What found it: ngram, exact, ...';
COMMENT ON COLUMN matches.score IS 'Share of the item that the document covers, 0 to 1.';
COMMENT ON COLUMN matches.hit IS 'True if the score is over the threshold of the profile.';
COMMENT ON COLUMN matches.label IS 'leak, variant or suspect; null unless hit, or if no one judged it.';
COMMENT ON COLUMN matches.doc_spans IS 'Shared text in the document: turn, start, stop; code points, 0-based, half-open.';
COMMENT ON COLUMN matches.item_spans IS 'Shared text in instances.text: start, stop; code points, 0-based, half-open.';
COMMENT ON COLUMN matches.verdict IS 'leak, false-alarm or allowed, from the verdict file; null if no one judged the pair.';
COMMENT ON COLUMN matches.counts IS 'True if it counts towards rates and removal: a hit that is no variant or suspect, unless a verdict says otherwise.';

COMMENT ON TABLE selftest IS 'What the build''s own settings find of mutated copies of its items; empty unless --self-test was given.';
COMMENT ON COLUMN selftest.matcher IS 'One matcher, or: all.';
COMMENT ON COLUMN selftest.mutation IS 'What was done to the planted copies; clean: nothing was planted, found are false alarms at most.';
COMMENT ON COLUMN selftest.benchmark IS 'Benchmark of the items; null for all together.';
COMMENT ON COLUMN selftest.planted IS 'Copies planted, or clean rows looked at.';
COMMENT ON COLUMN selftest.found IS 'Those that hit their own item, or, if clean, any item.';
COMMENT ON COLUMN selftest.recall IS 'found / planted.';
COMMENT ON COLUMN selftest.low IS 'Lower end of the 95 % interval (Wilson).';
COMMENT ON COLUMN selftest.high IS 'Upper end of it.';

COMMENT ON TABLE verdicts IS 'What the verdict file says, one row an entry, and what became of it.';
COMMENT ON COLUMN verdicts.doc_id IS 'Id of the document when it was judged.';
COMMENT ON COLUMN verdicts.instance_id IS 'Id of the item when it was judged.';
COMMENT ON COLUMN verdicts.verdict IS 'leak, false-alarm or allowed.';
COMMENT ON COLUMN verdicts.note IS 'Why, in the words of whoever judged; null if there are none.';
COMMENT ON COLUMN verdicts.applied IS 'Matches of this build that it was applied to.';
COMMENT ON COLUMN verdicts.void IS 'Why it was applied to none; null if it was.';

COMMENT ON TABLE decisions IS 'What the steps did to single rows, in the order it happened; nothing where nothing happened.';
COMMENT ON COLUMN decisions.step IS 'Step that decided: validate, filters, dedup, decontaminate or sample; a part of a step after a colon or a dot.';
COMMENT ON COLUMN decisions.doc_id IS 'Id of the document.';
COMMENT ON COLUMN decisions.action IS 'What was done; the decision that ended a row''s way has the row''s fate as its action.';
COMMENT ON COLUMN decisions.reason IS 'Why, in one line.';
COMMENT ON COLUMN decisions.detail IS 'More to it, as text or JSON; null if there is none.';

COMMENT ON TABLE runs IS 'Versions, parameters and timings of the build.';
COMMENT ON COLUMN runs.key IS 'Name of the fact: versions, parameters, timings, steps, ...';
COMMENT ON COLUMN runs.value IS 'The fact, as JSON.';
