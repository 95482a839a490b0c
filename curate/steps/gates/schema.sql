-- The table that gates add to an audit.

CREATE TABLE gates (
    source   VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    gate     VARCHAR NOT NULL,
    tried    BIGINT  NOT NULL,
    refused  BIGINT  NOT NULL
);

COMMENT ON TABLE gates IS 'One row a source and gate: how many rows came to it, and how many it removed.';
COMMENT ON COLUMN gates.source IS 'Name of the source.';
COMMENT ON COLUMN gates.position IS 'Order of the gate, from 1: the first that refuses a row removes it.';
COMMENT ON COLUMN gates.gate IS 'verify, agree or novel; also in decisions.about.';
COMMENT ON COLUMN gates.tried IS 'Rows that no step and no gate before it had removed.';
COMMENT ON COLUMN gates.refused IS 'Those of them that it removed.';
