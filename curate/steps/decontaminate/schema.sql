-- The tables that decontamination adds to an audit. docs/audit.md holds the same text as the comments.

CREATE TABLE instances (
    suite       VARCHAR NOT NULL,
    benchmark   VARCHAR NOT NULL,
    instance_id VARCHAR NOT NULL,
    text        VARCHAR NOT NULL,
    n_tokens    INTEGER NOT NULL,
    role        VARCHAR NOT NULL CHECK (role IN ('development', 'unseen')),
    matchable   BOOLEAN NOT NULL,
    undecided   VARCHAR
);

CREATE TABLE matches (
    doc_id      VARCHAR NOT NULL,
    source      VARCHAR NOT NULL,
    benchmark   VARCHAR NOT NULL,
    instance_id VARCHAR NOT NULL,
    matcher     VARCHAR NOT NULL,
    score       DOUBLE  NOT NULL,
    hit         BOOLEAN NOT NULL,
    label       VARCHAR CHECK (label IN ('leak', 'variant', 'suspect', 'other question', 'template')),
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
    noticed   BIGINT,
    recall    DOUBLE  NOT NULL,
    low       DOUBLE  NOT NULL,
    high      DOUBLE  NOT NULL
);

CREATE TABLE sensitivity (
    matcher   VARCHAR NOT NULL,
    source    VARCHAR NOT NULL,
    threshold DOUBLE  NOT NULL,
    rows      BIGINT  NOT NULL,
    complete  BOOLEAN NOT NULL
);

CREATE TABLE verdicts (
    doc_id      VARCHAR NOT NULL,
    instance_id VARCHAR NOT NULL,
    verdict     VARCHAR NOT NULL,
    note        VARCHAR,
    applied     BIGINT  NOT NULL,
    void        VARCHAR
);

COMMENT ON TABLE instances IS 'Every item of every benchmark that was searched for.';
COMMENT ON COLUMN instances.suite IS 'Name of the suite.';
COMMENT ON COLUMN instances.benchmark IS 'Name of the benchmark.';
COMMENT ON COLUMN instances.instance_id IS '<benchmark>/<id or row>.';
COMMENT ON COLUMN instances.text IS 'The item''s fields joined by one newline.';
COMMENT ON COLUMN instances.n_tokens IS 'Tokens of all its fields, in the profile''s tokens.';
COMMENT ON COLUMN instances.role IS 'development or unseen: the tulu3 policy treats the two differently.';
COMMENT ON COLUMN instances.matchable IS 'False if no row could ever hit it.';
COMMENT ON COLUMN instances.undecided IS 'Why a copy of it cannot be told from other text, unless it is a whole turn; null if it can.';

COMMENT ON TABLE matches IS 'Every pair of a document and an item with a score of at least 0.2.';
COMMENT ON COLUMN matches.doc_id IS 'Id of the document.';
COMMENT ON COLUMN matches.source IS 'Source of the document.';
COMMENT ON COLUMN matches.benchmark IS 'Benchmark of the item.';
COMMENT ON COLUMN matches.instance_id IS 'Id of the item.';
COMMENT ON COLUMN matches.matcher IS 'What found it: ngram, exact, ...';
COMMENT ON COLUMN matches.score IS 'Share of the item that the document covers, 0 to 1.';
COMMENT ON COLUMN matches.hit IS 'True if the score is over the threshold of the profile.';
COMMENT ON COLUMN matches.label IS 'leak, variant, other question, template or suspect; null unless hit, or if no one judged it.';
COMMENT ON COLUMN matches.doc_spans IS 'Shared text in the document: turn, start, stop; code points, 0-based, half-open.';
COMMENT ON COLUMN matches.item_spans IS 'Shared text in instances.text: start, stop; code points, 0-based, half-open.';
COMMENT ON COLUMN matches.verdict IS 'leak, false-alarm or allowed, from the verdict file; null if no one judged the pair.';
COMMENT ON COLUMN matches.counts IS 'True if it counts towards rates and removal: a leak or a hit without a label, and variants where the recipe says so, unless a verdict says otherwise.';

COMMENT ON TABLE selftest IS 'What the build''s own settings find of mutated copies of its items; empty unless --self-test was given.';
COMMENT ON COLUMN selftest.matcher IS 'One matcher, or: all.';
COMMENT ON COLUMN selftest.mutation IS 'How the planted copies were changed. Controls, in which what is found is a false alarm at most: clean (nothing was planted), sibling (an item, looked for among the others of its benchmark), other-numbers (another item of the same template).';
COMMENT ON COLUMN selftest.benchmark IS 'Benchmark of the items; null for all together.';
COMMENT ON COLUMN selftest.planted IS 'Copies planted, or clean rows examined.';
COMMENT ON COLUMN selftest.found IS 'Those that would go for their own item; of clean rows for any item, of siblings for another one.';
COMMENT ON COLUMN selftest.noticed IS 'Those that hit it at all, as a variant or a template too; null in audits of version 3.';
COMMENT ON COLUMN selftest.recall IS 'found / planted.';
COMMENT ON COLUMN selftest.low IS 'Lower end of the 95 % interval (Wilson).';
COMMENT ON COLUMN selftest.high IS 'Upper end of it.';

COMMENT ON TABLE sensitivity IS 'How many rows would go at other thresholds of one matcher, from the stored scores; the others, and verdicts, as they are.';
COMMENT ON COLUMN sensitivity.matcher IS 'The matcher whose threshold it is.';
COMMENT ON COLUMN sensitivity.source IS 'Source of the rows.';
COMMENT ON COLUMN sensitivity.threshold IS 'The threshold: a higher score is a hit.';
COMMENT ON COLUMN sensitivity.rows IS 'Rows of the source that hold an item at this threshold, by any matcher, and would go under drop-rows.';
COMMENT ON COLUMN sensitivity.complete IS 'False where there may be more: the matcher does not store every pair that scores as little.';

COMMENT ON TABLE verdicts IS 'What the verdict file says, one row an entry, and what became of it.';
COMMENT ON COLUMN verdicts.doc_id IS 'Id of the document when it was judged.';
COMMENT ON COLUMN verdicts.instance_id IS 'Id of the item when it was judged.';
COMMENT ON COLUMN verdicts.verdict IS 'leak, false-alarm or allowed.';
COMMENT ON COLUMN verdicts.note IS 'Why, in the words of whoever judged; null if there are none.';
COMMENT ON COLUMN verdicts.applied IS 'Matches of this build that it was applied to.';
COMMENT ON COLUMN verdicts.void IS 'Why it was applied to none; null if it was.';
