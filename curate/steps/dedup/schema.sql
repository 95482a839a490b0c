-- The tables that dedup adds to an audit. docs/audit.md holds the same text as the comments.

CREATE TABLE duplicates (
    doc_id      VARCHAR NOT NULL,
    source      VARCHAR NOT NULL,
    kept_id     VARCHAR NOT NULL,
    kept_source VARCHAR NOT NULL,
    kind        VARCHAR NOT NULL CHECK (kind IN ('exact', 'near', 'variant')),
    jaccard     DOUBLE  NOT NULL,
    dropped     BOOLEAN NOT NULL,
    against     BOOLEAN NOT NULL,
    verdict     VARCHAR CHECK (verdict IN ('duplicate', 'not-a-duplicate')),
    other_label BOOLEAN
);

CREATE TABLE duplicate_texts (
    doc_id VARCHAR NOT NULL,
    text   VARCHAR NOT NULL,
    length BIGINT  NOT NULL
);

CREATE TABLE duplicate_pairs (
    doc_id    VARCHAR NOT NULL,
    kept_id   VARCHAR NOT NULL,
    doc_hash  UUID    NOT NULL,
    kept_hash UUID    NOT NULL,
    drawn     INTEGER
);

CREATE TABLE duplicate_labels (
    doc_id VARCHAR NOT NULL,
    label  VARCHAR NOT NULL
);

CREATE TABLE duplicate_verdicts (
    doc_id  VARCHAR NOT NULL,
    kept_id VARCHAR NOT NULL,
    verdict VARCHAR NOT NULL,
    note    VARCHAR,
    applied BIGINT  NOT NULL,
    void    VARCHAR
);

COMMENT ON TABLE duplicates IS 'Every row that is like a row that stays: one line a row.';
COMMENT ON COLUMN duplicates.doc_id IS 'Id of the row.';
COMMENT ON COLUMN duplicates.source IS 'Its source.';
COMMENT ON COLUMN duplicates.kept_id IS 'Id of the row that dedup kept; if several, the most similar one.';
COMMENT ON COLUMN duplicates.kept_source IS 'Source of that row, or the name of a data set under against.';
COMMENT ON COLUMN duplicates.kind IS 'exact: the same text; near: Jaccard value at or above the threshold; variant: near, but with other numbers, another question or another answer.';
COMMENT ON COLUMN duplicates.jaccard IS 'Shared shingles over all shingles of the two texts, exactly; 1 for equal texts.';
COMMENT ON COLUMN duplicates.dropped IS 'True if the row was removed; variants stay unless the recipe says otherwise, and so does what a verdict keeps.';
COMMENT ON COLUMN duplicates.against IS 'True if the row that stays belongs to a data set under against.';
COMMENT ON COLUMN duplicates.verdict IS 'duplicate or not-a-duplicate, from the verdict file; null if no one judged the two texts.';
COMMENT ON COLUMN duplicates.other_label IS 'True if the row went and has another ground truth or label than the row that stays; null if it stays, or one of the two has none.';

COMMENT ON TABLE duplicate_texts IS 'The compared texts of some pairs, for people to read: a sample of those removed, the least similar ones, and some with other labels.';
COMMENT ON COLUMN duplicate_texts.doc_id IS 'Id of a row on either side.';
COMMENT ON COLUMN duplicate_texts.text IS 'The first 20,000 code points of its compared text.';
COMMENT ON COLUMN duplicate_texts.length IS 'Code points of the whole text.';

COMMENT ON TABLE duplicate_pairs IS 'The pairs whose texts are kept, with what a verdict on them belongs to.';
COMMENT ON COLUMN duplicate_pairs.doc_id IS 'Id of the row.';
COMMENT ON COLUMN duplicate_pairs.kept_id IS 'Id of the row that stays.';
COMMENT ON COLUMN duplicate_pairs.doc_hash IS 'Hash of what was compared of the row, with its roles and but for blanks.';
COMMENT ON COLUMN duplicate_pairs.kept_hash IS 'The same of the row that stays.';
COMMENT ON COLUMN duplicate_pairs.drawn IS 'Place in the random sample of all pairs that the rule drops but for equal texts, from 1; null if it is not in it.';

COMMENT ON TABLE duplicate_labels IS 'The labels of some duplicates that have another one than the row that stays, on both sides.';
COMMENT ON COLUMN duplicate_labels.doc_id IS 'Id of a row on either side.';
COMMENT ON COLUMN duplicate_labels.label IS 'Verifier and ground truth, or the label of an unpaired row; the first 400 code points.';

COMMENT ON TABLE duplicate_verdicts IS 'What the verdict file says of duplicates, one row an entry, and what became of it.';
COMMENT ON COLUMN duplicate_verdicts.doc_id IS 'Id of the row when it was judged.';
COMMENT ON COLUMN duplicate_verdicts.kept_id IS 'Id of the row that stayed when it was judged.';
COMMENT ON COLUMN duplicate_verdicts.verdict IS 'duplicate or not-a-duplicate.';
COMMENT ON COLUMN duplicate_verdicts.note IS 'Why, in the words of whoever judged; null if there are none.';
COMMENT ON COLUMN duplicate_verdicts.applied IS 'Rows of this build that it was applied to.';
COMMENT ON COLUMN duplicate_verdicts.void IS 'Why it was applied to none; null if it was.';
