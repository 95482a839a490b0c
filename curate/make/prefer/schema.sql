-- The tables that preferences add to an audit. docs/preferences.md tells how they are made.

CREATE TABLE answers (
    source    VARCHAR NOT NULL,
    prompt    BIGINT  NOT NULL,
    slot      INTEGER NOT NULL,
    entry     VARCHAR,
    engine    VARCHAR,
    model     VARCHAR,
    revision  VARCHAR,
    on_policy BOOLEAN,
    strength  VARCHAR,
    outcome   VARCHAR NOT NULL,
    words     INTEGER NOT NULL,
    characters INTEGER NOT NULL,
    text      VARCHAR NOT NULL
);

CREATE TABLE ratings (
    source  VARCHAR NOT NULL,
    prompt  BIGINT  NOT NULL,
    slot    INTEGER NOT NULL,
    judge   VARCHAR NOT NULL,
    aspect  VARCHAR NOT NULL,
    "order" INTEGER NOT NULL,
    place   INTEGER NOT NULL,
    rating  DOUBLE,
    missing VARCHAR,
    mass    DOUBLE
);

CREATE TABLE comparisons (
    source  VARCHAR NOT NULL,
    prompt  BIGINT  NOT NULL,
    judge   VARCHAR NOT NULL,
    first   INTEGER NOT NULL,
    second  INTEGER NOT NULL,
    result  VARCHAR,
    missing VARCHAR,
    mass    DOUBLE
);

CREATE TABLE judges (
    source       VARCHAR NOT NULL,
    judge        VARCHAR NOT NULL,
    engine       VARCHAR,
    model        VARCHAR,
    mode         VARCHAR NOT NULL,
    ask          VARCHAR NOT NULL,
    uncalibrated VARCHAR NOT NULL
);

CREATE TABLE judge_figures (
    source VARCHAR NOT NULL,
    judge  VARCHAR,
    about  VARCHAR,
    figure VARCHAR NOT NULL,
    value  DOUBLE,
    low    DOUBLE,
    high   DOUBLE,
    n      BIGINT  NOT NULL
);

COMMENT ON TABLE answers IS 'One row an answer to a prompt, whatever became of it.';
COMMENT ON COLUMN answers.source IS 'Name of the source.';
COMMENT ON COLUMN answers.prompt IS 'Number of the prompt: the number in the id of its pair.';
COMMENT ON COLUMN answers.slot IS 'Number of the answer to its prompt, from 0.';
COMMENT ON COLUMN answers.entry IS 'Who of the pool answered; chosen or rejected for a pair that is judged anew.';
COMMENT ON COLUMN answers.engine IS 'The engine in the recipe.';
COMMENT ON COLUMN answers.model IS 'The model.';
COMMENT ON COLUMN answers.revision IS 'What pins it: a commit, a digest of weights, or an address.';
COMMENT ON COLUMN answers.on_policy IS 'True if it is the model that is to be trained.';
COMMENT ON COLUMN answers.strength IS 'strong or weak, where pairs are made of such.';
COMMENT ON COLUMN answers.outcome IS 'answered, or why it takes no part: truncated, repeated, refused, invalid, failed, or the same text as another.';
COMMENT ON COLUMN answers.words IS 'Words between blanks.';
COMMENT ON COLUMN answers.characters IS 'Characters.';
COMMENT ON COLUMN answers.text IS 'The answer; empty where it is none.';

COMMENT ON TABLE ratings IS 'One row for what a judge says of an answer by an aspect.';
COMMENT ON COLUMN ratings.source IS 'Name of the source.';
COMMENT ON COLUMN ratings.prompt IS 'Number of the prompt.';
COMMENT ON COLUMN ratings.slot IS 'Number of the answer.';
COMMENT ON COLUMN ratings.judge IS 'Name of the judge in the recipe.';
COMMENT ON COLUMN ratings.aspect IS 'What it is rated by; verified for a verifier.';
COMMENT ON COLUMN ratings."order" IS 'Of the orders in which answers were shown together, the number of this one.';
COMMENT ON COLUMN ratings.place IS 'Where the answer stood in it, from 0.';
COMMENT ON COLUMN ratings.rating IS 'From 1 to 5; null where there is none.';
COMMENT ON COLUMN ratings.missing IS 'Why there is none; null where there is one.';
COMMENT ON COLUMN ratings.mass IS 'Probability of all labels together, where labels were read.';

COMMENT ON TABLE comparisons IS 'One row for what a judge says of two answers in one order.';
COMMENT ON COLUMN comparisons.source IS 'Name of the source.';
COMMENT ON COLUMN comparisons.prompt IS 'Number of the prompt.';
COMMENT ON COLUMN comparisons.judge IS 'Name of the judge in the recipe.';
COMMENT ON COLUMN comparisons.first IS 'Number of the answer that was shown first.';
COMMENT ON COLUMN comparisons.second IS 'Number of the other.';
COMMENT ON COLUMN comparisons.result IS 'first, second or tie; null where there is none.';
COMMENT ON COLUMN comparisons.missing IS 'Why there is none; null where there is one.';
COMMENT ON COLUMN comparisons.mass IS 'Probability of all labels together, where labels were read.';

COMMENT ON TABLE judges IS 'One row a judge.';
COMMENT ON COLUMN judges.source IS 'Name of the source.';
COMMENT ON COLUMN judges.judge IS 'Name of the judge in the recipe.';
COMMENT ON COLUMN judges.engine IS 'The engine in the recipe; null for a verifier.';
COMMENT ON COLUMN judges.model IS 'What it runs on.';
COMMENT ON COLUMN judges.mode IS 'labels, json or text.';
COMMENT ON COLUMN judges.ask IS 'each, together or pairs.';
COMMENT ON COLUMN judges.uncalibrated IS 'allow if it may judge although it may be no better than a coin.';

COMMENT ON TABLE judge_figures IS 'Agreement, bias and win rates, each with a 95 % interval over prompts.';
COMMENT ON COLUMN judge_figures.source IS 'Name of the source.';
COMMENT ON COLUMN judge_figures.judge IS 'Name of the judge; null: all together.';
COMMENT ON COLUMN judge_figures.about IS 'Another judge, who of the pool it is about, gold pairs, or other orders; null: the judge itself.';
COMMENT ON COLUMN judge_figures.figure IS 'What is counted.';
COMMENT ON COLUMN judge_figures.value IS 'The figure.';
COMMENT ON COLUMN judge_figures.low IS 'Lower end of its interval.';
COMMENT ON COLUMN judge_figures.high IS 'Upper end of its interval.';
COMMENT ON COLUMN judge_figures.n IS 'Rows that it is counted on.';
