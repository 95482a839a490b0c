-- The tables that dedup adds to an audit. docs/audit.md holds the same text as the comments.

CREATE TABLE duplicates (
    doc_id      VARCHAR NOT NULL,
    source      VARCHAR NOT NULL,
    kept_id     VARCHAR NOT NULL,
    kept_source VARCHAR NOT NULL,
    kind        VARCHAR NOT NULL CHECK (kind IN ('exact', 'near', 'variant')),
    jaccard     DOUBLE  NOT NULL,
    dropped     BOOLEAN NOT NULL,
    against     BOOLEAN NOT NULL
);

CREATE TABLE duplicate_texts (
    doc_id VARCHAR NOT NULL,
    text   VARCHAR NOT NULL,
    length BIGINT  NOT NULL
);

COMMENT ON TABLE duplicates IS 'Every row that is like a row that stays: one line a row.';
COMMENT ON COLUMN duplicates.doc_id IS 'Id of the row.';
COMMENT ON COLUMN duplicates.source IS 'Its source.';
COMMENT ON COLUMN duplicates.kept_id IS 'Id of the row that dedup kept; if several, the most similar one.';
COMMENT ON COLUMN duplicates.kept_source IS 'Source of that row, or the name of a data set under against.';
COMMENT ON COLUMN duplicates.kind IS 'exact: the same text; near: Jaccard value at or above the threshold; variant: near, but with other numbers or another answer.';
COMMENT ON COLUMN duplicates.jaccard IS 'Shared shingles over all shingles of the two texts, exactly; 1 for equal texts.';
COMMENT ON COLUMN duplicates.dropped IS 'True if the row was removed; variants stay unless the recipe says otherwise.';
COMMENT ON COLUMN duplicates.against IS 'True if the row that stays belongs to a data set under against.';

COMMENT ON TABLE duplicate_texts IS 'The compared texts of the least similar pairs, for people to read.';
COMMENT ON COLUMN duplicate_texts.doc_id IS 'Id of a row on either side.';
COMMENT ON COLUMN duplicate_texts.text IS 'The first 20,000 code points of its compared text.';
COMMENT ON COLUMN duplicate_texts.length IS 'Code points of the whole text.';
