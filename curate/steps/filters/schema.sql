-- The tables that filters add to an audit. docs/filters.md holds the same text as the comments.

CREATE TABLE filters (
    position INTEGER NOT NULL,
    filter   VARCHAR NOT NULL,
    name     VARCHAR NOT NULL,
    numeric  BOOLEAN NOT NULL,
    unit     VARCHAR NOT NULL,
    at_least DOUBLE,
    at_most  DOUBLE,
    settings JSON    NOT NULL
);

CREATE TABLE filter_counts (
    source        VARCHAR NOT NULL,
    filter        VARCHAR NOT NULL,
    without_value BIGINT  NOT NULL,
    refused       BIGINT  NOT NULL,
    removed       BIGINT  NOT NULL
);

CREATE TABLE filter_histogram (
    source VARCHAR,
    filter VARCHAR NOT NULL,
    text   VARCHAR,
    low    DOUBLE,
    high   DOUBLE,
    rows   BIGINT  NOT NULL
);

CREATE TABLE filter_values (
    doc_id  VARCHAR NOT NULL,
    filter  VARCHAR NOT NULL,
    value   DOUBLE,
    text    VARCHAR,
    refused BOOLEAN NOT NULL
);

CREATE TABLE filter_examples (
    filter VARCHAR NOT NULL,
    doc_id VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    turn   INTEGER NOT NULL,
    role   VARCHAR NOT NULL,
    text   VARCHAR NOT NULL
);

COMMENT ON TABLE filters IS 'One row a filter of the recipe, in order.';
COMMENT ON COLUMN filters.position IS 'Order of the filter, from 1: the first that refuses a row removes it.';
COMMENT ON COLUMN filters.filter IS 'What it is called in reasons and in decisions.about.';
COMMENT ON COLUMN filters.name IS 'Name of the filter in the recipe.';
COMMENT ON COLUMN filters.numeric IS 'True if its values are numbers, false if they are texts.';
COMMENT ON COLUMN filters.unit IS 'What a number counts, in the singular; share: 0 to 1; empty: a bare number, or texts.';
COMMENT ON COLUMN filters.at_least IS 'Rows with less are refused; null if there is no such bound.';
COMMENT ON COLUMN filters.at_most IS 'Rows with more are refused; null if there is no such bound.';
COMMENT ON COLUMN filters.settings IS 'All its settings, and what else its values depend on.';

COMMENT ON TABLE filter_counts IS 'One row a source and filter: what the filter does to the rows read.';
COMMENT ON COLUMN filter_counts.source IS 'Name of the source.';
COMMENT ON COLUMN filter_counts.filter IS 'Name of the filter, as in filters.filter.';
COMMENT ON COLUMN filter_counts.without_value IS 'Rows without a value: they stay.';
COMMENT ON COLUMN filter_counts.refused IS 'Rows that its rule refuses, whatever other filters and steps remove.';
COMMENT ON COLUMN filter_counts.removed IS 'Rows that it removed: no filter before it did.';

COMMENT ON TABLE filter_histogram IS 'How many rows have which value: exact for whole numbers up to 256, else in bins of less than one per cent.';
COMMENT ON COLUMN filter_histogram.source IS 'Name of the source; null: all sources together.';
COMMENT ON COLUMN filter_histogram.filter IS 'Name of the filter, as in filters.filter.';
COMMENT ON COLUMN filter_histogram.text IS 'The value, where it is a text; … for all that are not counted one by one.';
COMMENT ON COLUMN filter_histogram.low IS 'Smallest number in the bin.';
COMMENT ON COLUMN filter_histogram.high IS 'Largest number in the bin.';
COMMENT ON COLUMN filter_histogram.rows IS 'Rows with a value in it.';

COMMENT ON TABLE filter_values IS 'The values of all filters for every row that a filter removed.';
COMMENT ON COLUMN filter_values.doc_id IS 'Id of the document.';
COMMENT ON COLUMN filter_values.filter IS 'Name of the filter, as in filters.filter.';
COMMENT ON COLUMN filter_values.value IS 'The value, where it is a number; null if there is none.';
COMMENT ON COLUMN filter_values.text IS 'The value, where it is a text; beside a number, what was found.';
COMMENT ON COLUMN filter_values.refused IS 'True if the rule of this filter refuses the row.';

COMMENT ON TABLE filter_examples IS 'Up to five rows that each filter removed, evenly spread, with the beginning of their turns.';
COMMENT ON COLUMN filter_examples.filter IS 'Name of the filter, as in filters.filter.';
COMMENT ON COLUMN filter_examples.doc_id IS 'Id of the document.';
COMMENT ON COLUMN filter_examples.reason IS 'Why it was removed.';
COMMENT ON COLUMN filter_examples.turn IS 'Position in the whole message list, 0-based; the first six.';
COMMENT ON COLUMN filter_examples.role IS 'system, user, assistant or tool.';
COMMENT ON COLUMN filter_examples.text IS 'Up to 400 code points of the turn.';
